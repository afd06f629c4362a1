/*
 * case - text in upper case, in lower case, as a title or a slug.
 *
 * Case is known for ASCII, Latin-1, Greek and Cyrillic letters. Pure.
 */
#ifndef FCGI_TEMPLATE_CASE_H
#define FCGI_TEMPLATE_CASE_H

#include "shared/span.h"

struct buf;

void case_put_upper(struct buf *buf, struct span text);
void case_put_lower(struct buf *buf, struct span text);
/* The first letter upper, the others lower. */
void case_put_capital(struct buf *buf, struct span text);
/* The same with each word. */
void case_put_title(struct buf *buf, struct span text);

/* Lower-case ASCII letters and digits, with one '-' for each run of others. Accents of Latin-1 fall off. */
void case_put_slug(struct buf *buf, struct span text);

#endif
