/*
 * member - how one of the members of a path is said to others: a JSON object.
 *
 *     {"id":"4f2a…","user":"42","was":"90c1…","data":{"name":"Alice"}}
 *
 * user is there when the connection has one, was when it has taken the place of an
 * earlier connection, and data is what its handler wants others to see. Hosts tell
 * each other the text without was: each knows by itself whom it has told of the earlier
 * one. Pure.
 */
#ifndef SIDECAR_MEMBER_H
#define SIDECAR_MEMBER_H

#include <stdbool.h>

#include "shared/buf.h"
#include "shared/span.h"

enum member_limits {
	MEMBER_ID_DIGITS = 32,
	MEMBER_MAX_BYTES = 8192, /* of the text: its data, a user with each character escaped, and the rest */
};

/* What a member is made of. */
struct member_parts {
	struct span id;   /* MEMBER_ID_DIGITS hexadecimal digits, as was */
	struct span user; /* empty for none */
	struct span was;  /* empty for none */
	struct span data; /* a JSON object */
};

/* 0 for what a handler may want others to see; -EMSGSIZE when it is too long, -EINVAL when it is no JSON object. */
int member_check_data(struct span data);

/* Appends the text. */
void member_put(struct buf *buf, const struct member_parts *parts);

/* True for a text that member_put() may have written. */
bool member_is_valid(struct span text);

/* Appends a valid text without was, or with that id, which is not empty. */
void member_put_plain(struct buf *buf, struct span text);
void member_put_in_place(struct buf *buf, struct span text, struct span was);

/* Of a valid text: the digits of its id, and its user as it is written, with what is around it; empty for none. */
struct span member_id(struct span text);
struct span member_user(struct span text);

#endif
