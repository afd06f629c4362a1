#include <cjson/cJSON.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base64url.h"
#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/keys.h"
#include "shared/token.h"
#include "tests/tap.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define HEAD "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define NOW 1700000000

/* RFC 7515 appendix A.1: the key and the token, which ends at 1300819380. */
#define RFC_SECRET                                                                                                     \
	"\x03\x23\x35\x4b\x2b\x0f\xa5\xbc\x83\x7e\x06\x65\x77\x7b\xa6\x8f\x5a\xb3\x28\xe6\xf0\x54\xc9\x28\xa9\x0f\x84" \
	"\xb2\xd2\x50\x2e\xbf\xd3\xfb\x5a\x92\xd2\x06\x47\xef\x96\x8a\xb4\xc3\x77\x62\x3d\x22\x3d\x2e\x21\x72\x05\x2e" \
	"\x4f\x08\xc0\xcd\x9a\xf5\x67\xd0\x80\xa3"
#define RFC_PAYLOAD "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define RFC_HS256 "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_PAYLOAD ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define RFC_EXPIRES 1300819380

/* RFC 7515 appendix A.2. */
#define RFC_RS256                                                                                                      \
	"eyJhbGciOiJSUzI1NiJ9." RFC_PAYLOAD                                                                            \
	".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"                       \
	"O8W2Fp5jujGbds9uJdbF9CU"                                                                                      \
	"Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d" \
	"O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig" \
	"cN_IoypGlUPQGe77Rw"
static const char rfc_public_key[] = "-----BEGIN PUBLIC KEY-----\n"
				     "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
				     "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
				     "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
				     "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
				     "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
				     "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
				     "oQIDAQAB\n"
				     "-----END PUBLIC KEY-----\n";

static char folder[] = "/tmp/test_token.XXXXXX";
static char errors_said[1024];

/* --- keys ---------------------------------------------------------------------------- */

/* Returns NULL when the settings are refused, and errors_said says why. */
static struct keys *
keys_of(const char *const *assignments)
{
	char *environment[8] = { NULL };
	struct buf errors = BUF_INIT;
	struct keys *keys = NULL;
	struct conf conf;

	for (size_t i = 0; assignments[i] != NULL; i++)
		environment[i] = (char *)assignments[i];
	if (conf_parse(&conf, environment, NULL, ".env", &errors) == 0)
		keys_new(&keys, &conf, &errors);
	snprintf(errors_said, sizeof(errors_said), "%s", buf_cstr(&errors));
	buf_free(&errors);
	conf_free(&conf);
	return keys;
}

static struct keys *
hs256_keys(const char *secret)
{
	char setting[256];
	const char *const assignments[] = { setting, NULL };

	snprintf(setting, sizeof(setting), "TINA4_SECRET=%s", secret);
	return keys_of(assignments);
}

