/*
 * Input: a byte and then, when it is '0', a token; else a header, a line feed
 * and claims, which are signed: so the signature is no wall for what is behind it.
 */
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base64url.h"
#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/keys.h"
#include "shared/token.h"
#include "shared/utf8.h"
#include "tests/fuzz/fuzz.h"

enum { NOW = 1700000000 };

static struct keys *
make_keys(void)
{
	struct conf conf = {
		.secret = (char *)"0123456789abcdef0123456789abcdef",
		.jwt_algorithm = (char *)"HS256",
		.jwt_expiry = (char *)"required",
	};
	struct buf errors = BUF_INIT;
	struct keys *keys = NULL;

	if (keys_new(&keys, &conf, &errors) < 0)
		abort();
	return keys;
}

/* What is decoded is what would be encoded. */
static void
check_base64url(const char *text, size_t len)
{
	struct buf bytes = BUF_INIT, again = BUF_INIT;

	if (base64url_decode(&bytes, text, len) == 0) {
		base64url_encode(&again, bytes.data, bytes.len);
		assert(again.len == len && (len == 0 || memcmp(again.data, text, len) == 0));
	}
	buf_free(&bytes);
	buf_free(&again);
}

static void
check_token(const struct keys *keys, const char *text, size_t len)
{
	struct token token = { 0 };
	enum token_verdict verdict = token_verify(keys, text, len, NOW, &token);
	cJSON *claims;

	assert(token_reason(verdict) != NULL);
	if (verdict != TOKEN_VALID) {
		assert(token.claims == NULL);
		return;
	}
	assert(len <= TOKEN_MAX_BYTES && token.expires > NOW);
	assert(strlen(token.claims) == token.claims_len && utf8_valid(token.claims, token.claims_len));
	claims = cJSON_Parse(token.claims);
	assert(cJSON_IsObject(claims));
	cJSON_Delete(claims);
	token_free(&token);
}

static void
sign_and_check(const struct keys *keys, const char *head, size_t head_len, const char *claims, size_t claims_len)
{
	struct buf text = BUF_INIT, signature = BUF_INIT;

	base64url_encode(&text, head, head_len);
	buf_u8(&text, '.');
	base64url_encode(&text, claims, claims_len);
	if (keys_sign(keys, text.data, text.len, &signature) < 0)
		abort();
	buf_u8(&text, '.');
	base64url_encode(&text, signature.data, signature.len);
	check_token(keys, (const char *)text.data, text.len);
	buf_free(&signature);
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct keys *keys;
	const char *text, *feed;

	if (keys == NULL)
		keys = make_keys();
	if (len == 0)
		return 0;
	text = (const char *)data + 1;
	len--;
	feed = memchr(text, '\n', len);
	check_base64url(text, len);
	if (data[0] == '0')
		check_token(keys, text, len);
	else if (feed != NULL)
		sign_and_check(keys, text, (size_t)(feed - text), feed + 1, (size_t)(text + len - feed - 1));
	return 0;
}
