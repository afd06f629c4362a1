/*
 * base64 - bytes as text, with padding: RFC 4648 section 4.
 */
#ifndef SHARED_BASE64_H
#define SHARED_BASE64_H

#include "shared/span.h"

struct buf;

/* Appends the text of the bytes. */
void base64_encode(struct buf *buf, struct span bytes);

#endif
