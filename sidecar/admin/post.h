/*
 * post - POST /push/PATH: a push by a program that has no ZeroMQ.
 *
 * The head decides, so that nobody without TINA4_ADMIN_TOKEN gets a byte
 * kept. What is refused is answered at once, and its body swallowed: closing
 * on a client that still sends would cost it the answer. A body that is there is
 * applied as a request of the bus would be.
 */
#ifndef SIDECAR_POST_H
#define SIDECAR_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/wire.h"

struct conf;
struct lws;
struct request_line;
struct requests;
struct routes;
struct turn;

#define POST_PREFIX "/push/" /* of the path; its last slash is the first of the WebSocket's path */

enum { POST_MS = 10000 }; /* until the body must be there */

/* The headers that decide; NULL where there is none. */
struct post_head {
	const struct request_line *line;
	const char *authorization;
	const char *length;   /* Content-Length */
	const char *transfer; /* Transfer-Encoding */
	const char *type;     /* Content-Type */
};

struct post_verdict {
	int status; /* 200, or why not */
	const char *why;
	struct span path; /* of the WebSocket, within the line */
	bool binary;
	bool has_id; /* the query names an earlier try */
	struct wire_id id;
};

/* Pure. */
struct post_verdict post_check(const struct post_head *head, const struct conf *conf, const struct routes *routes);

/* Appends what a client hears: the receipt, as JSON. */
void post_put_receipt(struct buf *buf, const struct wire_id *id, const struct wire_reply *reply);

struct post;

struct posts {
	const struct conf *conf;
	const struct routes *routes;
	struct requests *requests;
	const struct turn *turn;
	struct post *under_way;
};

/* Borrows all of them. */
void posts_open(struct posts *posts, const struct conf *conf, const struct routes *routes, struct requests *requests,
    const struct turn *turn);

/*
 * These are libwebsockets' callbacks for one request. Each returns 0 to go on
 * or -1 to close.
 */
int post_begin(struct posts *posts, struct lws *wsi, struct request_line *line);
int post_body(struct request_line *line, const void *data, size_t len);
int post_end(struct request_line *line);

/* NULL is fine. */
void post_free(struct post *post);

/* Each 100 ms while there are any: ends those that take too long. */
void posts_tick(struct posts *posts, uint64_t now_ms);

#endif
