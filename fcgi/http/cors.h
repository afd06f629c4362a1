/*
 * cors - which pages of other origins may read an answer.
 *
 * The rules are those of the Fetch standard, "CORS protocol"; who may is in
 * TINA4_CORS_ORIGINS, and while that is empty nothing is added to an answer.
 */
#ifndef FCGI_CORS_H
#define FCGI_CORS_H

struct conf;
struct tina4_response;

/*
 * Adds to an answer, or to one to a preflight, what lets the browser hand it on.
 * env is the request's. An answer that a handler has said this of itself is left
 * alone. Returns 0 or a negative errno.
 */
int cors_apply(const struct conf *conf, char *const *env, struct tina4_response *res);

#endif
