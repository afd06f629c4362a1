/*
 * url - what is percent-encoded in a URL: its path and its query.
 *
 * A raw path is split at its slashes first and each segment is then decoded
 * once (RFC 3986 section 2.4), so a decoded path is what was split: an encoded
 * slash or NUL is refused, and so is a bad escape. So are the segments "." and
 * "..", raw or encoded: a web server in front of us resolves them before it looks
 * at its access rules, and must not have looked at another path than we do;
 * browsers resolve them before they ask. Pure.
 */
#ifndef SHARED_URL_H
#define SHARED_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/span.h"

/*
 * Decodes the raw path of a request (no query) into ret[size], terminated.
 * Returns the decoded length, -EINVAL (no leading slash, a bad escape, an
 * encoded slash, a dot segment, a control byte, or what is not UTF-8) or -E2BIG
 * when it does not fit.
 */
int url_decode_path(const char *raw, size_t len, char *ret, size_t size);

/* True when a decoded path has a segment "." or "..". */
bool url_has_dots(const char *path, size_t len);

/*
 * Decodes one form or query component: '+' is a space (WHATWG URL standard,
 * application/x-www-form-urlencoded), a bad escape stays as it is. ret must
 * have room for len + 1. Returns the decoded length.
 */
size_t url_decode_component(const char *raw, size_t len, char *ret);

/*
 * Steps through "a=1&b=2". *rest starts at the query and moves on; the two
 * parts are still encoded. Returns false at the end.
 */
bool url_next_pair(const char **rest, struct span *ret_name, struct span *ret_value);

#endif
