/*
 * user - tina4_user_push() and its kin: what is for all connections of one user.
 */
#ifndef FCGI_USER_H
#define FCGI_USER_H

#include <stdint.h>

struct tina4_app;
struct wire_reply;

/* How a user is closed: see tina4_user_close(). */
struct user_closing {
	int code;
	const char *reason;
	uint32_t refuse_seconds;
};

/* tina4_user_close(), with the sidecar's reply. */
int user_close(struct tina4_app *app, const char *user, const struct user_closing *closing, struct wire_reply *ret);

#endif
