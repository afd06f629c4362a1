/*
 * redisurl - where a Redis is, and how it is entered.
 *
 *     redis://[user:password@]host[:port][/db]
 *     rediss://...                                the same with TLS
 *     unix:/path[?db=N]
 *     unix://user:password@/path[?db=N]
 *
 * A user may be missing before the colon. Bytes of user and password that a
 * URL would not take are escaped as %XX. Pure.
 */
#ifndef SHARED_REDISURL_H
#define SHARED_REDISURL_H

#include <stdbool.h>
#include <stddef.h>

struct redisurl {
	bool tls;
	char *host; /* NULL: path counts */
	int port;
	char *path;     /* of a unix socket */
	char *user;     /* NULL: none */
	char *password; /* NULL: none */
	int db;
};

/* Returns 0 and *ret, which redisurl_free() frees; -EINVAL or -ENOMEM. */
int redisurl_parse(const char *text, size_t len, struct redisurl *ret);

/* Wipes the password. A zeroed one is fine. */
void redisurl_free(struct redisurl *url);

#endif
