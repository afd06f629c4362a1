/*
 * auth - the app's keys, and what its handlers do with tokens.
 */
#ifndef FCGI_AUTH_H
#define FCGI_AUTH_H

struct buf;
struct tina4_app;

/*
 * Makes the app's keys from its settings. Complaints are lines appended to
 * errors, one also when a secure route has no key that checks tokens. Returns
 * 0, -EINVAL when it complained, or -ENOMEM.
 */
int auth_open(struct tina4_app *app, struct buf *errors);

/* Wipes them; fine when there are none. */
void auth_close(struct tina4_app *app);

#endif
