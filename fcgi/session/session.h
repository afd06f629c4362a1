/*
 * session - what the app remembers of a visitor between requests.
 *
 * The visitor's cookie is an id of 256 random bits and nothing else. The store
 * knows the session by a hash of it. An id that the store does not know is never taken
 * over: the first value that is set makes a session with an id of ours.
 */
#ifndef FCGI_SESSION_H
#define FCGI_SESSION_H

#include "fcgi/tina4.h"

/* Makes the app's store, which the app frees, from its settings; it is not reached for yet. Returns 0 or a negative
 * errno. */
int sessions_open(struct tina4_app *app);

/*
 * Loads the session that a cookie (NULL is fine) names; a new one is empty.
 * Returns 0, -ENOMEM, or another negative errno when the store is away.
 */
int session_new(struct tina4_session **ret, struct tina4_app *app, const char *cookie);

/* Changes that were not saved are gone. NULL is fine. */
void session_free(struct tina4_session *session);

/* Saves what has changed and lets the response set or delete the cookie. NULL is fine. */
int session_finish(struct tina4_session *session, struct tina4_response *res);

/* Loads the values of the session that a cookie names. Returns what session_new() does, or -ENOENT. */
int session_read(struct tina4_app *app, const char *cookie, struct cJSON **ret);

#endif
