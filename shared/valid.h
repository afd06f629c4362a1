/*
 * valid - what the text of a setting, or one item of its list, must look like.
 *
 * Each is true when text[len], which ends in a NUL or a comma, will do. Pure,
 * but for valid_group().
 */
#ifndef SHARED_VALID_H
#define SHARED_VALID_H

#include <stdbool.h>
#include <stddef.h>

enum valid_limits {
	VALID_SECRET_BYTES = 32, /* at least: RFC 7518 section 3.2 */
	VALID_MAX_WORKERS = 64,  /* of one supervisor */
};

typedef bool valid_text(const char *text, size_t len);

/* Of sockets. */
valid_text valid_endpoint; /* of ZeroMQ: ipc: and an absolute path */
valid_text valid_listener; /* host:port, or unix:/path */
valid_text valid_listener_or_off;
valid_text valid_group; /* "", or the name of a group of this machine: getgrnam(3) */

/* Of files and Redis. */
valid_text valid_directory; /* an absolute path */
valid_text valid_session_backend;
valid_text valid_session_url;
valid_text valid_backplane;
valid_text valid_backplane_url;
valid_text valid_prefix; /* of names in Redis */

/* Of HTTP. */
valid_text valid_pattern; /* of a route */
valid_text valid_route;   /* the same with options behind ';' */
valid_text valid_token;   /* RFC 9110 section 5.6.2, or "" */
valid_text valid_cookie;  /* a name */

/* Of workers. */
valid_text valid_workers; /* a number, or "auto" */

/* Of tokens. */
valid_text valid_secret; /* "", or long enough and not only blanks */
valid_text valid_algorithm;
valid_text valid_expiry;

#endif
