/*
 * answer - an HTTP answer that is no WebSocket; the connection ends with it.
 */
#ifndef SIDECAR_ANSWER_H
#define SIDECAR_ANSWER_H

#include <stddef.h>

struct lws;

struct answer {
	int status;
	const char *allow; /* the method that is right, with 405 */
	const char *type;
	const void *body;
	size_t len;
};

/* Returns 1, or -1 when it could not be sent. */
int answer_send(struct lws *wsi, const struct answer *answer);

/* The same for a JSON text. */
int answer_json(struct lws *wsi, int status, const char *text);

/* {"error": why}; with 401 why is the reason. why has nothing to escape. allow is for 405, or NULL. */
int answer_error(struct lws *wsi, int status, const char *why, const char *allow);

#endif
