/*
 * jsonput - strings and members of JSON, RFC 8259, written into a buffer. Pure.
 *
 * cJSON would copy a message twice before it prints it.
 */
#ifndef SHARED_JSONPUT_H
#define SHARED_JSONPUT_H

#include "shared/span.h"

struct buf;

/* A string. What is not UTF-8 becomes U+FFFD: JSON has no bytes. */
void jsonput_string(struct buf *buf, struct span text);

/* A name, with its colon. */
void jsonput_name(struct buf *buf, const char *name);

/* A string of base64, RFC 4648 section 4. */
void jsonput_base64(struct buf *buf, struct span bytes);

#endif
