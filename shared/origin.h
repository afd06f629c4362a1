/*
 * origin - from which site a page is, and whether that one may connect.
 *
 * An origin is a scheme, a host and a port (RFC 6454). It is compared by its
 * parts: a host has no case, and 443 is what https has when it says nothing. The
 * setting TINA4_WS_ALLOWED_ORIGINS holds patterns: "*", an origin, or one whose
 * host begins with "*." for what lies below that host, at any depth, but not for
 * the host itself. Pure.
 */
#ifndef SHARED_ORIGIN_H
#define SHARED_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/authority.h"
#include "shared/span.h"

enum origin_limits {
	ORIGIN_SCHEME_MAX = 32,
};

struct origin {
	char scheme[ORIGIN_SCHEME_MAX + 1]; /* lower case */
	struct authority authority;         /* its port is there when the scheme has one by default */
};

/* "scheme://host[:port]". Returns false for anything else, "null" included; *ret is untouched then. */
bool origin_parse(const char *text, size_t len, struct origin *ret);

/* True for one entry of the setting. */
bool origin_is_pattern(const char *text, size_t len);

/* True when one of the comma-separated patterns, which are all right, is for this origin. */
bool origin_matches(const char *patterns, const struct origin *origin);

/*
 * True when a page of that origin comes from the host that is asked, whose
 * default port is the scheme's. Only http and https can. https says that the
 * client spoke it to the first proxy: a page of http is another site then.
 * Without it both are taken, since whoever ended TLS in front of the proxy in
 * front of us may have told nobody.
 */
bool origin_is_same(const struct origin *origin, const struct authority *host, bool https);

/*
 * May a page connect? origin and host are the header fields as they came; an
 * origin whose data is NULL comes from no browser, and may. allowed is the
 * setting: "" is the same origin only.
 */
bool origin_allowed(struct span origin, struct span host, const char *allowed, bool https);

#endif