static const char *
file_of(const char *name)
{
	static char path[2][128];
	static unsigned turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static struct keys *
rs256_keys(const char *private, const char *public)
{
	char first[256], second[256];
	const char *const assignments[] = { "TINA4_JWT_ALGORITHM=RS256", first, second, NULL };

	snprintf(first, sizeof(first), "TINA4_JWT_PRIVATE_KEY=%s", private ? file_of(private) : "");
	snprintf(second, sizeof(second), "TINA4_JWT_PUBLIC_KEY=%s", public ? file_of(public) : "");
	return keys_of(assignments);
}

static void
write_file(const char *name, const char *text)
{
	FILE *stream = fopen(file_of(name), "w");

	fputs(text, stream);
	fclose(stream);
}

/* Writes a pair as NAME.key and NAME.pub; with a passphrase when there is one. */
static void
write_pair(const char *name, EVP_PKEY *key, const char *passphrase)
{
	char file[64];
	FILE *stream;

	snprintf(file, sizeof(file), "%s.key", name);
	stream = fopen(file_of(file), "w");
	PEM_write_PrivateKey(stream, key, passphrase ? EVP_aes_128_cbc() : NULL, (const unsigned char *)passphrase,
	    passphrase ? (int)strlen(passphrase) : 0, NULL, NULL);
	fclose(stream);
	snprintf(file, sizeof(file), "%s.pub", name);
	stream = fopen(file_of(file), "w");
	PEM_write_PUBKEY(stream, key);
	fclose(stream);
	EVP_PKEY_free(key);
}

static void
write_keys(void)
{
	write_pair("rsa", EVP_RSA_gen(2048), NULL);
	write_pair("locked", EVP_RSA_gen(2048), "passphrase");
	write_pair("short", EVP_RSA_gen(1024), NULL);
	write_pair("ec", EVP_EC_gen("P-256"), NULL);
	write_file("rfc.pub", rfc_public_key);
	write_file("none", "no key\n");
}

static void
remove_keys(void)
{
	static const char *const names[] = { "rsa.key", "rsa.pub", "locked.key", "locked.pub", "short.key", "short.pub",
		"ec.key", "ec.pub", "rfc.pub", "none" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(file_of(names[i]));
	rmdir(folder);
}

/* --- tokens -------------------------------------------------------------------------- */

static enum token_verdict
verify(const struct keys *keys, const char *text, int64_t now)
{
	struct token token = { 0 };
	enum token_verdict verdict = token_verify(keys, text, strlen(text), now, &token);

	if (verdict != TOKEN_VALID && token.claims != NULL)
		abort(); /* a token that is refused says nothing */
	token_free(&token);
	return verdict;
}

/* Signs a head and a payload that token_issue() would not write. */
static enum token_verdict
forged_bytes(const struct keys *keys, const char *head, const char *payload, size_t len)
{
	struct buf text = BUF_INIT, signature = BUF_INIT;
	enum token_verdict verdict;

	base64url_encode(&text, head, strlen(head));
	buf_u8(&text, '.');
	base64url_encode(&text, payload, len);
	keys_sign(keys, text.data, text.len, &signature);
	buf_u8(&text, '.');
	base64url_encode(&text, signature.data, signature.len);
	verdict = verify(keys, buf_cstr(&text), NOW);
	buf_free(&signature);
	buf_free(&text);
	return verdict;
}

static enum token_verdict
forged(const struct keys *keys, const char *head, const char *payload)
{
	return forged_bytes(keys, head, payload, strlen(payload));
}

static enum token_verdict
claims(const struct keys *keys, const char *payload)
{
	return forged(keys, HEAD, payload);
}

static int
issue(const struct keys *keys, const char *json, int64_t seconds, struct buf *ret)
{
	cJSON *object = cJSON_Parse(json);
	int r = token_issue(keys, object, NOW, seconds, ret);

	cJSON_Delete(object);
	return r;
}

static void
the_standards_examples_are_understood(void)
{
	struct keys *hs256 = hs256_keys(RFC_SECRET), *rs256 = rs256_keys(NULL, "rfc.pub");
	struct token token = { 0 };

	OK(token_verify(hs256, RFC_HS256, strlen(RFC_HS256), RFC_EXPIRES - 1, &token) == TOKEN_VALID,
	    "RFC 7515 A.1, HS256");
	OK(strcmp(token.claims, "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}") ==
		0,
	    "its claims are as they were signed");
	OK(token.claims_len == strlen(token.claims), "with their length");
	OK(token.expires == RFC_EXPIRES, "its end is known");
	token_free(&token);
	OK(verify(rs256, RFC_RS256, RFC_EXPIRES - 1) == TOKEN_VALID, "RFC 7515 A.2, RS256");
	OK(verify(rs256, RFC_HS256, RFC_EXPIRES - 1) == TOKEN_WRONG_ALGORITHM, "each refuses the other's: RS256");
	OK(verify(hs256, RFC_RS256, RFC_EXPIRES - 1) == TOKEN_WRONG_ALGORITHM, "HS256");
	keys_free(hs256);
	keys_free(rs256);
}

static void
what_is_issued_is_valid(struct keys *keys, const char *name)
{
	struct buf text = BUF_INIT;
	struct token token = { 0 };
	cJSON *json;

	printf("# %s\n", name);
	OK(issue(keys, "{\"sub\":\"Jörg\",\"exp\":1,\"iat\":\"x\",\"admin\":true}", 60, &text) == 0, "one is issued");
	OK(token_verify(keys, buf_cstr(&text), text.len, NOW + 59, &token) == TOKEN_VALID, "and is valid");
	json = cJSON_Parse(token.claims);
	OK(strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(json, "sub")), "Jörg") == 0, "with its claims");
	OK(cJSON_GetObjectItem(json, "iat")->valuedouble == NOW, "when it was issued");
	OK(cJSON_GetObjectItem(json, "exp")->valuedouble == NOW + 60 && token.expires == NOW + 60, "and its end");
	OK(verify(keys, buf_cstr(&text), NOW + 60) == TOKEN_EXPIRED, "which is its last second");
	cJSON_Delete(json);
	token_free(&token);
	buf_free(&text);
}

