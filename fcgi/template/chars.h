/*
 * chars - the characters of UTF-8 text.
 *
 * A byte that is not UTF-8 counts as one character. Pure.
 */
#ifndef FCGI_TEMPLATE_CHARS_H
#define FCGI_TEMPLATE_CHARS_H

#include <stddef.h>
#include <stdint.h>

#include "shared/span.h"

/* Bytes of the first character; 0 only when there is none. */
size_t chars_step(struct span text);
/* Bytes of the last character. */
size_t chars_last_step(struct span text);
/* Bytes of the first n characters, or of all when there are fewer. */
size_t chars_prefix(struct span text, size_t n);
size_t chars_count(struct span text);

/* The code of the first character, of which there is one; U+FFFD for a byte that is not UTF-8. */
uint32_t chars_code(struct span text);

/* Cuts off bytes that `drop` lists. */
struct span chars_trim_start(struct span text, struct span drop);
struct span chars_trim_end(struct span text, struct span drop);

#endif
