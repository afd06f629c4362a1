/*
 * callee - what a filter or a function says of its arguments, and whether a call has them.
 */
#ifndef FCGI_TEMPLATE_CALLEE_H
#define FCGI_TEMPLATE_CALLEE_H

struct expr;
struct parser;

enum { CALLEE_MAX_NAMED = 8 };

struct callee {
	const char *name;
	unsigned min_args, max_args;
	const char *names; /* of its arguments, with spaces between them */
};

/*
 * Puts the *n arguments from *first on in order, if some have names; what is left out before others is an undefined
 * literal. Counts them. line is that of the call. Returns 0 or a negative errno.
 */
int callee_check_arguments(
    struct parser *parser, const struct callee *callee, unsigned line, struct expr **first, unsigned *n);

#endif