static void
issuing_is_checked(const struct keys *keys)
{
	struct buf text = BUF_INIT;
	char *large = calloc(1, TOKEN_MAX_BYTES + 1);
	struct keys *checking = rs256_keys(NULL, "rsa.pub"), *none = hs256_keys("");
	cJSON *object = cJSON_CreateObject();

	OK(issue(keys, "[1]", 60, &text) == -EINVAL, "claims are an object");
	OK(token_issue(keys, NULL, NOW, 60, &text) == -EINVAL, "not nothing");
	OK(issue(keys, "{}", 0, &text) == -EINVAL && issue(keys, "{}", -1, &text) == -EINVAL, "a life is positive");
	OK(issue(keys, "{}", INT64_MAX, &text) == -EINVAL, "and ends");
	OK(issue(keys, "{\"sub\":\"\xff\"}", 60, &text) == -EILSEQ, "claims are UTF-8");
	memset(large, 'x', TOKEN_MAX_BYTES);
	cJSON_AddStringToObject(object, "sub", large);
	OK(token_issue(keys, object, NOW, 60, &text) == -E2BIG, "a token that nobody would accept is refused");
	OK(issue(checking, "{}", 60, &text) == -ENOKEY, "a public key does not sign");
	OK(issue(none, "{}", 60, &text) == -ENOKEY, "nor does no key");
	OK(text.len == 0, "what is refused leaves nothing");
	OK(verify(none, RFC_HS256, NOW) == TOKEN_UNCHECKED, "without a key nothing is valid");
	cJSON_Delete(object);
	keys_free(none);
	keys_free(checking);
	free(large);
	buf_free(&text);
}

static void
the_algorithm_is_the_servers(const struct keys *hs256, const struct keys *rs256)
{
	static const char payload[] = "{\"exp\":1800000000}";
	struct keys *confused = hs256_keys("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A");

	OK(forged(hs256, HEAD, payload) == TOKEN_VALID, "the right one is valid");
	OK(forged(hs256, "{\"alg\":\"none\"}", payload) == TOKEN_WRONG_ALGORITHM, "none is not");
	OK(verify(hs256, "eyJhbGciOiJub25lIn0.eyJleHAiOjE4MDAwMDAwMDB9.", NOW) == TOKEN_WRONG_ALGORITHM,
	    "nor none without a signature");
	OK(verify(hs256, "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE4MDAwMDAwMDB9.", NOW) == TOKEN_BAD_SIGNATURE,
	    "nor the right one without a signature");
	OK(forged(hs256, "{\"alg\":\"hs256\"}", payload) == TOKEN_WRONG_ALGORITHM, "its case matters");
	OK(forged(hs256, "{\"alg\":\"HS384\"}", payload) == TOKEN_WRONG_ALGORITHM, "another HMAC is refused");
	OK(forged(confused, "{\"alg\":\"RS256\"}", payload) == TOKEN_WRONG_ALGORITHM, "HMAC does not pass for RSA");
	OK(forged(rs256, HEAD, payload) == TOKEN_WRONG_ALGORITHM, "RSA does not pass for HMAC");
	OK(forged(hs256, "{\"ALG\":\"HS256\"}", payload) == TOKEN_MALFORMED, "it must be named");
	OK(forged(hs256, "{\"alg\":\"none\",\"alg\":\"HS256\"}", payload) == TOKEN_MALFORMED, "once");
	OK(forged(hs256, "{\"alg\":256}", payload) == TOKEN_MALFORMED, "as a string");
	OK(forged(hs256, "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", payload) == TOKEN_MALFORMED,
	    "critical extensions are not understood");
	keys_free(confused);
}

