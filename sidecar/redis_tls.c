#include <errno.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>

#include "sidecar/redis_tls.h"

/* Against the system's authorities, and never without. */
static SSL *
make_ssl(const char *name)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = NULL;

	if (context == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_default_verify_paths(context) == 1)
		ssl = SSL_new(context);
	SSL_CTX_free(context); /* ssl holds it */
	if (ssl != NULL && (SSL_set_tlsext_host_name(ssl, name) != 1 || SSL_set1_host(ssl, name) != 1)) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}

int
redis_tls_begin(redisContext *redis, const char *name)
{
	SSL *ssl = make_ssl(name);

	if (ssl == NULL)
		return -ENOMEM;
	return redisInitiateSSL(redis, ssl) == REDIS_OK ? 0 : -EPROTO; /* it has taken ssl, also then */
}
