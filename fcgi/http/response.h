/*
 * response - what goes back to a client, as a CGI response (RFC 3875 section 6).
 *
 * A handler fills it, in any order and again if it likes; it is checked when it
 * is filled and written once, at the end. A file is read only then.
 */
#ifndef FCGI_RESPONSE_H
#define FCGI_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "fcgi/fields.h"
#include "fcgi/http/file.h"
#include "fcgi/sink.h"
#include "fcgi/tina4.h"
#include "shared/buf.h"

struct outlet;

struct tina4_response {
	const struct tina4_app *app; /* whose templates are rendered: borrowed; NULL when there is no request */
	struct tina4_request *req;   /* whose handler runs: borrowed; NULL when none does */
	unsigned tokens_before;      /* its thread had issued so many when it began */
	bool https;                  /* the client came by https: cookies are Secure */

	int status;
	struct fields headers;
	struct fields cookies; /* the values of Set-Cookie, each under the cookie's name */
	struct buf body;
	struct file file;   /* that is the body instead, if there is one */
	struct buf failure; /* why a template was not rendered; empty when it was, or when there is a body since */

	const struct outlet *outlet; /* where a stream's pieces go: borrowed; NULL where there is no stream */
	bool without_body;           /* it answers HEAD */
	enum { STREAM_NONE, STREAM_OPEN, STREAM_OVER } stream;
};

/* An empty 200. It must be freed with response_free(). */
void response_init(struct tina4_response *res);
void response_free(struct tina4_response *res);

/* Makes it an empty 200 again. */
void response_reset(struct tina4_response *res);

/* Drops the body, and takes why there is none. */
void response_fail(struct tina4_response *res, struct buf *why);

/* The header of that name, compared without case, borrowed; NULL when there is none. */
const char *response_get(const struct tina4_response *res, const char *name);

/*
 * Writes the response, without its body when it answers HEAD or when its status
 * has none; of a stream there is nothing left. Returns 0, -ENOMEM, what put
 * returned, or -EIO when the file could not be read to the length that was
 * announced.
 */
int response_write(const struct tina4_response *res, sink_put *put, void *context);

/* Writes the head of a stream, which says no length. Returns 0, -ENOMEM or what put returned. */
int response_put_head(const struct tina4_response *res, sink_put *put, void *context);

/* Whether its status lets it have a body. */
bool response_has_body(const struct tina4_response *res);

#endif