/* Changes one character at a time, in every place. */
static void
every_change_is_noticed(const struct keys *keys)
{
	struct buf text = BUF_INIT;
	bool noticed = true;

	issue(keys, "{\"sub\":\"u1\"}", 60, &text);
	for (size_t i = 0; i < text.len; i++) {
		char *changed = strdup(buf_cstr(&text));

		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		noticed &= verify(keys, changed, NOW) != TOKEN_VALID;
		changed[i] = '\0';
		noticed &= verify(keys, changed, NOW) != TOKEN_VALID;
		free(changed);
	}
	OK(noticed, "a token is valid as a whole and unchanged");
	buf_free(&text);
}

static void
other_keys_are_refused(const struct keys *keys)
{
	struct keys *other = hs256_keys("another-secret-of-32-bytes-or-more");
	struct buf text = BUF_INIT;

	issue(other, "{}", 60, &text);
	OK(verify(keys, buf_cstr(&text), NOW) == TOKEN_BAD_SIGNATURE, "another secret's token is refused");
	buf_free(&text);
	keys_free(other);
}

static void
parties_are_checked(const struct keys *keys)
{
	const char *const assignments[] = { "TINA4_SECRET=" SECRET, "TINA4_JWT_AUDIENCE=shop", "TINA4_JWT_ISSUER=login",
		NULL };
	struct keys *strict = keys_of(assignments);
	struct buf text = BUF_INIT;

#define WHO(rest) "{\"exp\":1800000000" rest "}"
	OK(claims(keys, WHO(",\"aud\":\"other\",\"iss\":\"x\"")) == TOKEN_VALID,
	    "without settings they are not looked at");
	OK(claims(strict, WHO(",\"aud\":\"shop\",\"iss\":\"login\"")) == TOKEN_VALID, "for us, from whom we trust");
	OK(claims(strict, WHO(",\"aud\":[\"a\",\"shop\"],\"iss\":\"login\"")) == TOKEN_VALID, "for us and others");
	OK(claims(strict, WHO(",\"aud\":\"other\",\"iss\":\"login\"")) == TOKEN_WRONG_AUDIENCE &&
		claims(strict, WHO(",\"aud\":[],\"iss\":\"login\"")) == TOKEN_WRONG_AUDIENCE &&
		claims(strict, WHO(",\"aud\":[[\"shop\"]],\"iss\":\"login\"")) == TOKEN_WRONG_AUDIENCE &&
		claims(strict, WHO(",\"aud\":\"Shop\",\"iss\":\"login\"")) == TOKEN_WRONG_AUDIENCE &&
		claims(strict, WHO(",\"iss\":\"login\"")) == TOKEN_WRONG_AUDIENCE,
	    "for others, or for nobody");
	OK(claims(strict, WHO(",\"aud\":\"shop\",\"iss\":\"x\"")) == TOKEN_WRONG_ISSUER &&
		claims(strict, WHO(",\"aud\":\"shop\",\"iss\":[\"login\"]")) == TOKEN_WRONG_ISSUER &&
		claims(strict, WHO(",\"aud\":\"shop\"")) == TOKEN_WRONG_ISSUER,
	    "from somebody else");
	OK(claims(strict, WHO(",\"aud\":\"x\",\"aud\":\"shop\",\"iss\":\"login\"")) == TOKEN_MALFORMED,
	    "a claim comes once");
	issue(strict, "{}", 60, &text);
	OK(verify(strict, buf_cstr(&text), NOW) == TOKEN_VALID, "what is issued is for us, and from us");
	buf_clear(&text);
	issue(strict, "{\"aud\":\"other\"}", 60, &text);
	OK(verify(strict, buf_cstr(&text), NOW) == TOKEN_WRONG_AUDIENCE, "unless the program says otherwise");
	buf_free(&text);
	keys_free(strict);
}

