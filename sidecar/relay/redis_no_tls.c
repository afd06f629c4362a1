#include <errno.h>
#include <stddef.h>

#include "sidecar/relay/redis_tls.h"

struct redis_tls *
redis_tls_new(const char *name)
{
	(void)name;
	return NULL;
}

void
redis_tls_free(struct redis_tls *tls)
{
	(void)tls;
}

int
redis_tls_begin(struct redis_tls *tls, redisContext *redis)
{
	(void)tls;
	(void)redis;
	return -EPROTO;
}

void
redis_tls_prepare(struct redis_tls *tls)
{
	(void)tls;
}

bool
redis_tls_must_listen(const struct redis_tls *tls)
{
	(void)tls;
	return false;
}

const char *
redis_tls_why(struct redis_tls *tls)
{
	(void)tls;
	return NULL;
}
