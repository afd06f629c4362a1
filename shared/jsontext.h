/*
 * jsontext - whether a text is one whole JSON value, RFC 8259. Pure.
 */
#ifndef FCGI_JSONTEXT_H
#define FCGI_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { JSONTEXT_MAX_DEPTH = 500 }; /* arrays and objects within each other */

/* True for one value with nothing but blanks around it. Whether its strings are UTF-8 is not looked at. */
bool jsontext_is_whole(const void *text, size_t len);

/* What is wrong with a text. */
struct jsontext_fault {
	size_t at;       /* the offset of the first wrong byte, or the text's length */
	const char *why; /* a static text that follows "The body": "is not JSON" */
};

/*
 * True when the text is whole, all of it UTF-8 (section 8.1), and its strings are
 * what a C string can hold: without U+0000, and without halves of a surrogate
 * pair (section 8.2). Else *ret says what is wrong first.
 */
bool jsontext_check(const void *text, size_t len, struct jsontext_fault *ret);

/* True for an object of which jsontext_check() finds nothing wrong. */
bool jsontext_is_object(const void *text, size_t len);

#endif