static void
times_are_checked(const struct keys *keys)
{
	const char *const assignments[] = { "TINA4_SECRET=" SECRET, "TINA4_JWT_EXPIRY=optional", NULL };
	struct keys *lenient = keys_of(assignments);

	OK(claims(keys, "{\"exp\":1700000001}") == TOKEN_VALID, "one second before its end");
	OK(claims(keys, "{\"exp\":1700000000}") == TOKEN_EXPIRED, "at its end");
	OK(claims(keys, "{\"exp\":1700000000.9}") == TOKEN_EXPIRED, "a fraction is cut");
	OK(claims(keys, "{\"exp\":1800000000,\"nbf\":1700000060}") == TOKEN_VALID, "nbf has a minute of leeway");
	OK(claims(keys, "{\"exp\":1800000000,\"nbf\":1700000061}") == TOKEN_NOT_YET_VALID, "and no more");
	OK(claims(keys, "{\"exp\":1800000000,\"iat\":1900000000}") == TOKEN_VALID, "iat says nothing about validity");
	OK(claims(keys, "{}") == TOKEN_NO_EXPIRY, "a token must end");
	OK(claims(keys, "{\"EXP\":1800000000}") == TOKEN_NO_EXPIRY, "under the claim's own name");
	OK(claims(lenient, "{}") == TOKEN_VALID, "unless the settings say otherwise");
	OK(claims(lenient, "{\"exp\":1}") == TOKEN_EXPIRED, "one that ends does so then too");
	keys_free(lenient);
}

