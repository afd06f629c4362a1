/*
 * environment - a request as a web server hands it on (RFC 3875 section 4). Pure.
 */
#ifndef FCGI_TEST_ENVIRONMENT_H
#define FCGI_TEST_ENVIRONMENT_H

#include <stdbool.h>

#include "fcgi/fields.h"
#include "fcgi/tina4_test.h"

struct jar;

/* Appends the headers of a request: those of the options, and what a browser adds. Returns what fields_add() does. */
int environment_headers(
    const struct tina4_test_request *options, const struct jar *jar, const char *target, struct fields *ret);

/* What is said of a request beside its options. */
struct environment_request {
	const char *method;
	const char *target;
	const char *type; /* of the body; NULL: there is none */
	size_t len;       /* of the body */
};

/* Makes the variables, which the caller frees with environment_free(). NULL when out of memory. */
char **environment_new(
    const struct environment_request *request, const struct tina4_test_request *options, const struct fields *headers);

/* NULL is fine. */
void environment_free(char **environment);

/* Where the query, without '?', begins in a target; "" when there is none. */
const char *environment_query(const char *target);

#endif
