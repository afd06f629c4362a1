#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/keys.h"
#include "shared/logfmt.h"

enum { HS256_BYTES = 32 };

struct keys {
	bool rsa;
	bool need_expiry;
	char *audience, *issuer; /* or NULL */
	char *secret;            /* NULL when there is none */
	EVP_PKEY *private;       /* RSA; NULL when there is none */
	EVP_PKEY *public;
};

/* --- reading them ---------------------------------------------------------------- */

static void
complain(struct buf *errors, const char *setting, const char *file, const char *why)
{
	char shown[256];

	logfmt_escape(file, strlen(file), shown, sizeof(shown));
	buf_printf(errors, "%s: \"%s\": must be an RSA key in PEM of %d bits or more: %s\n", setting, shown,
	    (int)KEYS_MIN_RSA_BITS, why);
}

/* OpenSSL would ask the terminal for the passphrase of an encrypted key. */
static int
no_passphrase(char *ret, int size, int writing, void *context)
{
	(void)ret;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

typedef EVP_PKEY *read_pem(FILE *stream, EVP_PKEY **ret, pem_password_cb *passphrase, void *context);

/* A setting that is empty leaves *ret NULL. */
static void
read_key(const char *setting, const char *file, read_pem *read, EVP_PKEY **ret, struct buf *errors)
{
	FILE *stream;
	EVP_PKEY *key;

	if (file[0] == '\0')
		return;
	stream = fopen(file, "re");
	if (stream == NULL) {
		complain(errors, setting, file, strerror(errno));
		return;
	}
	key = read(stream, NULL, no_passphrase, NULL);
	fclose(stream);
	ERR_clear_error();
	if (key != NULL && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= KEYS_MIN_RSA_BITS) {
		*ret = key;
		return;
	}
	complain(errors, setting, file, key == NULL ? "it is none, or has a passphrase" : "it is another or too short");
	EVP_PKEY_free(key);
}

static int
read_secret(struct keys *keys, const struct conf *conf)
{
	if (conf->secret[0] == '\0')
		return 0;
	keys->secret = strdup(conf->secret);
	return keys->secret != NULL ? 0 : -ENOMEM;
}

/* An empty setting is none, as is one that was not read. */
static int
copy_if_set(const char *text, char **ret)
{
	if (text == NULL || text[0] == '\0')
		return 0;
	*ret = strdup(text);
	return *ret != NULL ? 0 : -ENOMEM;
}

int
keys_new(struct keys **ret, const struct conf *conf, struct buf *errors)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	size_t before = errors->len;
	int r = 0;

	if (keys == NULL)
		return -ENOMEM;
	keys->rsa = strcmp(conf->jwt_algorithm, "RS256") == 0;
	keys->need_expiry = strcmp(conf->jwt_expiry, "optional") != 0;
	if (keys->rsa) {
		read_key("TINA4_JWT_PRIVATE_KEY", conf->jwt_private_key, PEM_read_PrivateKey, &keys->private, errors);
		read_key("TINA4_JWT_PUBLIC_KEY", conf->jwt_public_key, PEM_read_PUBKEY, &keys->public, errors);
	} else {
		r = read_secret(keys, conf);
	}
	if (r == 0)
		r = copy_if_set(conf->jwt_audience, &keys->audience);
	if (r == 0)
		r = copy_if_set(conf->jwt_issuer, &keys->issuer);
	if (errors->failed)
		r = -ENOMEM;
	else if (errors->len > before)
		r = -EINVAL;
	if (r < 0) {
		keys_free(keys);
		return r;
	}
	*ret = keys;
	return 0;
}

void
keys_free(struct keys *keys)
{
	if (keys == NULL)
		return;
	EVP_PKEY_free(keys->public);
	EVP_PKEY_free(keys->private);
	if (keys->secret != NULL)
		OPENSSL_cleanse(keys->secret, strlen(keys->secret));
	free(keys->secret);
	free(keys->audience);
	free(keys->issuer);
	free(keys);
}

/* --- what they are ------------------------------------------------------------------ */

const char *
keys_algorithm(const struct keys *keys)
{
	return keys->rsa ? "RS256" : "HS256";
}

bool
keys_need_expiry(const struct keys *keys)
{
	return keys->need_expiry;
}

const char *
keys_audience(const struct keys *keys)
{
	return keys->audience;
}

const char *
keys_issuer(const struct keys *keys)
{
	return keys->issuer;
}

/* The key that checks RS256. */
static EVP_PKEY *
checking_key(const struct keys *keys)
{
	return keys->public != NULL ? keys->public : keys->private;
}

bool
keys_can_sign(const struct keys *keys)
{
	return keys->rsa ? keys->private != NULL : keys->secret != NULL;
}

bool
keys_can_check(const struct keys *keys)
{
	return keys->rsa ? checking_key(keys) != NULL : keys->secret != NULL;
}

const char *
keys_settings(const struct keys *keys)
{
	return keys->rsa ? "TINA4_JWT_PRIVATE_KEY, TINA4_JWT_PUBLIC_KEY" : "TINA4_SECRET";
}

/* --- signatures ----------------------------------------------------------------------- */

static int
hs256(const struct keys *keys, const void *data, size_t len, uint8_t ret[static HS256_BYTES])
{
	unsigned n = 0;

	if (HMAC(EVP_sha256(), keys->secret, (int)strlen(keys->secret), data, len, ret, &n) != NULL)
		return 0;
	ERR_clear_error();
	return -EIO;
}

static int
rs256_sign(const struct keys *keys, const void *data, size_t len, struct buf *ret)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t n = (size_t)EVP_PKEY_get_size(keys->private);
	int r = -EIO;

	if (context == NULL || buf_reserve(ret, n) < 0) {
		r = -ENOMEM;
	} else if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, keys->private) == 1 &&
	    EVP_DigestSign(context, ret->data + ret->len, &n, data, len) == 1) {
		ret->len += n;
		r = 0;
	}
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return r;
}

static int
rs256_check(const struct keys *keys, const void *data, size_t len, const void *signature, size_t signature_len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int r = -EIO;

	if (context == NULL)
		r = -ENOMEM;
	else if (EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, checking_key(keys)) == 1)
		r = EVP_DigestVerify(context, signature, signature_len, data, len) == 1 ? 0 : -EBADMSG;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return r;
}

int
keys_sign(const struct keys *keys, const void *data, size_t len, struct buf *ret)
{
	uint8_t mac[HS256_BYTES];
	int r;

	if (!keys_can_sign(keys))
		return -ENOKEY;
	if (keys->rsa)
		return rs256_sign(keys, data, len, ret);
	r = hs256(keys, data, len, mac);
	if (r < 0)
		return r;
	buf_bytes(ret, mac, sizeof(mac));
	return ret->failed ? -ENOMEM : 0;
}

int
keys_check(const struct keys *keys, const void *data, size_t len, const void *signature, size_t signature_len)
{
	uint8_t mac[HS256_BYTES];
	int r;

	if (!keys_can_check(keys))
		return -ENOKEY;
	if (keys->rsa)
		return rs256_check(keys, data, len, signature, signature_len);
	r = hs256(keys, data, len, mac);
	if (r < 0)
		return r;
	if (signature_len != sizeof(mac))
		return -EBADMSG;
	return CRYPTO_memcmp(mac, signature, sizeof(mac)) == 0 ? 0 : -EBADMSG;
}
