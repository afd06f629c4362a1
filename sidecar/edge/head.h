/*
 * head - the head of an HTTP/1.1 request, read strictly (RFC 9112).
 *
 * A head that two readers could understand in two ways is refused: bare line
 * feeds, which section 2.2 lets a recipient take for a line's end and which the
 * server in front of us may not take for one; folded fields; a blank before a
 * colon; lengths that contradict each other. What is merely unusual is
 * accepted: empty lines in front, blanks around values, a target in its
 * absolute form, fields in any order and case.
 *
 * Bytes come in pieces of any size, and each is looked at once. Nothing is
 * copied: a head remembers where its parts are. Of the two parsers that Debian
 * has, libhttp-parser is no longer maintained, takes all of the above but the
 * last for good, and knows neither targets nor hosts; llhttp is in no release
 * before 13. This one is no longer than what had to stand around them. Pure.
 */
#ifndef SIDECAR_HEAD_H
#define SIDECAR_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/authority.h"
#include "shared/span.h"
#include "sidecar/edge/refusal.h"

struct buf;

enum head_limits {
	HEAD_MAX_BYTES = 16384, /* in all */
	HEAD_MAX_FIELDS = 100,
	HEAD_MAX_TARGET = 8192, /* RFC 9112 section 3 asks for a request line of 8000 at least */
	HEAD_MAX_METHOD = 32,
};

/* Where a part of the head is. */
struct head_part {
	uint16_t at;
	uint16_t len;
};

struct head_field {
	struct head_part name;
	struct head_part value; /* without the blanks around it */
};

struct head {
	enum refusal refusal;
	bool whole;
	uint16_t len;     /* of the whole head */
	uint16_t scanned; /* no line ends before this, except those that have been read */
	uint16_t line;    /* where the line begins that is under way */
	const char *bytes;

	struct head_part method; /* its length is 0 until the request line has been read */
	struct head_part path;   /* as it came; of length 0 it is "/" */
	struct head_part query;  /* without '?' */
	struct head_part host;   /* of an absolute target, else of Host */
	bool absolute;
	bool asterisk; /* OPTIONS * */
	uint8_t minor; /* of the version, 0 or 1 */

	bool has_length;
	size_t body_len; /* SIZE_MAX for one past it */
	bool chunked;

	uint16_t n_fields;
	struct head_field fields[HEAD_MAX_FIELDS];
};

/* Begins a new one. */
void head_init(struct head *head);

/*
 * Reads on in bytes[len], which begin with what earlier calls were given, and
 * may have moved. They are borrowed until the next call, or for as long as
 * something is asked below. Returns true when it is over: whole (what follows
 * bytes[head->len] is not the head's any more) or refused.
 */
bool head_read(struct head *head, const char *bytes, size_t len);

/* These borrow from the head's bytes. */
struct span head_method(const struct head *head);
struct span head_path(const struct head *head);
struct span head_query(const struct head *head);
struct span head_host(const struct head *head); /* as it came, with its port; empty when HTTP/1.0 says none */
struct span head_name(const struct head *head, size_t i);
struct span head_value(const struct head *head, size_t i);

/* True for exactly that method: they have a case. */
bool head_is(const struct head *head, const char *method);

/* A request that has a body, be it an empty one in chunks. */
bool head_has_body(const struct head *head);

/* How often a field is there. Names have no case. */
size_t head_count(const struct head *head, const char *name);

/* The first of that name; its data is NULL when there is none. */
struct span head_get(const struct head *head, const char *name);

/*
 * Appends all values of that name in their order, as one list (RFC 9110 section
 * 5.3), Cookie's as one of theirs (RFC 9113 section 8.2.3). Returns their number.
 */
size_t head_join(const struct head *head, const char *name, struct buf *ret);

/* Goes through the elements of all fields of a name. */
struct head_list {
	const struct head *head;
	const char *name;
	size_t next; /* field */
	struct span rest;
};

struct head_list head_list(const struct head *head, const char *name);
bool head_list_next(struct head_list *list, struct span *ret);

/* True when a list has that element, in any case. */
bool head_lists(const struct head *head, const char *name, const char *element);

#endif
