/*
 * utf8 - tells UTF-8 from other bytes (RFC 3629).
 *
 * Overlong forms, surrogates and what lies past U+10FFFF are not UTF-8. Pure.
 */
#ifndef SHARED_UTF8_H
#define SHARED_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes of the character that text[len] begins with, 1 to 4; 0 when there is none. */
size_t utf8_step(const char *text, size_t len);

/* True when all of text[len] is UTF-8. */
bool utf8_valid(const char *text, size_t len);

#endif
