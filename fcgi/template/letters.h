/*
 * letters - the characters of UTF-8 text.
 *
 * A byte that is not UTF-8 counts as one character. Upper and lower case are
 * known for ASCII, Latin-1, Greek and Cyrillic letters. Pure.
 */
#ifndef FCGI_TEMPLATE_LETTERS_H
#define FCGI_TEMPLATE_LETTERS_H

#include <stddef.h>

#include "fcgi/template/text.h"

struct buf;

/* Bytes of the first character; 0 only when there is none. */
size_t letters_step(struct span text);
/* Bytes of the last character. */
size_t letters_last_step(struct span text);
/* Bytes of the first n characters, or of all when there are fewer. */
size_t letters_prefix(struct span text, size_t n);
size_t letters_count(struct span text);

/* Cuts off bytes that `drop` lists. */
struct span letters_trim_start(struct span text, struct span drop);
struct span letters_trim_end(struct span text, struct span drop);

void letters_put_upper(struct buf *buf, struct span text);
void letters_put_lower(struct buf *buf, struct span text);
/* The first letter upper, the others lower. */
void letters_put_capital(struct buf *buf, struct span text);
/* The same with each word. */
void letters_put_title(struct buf *buf, struct span text);

/* Lower-case ASCII letters and digits, with one '-' for each run of others. Accents of Latin-1 fall off. */
void letters_put_slug(struct buf *buf, struct span text);

#endif
