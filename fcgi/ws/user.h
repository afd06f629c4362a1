/*
 * user - tina4_user_push() and its kin: what is for all connections of one user.
 */
#ifndef FCGI_USER_H
#define FCGI_USER_H

struct tina4_app;
struct wire_reply;

/* tina4_user_close(), with the sidecar's reply. */
int user_close(struct tina4_app *app, const char *user, int code, const char *reason, struct wire_reply *ret);

#endif
