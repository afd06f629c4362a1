/*
 * request - one HTTP request, as a CGI environment (RFC 3875 section 4) and the
 * bytes of its body.
 *
 * Both are borrowed while the request lives. What a request says wrong is
 * answered here, so that a handler sees only requests that make sense. Pure.
 */
#ifndef FCGI_REQUEST_H
#define FCGI_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "fcgi/session/csrf.h"
#include "fcgi/tina4.h"
#include "shared/path.h"

/* Borrows a variable of the environment, and of several with one name the i-th from 0; NULL when it is not there. */
const char *request_variable(char *const *env, const char *name);
const char *request_variable_at(char *const *env, const char *name, size_t i);

/*
 * The body's length as the web server announces it. Returns 0, -ENOENT when it
 * announces none, -EINVAL when that is no number, -EFBIG past max_bytes.
 */
int request_body_bytes(char *const *env, size_t max_bytes, size_t *ret);

/* Whether the answer is to have no body. */
bool request_is_head(char *const *env);

/*
 * Reads a request. body[len] must be a NUL. Returns 0 and *ret, which the
 * caller frees with request_free(); -EBADMSG when the request is wrong, and
 * refusal says why; or -ENOMEM.
 */
int request_new(struct tina4_app *app, char *const *env, const char *body, size_t len, struct tina4_response *refusal,
    struct tina4_request **ret);

/* NULL is fine. */
void request_free(struct tina4_request *req);

/* What a handler asked for: NULL or "" at first, freed with the request. */
struct request_kept {
	struct tina4_session *session;
	struct cJSON *user; /* the claims of its token */
	char form_token[CSRF_TOKEN_CHARS + 1];
};

struct request_kept *request_kept(struct tina4_request *req);

/* The environment that it was made of. */
char *const *request_environment(const struct tina4_request *req);

/* Whether the client came by https. */
bool request_is_https(const struct tina4_request *req);

/* Copies the parameters of the route that matched tina4_request_path(), which they borrow. Returns 0 or -ENOMEM. */
int request_set_match(struct tina4_request *req, const struct path_match *match);

#endif
