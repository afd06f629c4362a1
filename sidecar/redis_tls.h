/*
 * redis_tls - TLS on a connection to Redis, where the installed hiredis has it.
 *
 * redis_tls.c is built with hiredis_ssl, redis_no_tls.c without; the settings
 * refuse rediss:// then.
 */
#ifndef SIDECAR_REDIS_TLS_H
#define SIDECAR_REDIS_TLS_H

#include <hiredis/hiredis.h>

/* Begins TLS on a socket that is connected; name is checked against the certificate. 0 or a negative errno. */
int redis_tls_begin(redisContext *redis, const char *name);

#endif
