#include <errno.h>
#include <openssl/crypto.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "fcgi/session/csrf.h"
#include "shared/base64url.h"
#include "shared/buf.h"

enum { SECRET = 32 }; /* bytes; a token is the mask and the masked secret */

bool
csrf_is_checked(const char *method)
{
	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 && strcmp(method, "OPTIONS") != 0;
}

const char *
csrf_cookie_name(bool https)
{
	return https ? "__Host-tina4_csrf" : "tina4_csrf";
}

static int
draw(uint8_t *ret, size_t n)
{
	return getrandom(ret, n, 0) == (ssize_t)n ? 0 : -EIO;
}

static void
apply_mask(uint8_t bytes[static SECRET], const uint8_t mask[static SECRET])
{
	for (size_t i = 0; i < SECRET; i++)
		bytes[i] ^= mask[i];
}

/* Reads text that stands for exactly n bytes. */
static int
decode(const char *text, uint8_t *ret, size_t n)
{
	struct buf bytes = BUF_INIT;
	int r = text != NULL ? base64url_decode(&bytes, text, strlen(text)) : -EINVAL;

	if (r == 0 && bytes.len != n)
		r = -EINVAL;
	if (r == 0)
		memcpy(ret, bytes.data, n);
	buf_free(&bytes);
	return r;
}

int
csrf_make_cookie(char ret[static CSRF_COOKIE_CHARS + 1])
{
	uint8_t secret[SECRET];
	int r = draw(secret, sizeof(secret));

	return r == 0 ? base64url_write(ret, secret, sizeof(secret)) : r;
}

int
csrf_mask(const char *cookie, char ret[static CSRF_TOKEN_CHARS + 1])
{
	uint8_t token[2 * SECRET];
	int r = decode(cookie, token + SECRET, SECRET);

	if (r == 0)
		r = draw(token, SECRET);
	if (r < 0)
		return r;
	apply_mask(token + SECRET, token);
	return base64url_write(ret, token, sizeof(token));
}

bool
csrf_belongs(const char *token, const char *cookie)
{
	uint8_t secret[SECRET], masked[2 * SECRET];

	if (decode(cookie, secret, SECRET) < 0 || decode(token, masked, 2 * SECRET) < 0)
		return false;
	apply_mask(masked + SECRET, masked);
	return CRYPTO_memcmp(masked + SECRET, secret, SECRET) == 0;
}
