/*
 * auth - the app's keys, and what its handlers do with tokens.
 */
#ifndef FCGI_AUTH_H
#define FCGI_AUTH_H

#include "shared/span.h"
#include "shared/token.h"

struct buf;
struct cJSON;
struct tina4_app;

/*
 * Makes the app's keys from its settings. Complaints are lines appended to
 * errors, one also when a secure route has no key that checks tokens. Returns
 * 0, -EINVAL when it complained, or -ENOMEM. The app frees them.
 */
int auth_open(struct tina4_app *app, struct buf *errors);

/* Judges a token. *ret_claims gets the claims of a valid one, which the caller frees with cJSON_Delete(). */
enum token_verdict auth_check(const struct tina4_app *app, struct span token, struct cJSON **ret_claims);

/* How many tokens the calling thread has issued. */
unsigned auth_issued(void);

#endif
