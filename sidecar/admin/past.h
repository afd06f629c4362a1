/*
 * past - GET /history/PATH: what is kept of a path, for a program that has no
 * ZeroMQ. It needs TINA4_ADMIN_TOKEN, as a push does.
 */
#ifndef SIDECAR_PAST_H
#define SIDECAR_PAST_H

struct conf;
struct guest;
struct recalls;

#define PAST_PREFIX "/history/" /* of the path; its last slash is the first of the WebSocket's path */

/* Answers it, to GET and HEAD; the guest may wait for that. */
void past_answer(const struct conf *conf, struct recalls *recalls, struct guest *guest);

#endif