static void
malformed_times_are_refused(const struct keys *keys)
{
	static const char *const wrong[] = {
		"{\"exp\":\"1800000000\"}",
		"{\"exp\":null}",
		"{\"exp\":true}",
		"{\"exp\":[1800000000]}",
		"{\"exp\":-1}",
		"{\"exp\":1e300}",
		"{\"exp\":1e999}",
		"{\"exp\":9007199254740992}",
		"{\"exp\":1,\"exp\":1800000000}",
		"{\"exp\":1800000000,\"nbf\":\"0\"}",
		"{\"exp\":1800000000,\"nbf\":-1e999}",
		"{\"exp\":1800000000,\"iat\":{}}",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		OK(claims(keys, wrong[i]) == TOKEN_MALFORMED, wrong[i]);
}

static void
garbage_is_refused(const struct keys *keys)
{
	static const char *const wrong[] = { ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e",
		" " RFC_HS256, RFC_HS256 " ", RFC_HS256 "=", "%2e%2e", "\xff\xfe.\x80.\x01",
		"eyJhbGciOiJIUzI1NiJ9\n.e30.e30" };
	static const char nul[] = "{\"exp\":1800000000,\"sub\":\"admin\0x\"}";

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		OK(verify(keys, wrong[i], NOW) == TOKEN_MALFORMED, "garbage is malformed");
	OK(verify(keys, "eyJhbGciOiJIUzI1NiJ9..", NOW) == TOKEN_BAD_SIGNATURE, "no signature is a wrong one");
	OK(verify(keys, "", NOW) == TOKEN_MISSING, "nothing is missing");
	OK(forged(keys, HEAD, "") == TOKEN_MALFORMED, "claims are JSON");
	OK(forged(keys, HEAD, "[1800000000]") == TOKEN_MALFORMED, "an object");
	OK(forged(keys, HEAD, "{\"exp\":1800000000}x") == TOKEN_MALFORMED, "and nothing after it");
	OK(forged(keys, HEAD, "{\"exp\":1800000000,\"sub\":\"\xc3\x28\"}") == TOKEN_MALFORMED, "in UTF-8");
	OK(forged_bytes(keys, HEAD, nul, sizeof(nul) - 1) == TOKEN_MALFORMED, "without a NUL");
	OK(forged(keys, HEAD, "{\"exp\":1800000000,\"sub\":\"admin\\u0000x\"}") == TOKEN_MALFORMED,
	    "nor one that is escaped: it would cut a name short");
	OK(forged(keys, "[]", "{}") == TOKEN_MALFORMED && forged(keys, "", "{}") == TOKEN_MALFORMED,
	    "so is the header");
}

static void
size_and_depth_are_limited(const struct keys *keys)
{
	enum { LARGE = 64 << 10, DEPTH = 2500 };
	char *text = malloc(LARGE + 1), *at;
	struct token token;

	memset(text, 'A', LARGE);
	text[LARGE] = '\0';
	OK(verify(keys, text, NOW) == TOKEN_MALFORMED, "64 KiB are refused");
	memcpy(text, RFC_HS256, strlen(RFC_HS256));
	OK(verify(keys, text, NOW) == TOKEN_MALFORMED, "however they begin");
	memset(text, '.', LARGE);
	OK(token_verify(keys, text, LARGE, NOW, &token) == TOKEN_MALFORMED, "and whatever they are");

	at = stpcpy(text, "{\"exp\":1800000000,\"a\":");
	memset(at, '[', DEPTH);
	memset(at + DEPTH, ']', DEPTH);
	strcpy(at + 2 * DEPTH, "}");
	OK(claims(keys, text) == TOKEN_MALFORMED, "claims that nest too deeply are refused");
	free(text);
}

static void
secrets_are_checked_at_start(void)
{
	OK(hs256_keys("short-but-sweet") == NULL, "a short secret is refused");
	OK(strcmp(errors_said, "TINA4_SECRET: \"...\": must be 32 bytes or more, that nobody can guess\n") == 0,
	    "and not shown");
	OK(hs256_keys("                                        ") == NULL, "so is a blank one");
}

static bool
refused_key(const char *private, const char *public, const char *why)
{
	struct keys *keys = rs256_keys(private, public);
	bool refused = keys == NULL && strstr(errors_said, why) != NULL;

	if (!refused)
		printf("# said %s\n", errors_said);
	keys_free(keys);
	return refused;
}

static void
key_files_are_checked_at_start(void)
{
	OK(refused_key(NULL, "absent", "No such file"), "a file that is not there");
	OK(refused_key(NULL, "none", "TINA4_JWT_PUBLIC_KEY"), "one without a key");
	OK(refused_key("rsa.pub", NULL, "TINA4_JWT_PRIVATE_KEY"), "a public key for a private one");
	OK(refused_key("locked.key", NULL, "passphrase"), "one with a passphrase, that nobody is asked for");
	OK(refused_key("short.key", NULL, "too short"), "a short one");
	OK(refused_key(NULL, "ec.pub", "another"), "one of another algorithm");
	OK(refused_key("none", "none", "TINA4_JWT_PUBLIC_KEY"), "both are complained of");
}

static void
reasons_are_words(void)
{
	bool words = true;

	for (int verdict = TOKEN_VALID; verdict <= TOKEN_UNCHECKED; verdict++) {
		const char *reason = token_reason((enum token_verdict)verdict);

		words &= reason != NULL && reason[strspn(reason, "abcdefghijklmnopqrstuvwxyz-")] == '\0';
	}
	OK(words, "every verdict has its word");
}

int
main(void)
{
	struct keys *hs256 = hs256_keys(SECRET), *rs256, *pair;

	if (mkdtemp(folder) == NULL)
		return 1;
	write_keys();
	rs256 = rs256_keys("rsa.key", NULL);
	pair = rs256_keys("rsa.key", "rsa.pub");

	the_standards_examples_are_understood();
	what_is_issued_is_valid(hs256, "HS256");
	what_is_issued_is_valid(rs256, "RS256, by the private key");
	what_is_issued_is_valid(pair, "RS256, by the public key");
	issuing_is_checked(hs256);
	the_algorithm_is_the_servers(hs256, rs256);
	every_change_is_noticed(hs256);
	every_change_is_noticed(rs256);
	other_keys_are_refused(hs256);
	times_are_checked(hs256);
	parties_are_checked(hs256);
	malformed_times_are_refused(hs256);
	garbage_is_refused(hs256);
	size_and_depth_are_limited(hs256);
	secrets_are_checked_at_start();
	key_files_are_checked_at_start();
	reasons_are_words();

	keys_free(pair);
	keys_free(rs256);
	keys_free(hs256);
	remove_keys();
	return tap_done();
}
