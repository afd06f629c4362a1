/*
 * base64url - bytes as text that needs no escape in a URL, a cookie or a
 * header: RFC 4648 section 5, without padding. Pure.
 */
#ifndef SHARED_BASE64URL_H
#define SHARED_BASE64URL_H

#include <stddef.h>

struct buf;

/* Appends the text of data[len]. */
void base64url_encode(struct buf *buf, const void *data, size_t len);

/* Writes that text and a NUL to ret, which has room for it. Returns 0 or -ENOMEM. */
int base64url_write(char *ret, const void *data, size_t len);

/*
 * Appends the bytes that text[len] stands for, when it is the one text that
 * base64url_encode() makes of them. Returns 0, -EINVAL or -ENOMEM.
 */
int base64url_decode(struct buf *buf, const char *text, size_t len);

#endif
