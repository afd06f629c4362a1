/*
 * credentials - where in a request its token is.
 *
 * The header "Authorization: Bearer TOKEN" is what programs send. Browsers
 * cannot set it for a WebSocket, so there are three more places: what is offered
 * behind the subprotocol "bearer", "token=" in the query, and a cookie. The first
 * of them that has a token wins. Pure.
 */
#ifndef SHARED_CREDENTIALS_H
#define SHARED_CREDENTIALS_H

#include "shared/span.h"

/* Each may be NULL: a place where no token is looked for. */
struct credentials {
	const char *authorization; /* the header's value */
	const char *offered;       /* behind "bearer" in Sec-WebSocket-Protocol */
	const char *query;         /* of the request line, as it came, without '?' */
	const char *cookies;       /* the Cookie header's value */
	const char *cookie_name;   /* TINA4_TOKEN_COOKIE; "" is none */
};

/*
 * Borrows the token, as it came: one that needs to be decoded is none. Its
 * length is 0 when there is none.
 */
struct span credentials_token(const struct credentials *credentials);

/* The same for an Authorization header alone; NULL is fine. */
struct span credentials_bearer(const char *authorization);

#endif
