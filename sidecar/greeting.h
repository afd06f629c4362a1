/*
 * greeting - the first moments of a connection, before libwebsockets has it.
 *
 * libwebsockets decodes a request's target before anyone can look at it: an
 * encoded slash is then a slash, an encoded line feed ends the line. So the
 * request line is looked at while it is still in the socket, peeked and not
 * read, and a target with such bytes is answered 400 here.
 */
#ifndef SIDECAR_GREETING_H
#define SIDECAR_GREETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "shared/address.h"
#include "shared/path.h"
#include "shared/token.h"

enum greeting_limits {
	GREETING_LINE_BYTES = 4096, /* of a request line */
	GREETING_MS = 5000,         /* until it must be there */
	GREETING_MAX = 512,         /* under way at once; one more costs the oldest its place */
};

struct post;

/* What the request line says, and whom it came from. */
struct request_line {
	char ip[ADDRESS_TEXT_MAX]; /* of the direct peer, "" on a unix socket; from the upgrade on of the client */
	bool for_admin;            /* came to the admin listener */
	bool is_get;
	bool is_post;
	char path[PATH_MAX_BYTES + 1];
	size_t path_len;
	char *query;        /* without '?', still encoded; "" when there is none */
	struct token token; /* of a secure route, once it has been checked */
	bool deflate;       /* permessage-deflate has been agreed on */
	struct post *post;  /* on the admin listener: a push whose body is to come; see post */
};

/* Takes the line and fd, from which nothing has been read. */
typedef void greeting_done(void *context, int fd, struct request_line *line);

struct greeting;

struct greetings {
	uv_loop_t *loop;
	greeting_done *done;
	void *context;
	struct greeting *under_way;
	uint32_t n;
	uint64_t n_refused; /* answered 400 */
};

void greetings_open(struct greetings *greetings, uv_loop_t *loop, greeting_done *done, void *context);

/* Closes those under way, whose memory goes once the loop has run again. */
void greetings_close(struct greetings *greetings);

/* The same after an answer, as from greeting_refuse(). */
void greetings_refuse(struct greetings *greetings, const char *status, const char *why);

/* An acceptor_take: takes fd. */
void greeting_begin(void *greetings, int fd, const char *ip);

/* Answers a status with a JSON error instead of going on, and closes fd. */
void greeting_refuse(int fd, const char *status, const char *why);

/* Each 100 ms while there are any: looks again at those whose line came in pieces, ends those that take too long. */
void greetings_tick(struct greetings *greetings, uint64_t now_ms);

/*
 * Parses "METHOD target HTTP/1.1"; pure. Returns NULL when it is none, when its
 * path or query is refused, or when out of memory. The caller frees the line.
 */
struct request_line *request_line_parse(const char *text, size_t len, const char *ip);

/* NULL is fine. */
void request_line_free(struct request_line *line);

#endif
