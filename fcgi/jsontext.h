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

#endif
