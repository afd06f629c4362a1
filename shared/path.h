/*
 * path - the patterns that match paths.
 *
 * A pattern is literal segments and parameters: "/ws/chat/{room}",
 * "/orders/{id:int}", "/files/{rest:path}". The types are
 *
 *     (none)  one segment, not empty
 *     int     [+-]?[0-9]+ that fits 64 bits
 *     float   [+-]?[0-9]+(\.[0-9]+)? that fits a double
 *     alpha   [A-Za-z]+
 *     alnum   [A-Za-z0-9]+
 *     slug    [a-z0-9]+(-[a-z0-9]+)*
 *     uuid    8-4-4-4-12 hexadecimal digits
 *     path    the rest, in which no segment but the last is empty; only as the last segment
 *
 * They match decoded paths, see url.h. A slash at the end matters; an empty
 * segment within a path matches nothing, since some web servers fold "//". Pure.
 */
#ifndef SHARED_PATH_H
#define SHARED_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum path_limits {
	PATH_MAX_BYTES = 1024, /* of a decoded path and of a pattern */
	PATH_MAX_PARAMS = 16,  /* in one pattern */
};

enum path_type {
	PATH_STRING,
	PATH_INT,
	PATH_FLOAT,
	PATH_ALPHA,
	PATH_ALNUM,
	PATH_SLUG,
	PATH_UUID,
	PATH_REST,
};

/* One parameter of a match: borrowed from the pattern and from the path. */
struct path_param {
	const char *name; /* NUL-terminated, owned by the pattern */
	enum path_type type;
	const char *value; /* within the path, not terminated */
	size_t len;
	int64_t integer; /* for PATH_INT */
	double real;     /* for PATH_FLOAT */
};

struct path_match {
	size_t n;
	struct path_param params[PATH_MAX_PARAMS];
};

struct path_pattern; /* opaque: a compiled pattern */

/*
 * Compiles a pattern; the text is copied. On failure *ret_why, when asked for,
 * points to a static sentence. Returns 0, -EINVAL (no leading slash, an
 * unknown type, a name that is not [A-Za-z_][A-Za-z0-9_]* or comes twice,
 * braces that do not fill a segment), -E2BIG past a limit above, or -ENOMEM.
 */
int path_compile(const char *text, struct path_pattern **ret, const char **ret_why);

/* NULL is fine. */
void path_pattern_free(struct path_pattern *pattern);

/* Borrows the text that was compiled. */
const char *path_pattern_text(const struct path_pattern *pattern);

/* True when a decoded path matches; ret may be NULL and is untouched if not. */
bool path_match(const struct path_pattern *pattern, const char *path, size_t len, struct path_match *ret);

#endif
