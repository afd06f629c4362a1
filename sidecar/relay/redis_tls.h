/*
 * redis_tls - TLS on a connection to Redis, where the installed hiredis has it.
 *
 * redis_tls.c is built with hiredis_ssl, redis_no_tls.c without; the settings
 * refuse rediss:// then. A connection without TLS has NULL, which is fine
 * everywhere but for redis_tls_begin().
 */
#ifndef SIDECAR_REDIS_TLS_H
#define SIDECAR_REDIS_TLS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

struct redis_tls; /* opaque */

/* name is checked against the certificate. Returns NULL when out of memory. The caller frees it with redis_tls_free().
 */
struct redis_tls *redis_tls_new(const char *name);

/* Frees it, before the redisContext or after. */
void redis_tls_free(struct redis_tls *tls);

/* Begins TLS on a socket that is connected. Returns 0, or -EPROTO: redis_tls_why() then says why. */
int redis_tls_begin(struct redis_tls *tls, redisContext *redis);

/* Must come before each read or write of the redisContext: an old error would be taken for theirs. */
void redis_tls_prepare(struct redis_tls *tls);

/* True when nothing more can be written before the other side has spoken. */
bool redis_tls_must_listen(const struct redis_tls *tls);

/* Why beginning, reading or writing has just failed, borrowed until the next call; NULL when TLS is not why. */
const char *redis_tls_why(struct redis_tls *tls);

#endif
