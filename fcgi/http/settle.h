/*
 * settle - what an answer gets before its head is sent: what became of the
 * session, and that it is kept out of caches.
 */
#ifndef FCGI_SETTLE_H
#define FCGI_SETTLE_H

struct tina4_request;
struct tina4_response;

/* Saves the session. Returns 0 or a negative errno. */
int settle(struct tina4_request *req, struct tina4_response *res);

#endif
