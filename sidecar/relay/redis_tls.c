#include <errno.h>
#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "sidecar/relay/redis_tls.h"

struct redis_tls {
	SSL *ssl; /* the redisContext has it too */
	char why[128];
};

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

struct redis_tls *
redis_tls_new(const char *name)
{
	struct redis_tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL)
		return NULL;
	tls->ssl = make_ssl(name);
	if (tls->ssl == NULL) {
		free(tls);
		return NULL;
	}
	return tls;
}

void
redis_tls_free(struct redis_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	free(tls);
}

int
redis_tls_begin(struct redis_tls *tls, redisContext *redis)
{
	if (redisInitiateSSL(redis, tls->ssl) != REDIS_OK)
		return -EPROTO;
	SSL_up_ref(tls->ssl); /* it has taken ssl, which it does not do when it fails */
	return 0;
}

void
redis_tls_prepare(struct redis_tls *tls)
{
	if (tls != NULL)
		ERR_clear_error();
}

bool
redis_tls_must_listen(const struct redis_tls *tls)
{
	return tls != NULL && SSL_want_read(tls->ssl);
}

const char *
redis_tls_why(struct redis_tls *tls)
{
	unsigned long error = ERR_peek_last_error();
	const char *reason;
	long verified;

	if (tls == NULL || error == 0)
		return NULL;
	verified = SSL_get_verify_result(tls->ssl);
	reason = verified != X509_V_OK ? X509_verify_cert_error_string(verified) : ERR_reason_error_string(error);
	snprintf(tls->why, sizeof(tls->why), "TLS: %s", reason != NULL ? reason : "it fails");
	return tls->why;
}
