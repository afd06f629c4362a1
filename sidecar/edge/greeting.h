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

#include <stdint.h>
#include <uv.h>

enum greeting_limits {
	GREETING_MS = 5000, /* until the line must be there */
	GREETING_MAX = 512, /* under way at once; one more costs the oldest its place */
};

struct counters;
struct request_line;

/* Takes the line and fd, from which nothing has been read. */
typedef void greeting_done(void *context, int fd, struct request_line *line);

struct greeting;

struct greetings {
	uv_loop_t *loop;
	greeting_done *done;
	void *context;
	struct greeting *under_way;
	uint32_t n;
	struct counters *counters; /* of upgrades, or NULL */
};

/* Borrows the loop, and the counters for what is answered here; NULL where nobody counts it. */
void greetings_open(
    struct greetings *greetings, uv_loop_t *loop, struct counters *counters, greeting_done *done, void *context);

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

#endif
