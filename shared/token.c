#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base64url.h"
#include "shared/buf.h"
#include "shared/jsonprint.h"
#include "shared/jsontext.h"
#include "shared/keys.h"
#include "shared/token.h"
#include "shared/utf8.h"

#define MAX_WHOLE 9007199254740991.0 /* 2^53 - 1: the whole numbers that a double holds */

/* The compact form, RFC 7515 section 3.1, still encoded; head and payload are what is signed. */
struct parts {
	const char *head;
	size_t head_len;
	const char *payload;
	size_t payload_len;
	const char *signature;
	size_t signature_len;
};

/* The times of RFC 7519 section 4.1. */
struct times {
	int64_t expires;
	int64_t not_before;
	bool has_expires;
};

static bool
split(const char *text, size_t len, struct parts *ret)
{
	const char *end = text + len;
	const char *first = memchr(text, '.', len), *second;

	if (first == NULL)
		return false;
	second = memchr(first + 1, '.', (size_t)(end - first - 1));
	if (second == NULL || memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
		return false;
	*ret = (struct parts){
		.head = text,
		.head_len = (size_t)(first - text),
		.payload = first + 1,
		.payload_len = (size_t)(second - first - 1),
		.signature = second + 1,
		.signature_len = (size_t)(end - second - 1),
	};
	return true;
}

/* --- JSON that others wrote -------------------------------------------------------- */

/* Decodes a part into text, terminated, and parses it. Returns NULL for what is no JSON object in UTF-8. */
static cJSON *
parse_part(const char *part, size_t len, struct buf *text)
{
	struct jsontext_fault fault;
	cJSON *json;

	if (base64url_decode(text, part, len) < 0 || buf_cstr(text) == NULL)
		return NULL;
	if (!jsontext_check(text->data, text->len, &fault)) /* a NUL would end somebody's name too early */
		return NULL;
	json = cJSON_ParseWithLength((const char *)text->data, text->len);
	if (cJSON_IsObject(json))
		return json;
	cJSON_Delete(json);
	return NULL;
}

/* Finds a member. Returns false when it comes twice: readers would not agree which one counts. */
static bool
find(const cJSON *object, const char *name, const cJSON **ret)
{
	const cJSON *member;

	*ret = NULL;
	cJSON_ArrayForEach(member, object) {
		if (strcmp(member->string, name) != 0)
			continue;
		if (*ret != NULL)
			return false;
		*ret = member;
	}
	return true;
}

/* A NumericDate of RFC 7519 section 2, which may have a fraction; *ret stays when there is none. */
static bool
read_time(const cJSON *claims, const char *name, int64_t *ret, bool *ret_there)
{
	const cJSON *member;

	if (!find(claims, name, &member))
		return false;
	*ret_there = member != NULL;
	if (member == NULL)
		return true;
	if (!cJSON_IsNumber(member) || !(member->valuedouble >= 0 && member->valuedouble <= MAX_WHOLE))
		return false;
	*ret = (int64_t)member->valuedouble;
	return true;
}

/* --- checking ------------------------------------------------------------------------- */

/* The header is read before the signature is checked, for the algorithm only. */
static enum token_verdict
check_head(const struct keys *keys, const struct parts *parts)
{
	enum token_verdict verdict = TOKEN_MALFORMED;
	struct buf text = BUF_INIT;
	cJSON *head = parse_part(parts->head, parts->head_len, &text);
	const cJSON *alg, *crit;

	/* RFC 7515 section 4.1.11: crit names what must be understood, and there is nothing that we do. */
	if (head != NULL && find(head, "alg", &alg) && cJSON_IsString(alg) && find(head, "crit", &crit) && crit == NULL)
		verdict = strcmp(alg->valuestring, keys_algorithm(keys)) == 0 ? TOKEN_VALID : TOKEN_WRONG_ALGORITHM;
	cJSON_Delete(head);
	buf_free(&text);
	return verdict;
}

static enum token_verdict
check_signature(const struct keys *keys, const struct parts *parts)
{
	size_t signed_len = (size_t)(parts->payload + parts->payload_len - parts->head);
	struct buf signature = BUF_INIT;
	int r = base64url_decode(&signature, parts->signature, parts->signature_len);

	if (r == 0)
		r = keys_check(keys, parts->head, signed_len, signature.data, signature.len);
	buf_free(&signature);
	switch (r) {
	case 0:
		return TOKEN_VALID;
	case -EINVAL:
		return TOKEN_MALFORMED;
	case -EBADMSG:
		return TOKEN_BAD_SIGNATURE;
	default:
		return TOKEN_UNCHECKED;
	}
}

static bool
read_times(const cJSON *claims, struct times *ret)
{
	int64_t issued;
	bool there;

	*ret = (struct times){ .expires = INT64_MAX };
	return read_time(claims, "iat", &issued, &there) && read_time(claims, "nbf", &ret->not_before, &there) &&
	    read_time(claims, "exp", &ret->expires, &ret->has_expires);
}

static enum token_verdict
check_times(const struct keys *keys, const struct times *times, int64_t now)
{
	if (!times->has_expires && keys_need_expiry(keys))
		return TOKEN_NO_EXPIRY;
	if (now >= times->expires)
		return TOKEN_EXPIRED;
	if (now + TOKEN_LEEWAY_SECONDS < times->not_before)
		return TOKEN_NOT_YET_VALID;
	return TOKEN_VALID;
}

/* RFC 7519 section 4.1.3: one name, or a list of them. */
static bool
is_for(const cJSON *audience, const char *us)
{
	const cJSON *one;

	if (cJSON_IsString(audience))
		return strcmp(audience->valuestring, us) == 0;
	if (cJSON_IsArray(audience))
		cJSON_ArrayForEach(one, audience)
			if (cJSON_IsString(one) && strcmp(one->valuestring, us) == 0)
				return true;
	return false;
}

/* Whom a token is for and from, where the settings say what it must be. */
static enum token_verdict
check_parties(const struct keys *keys, const cJSON *claims)
{
	const char *us = keys_audience(keys), *them = keys_issuer(keys);
	const cJSON *audience, *issuer;

	if (!find(claims, "aud", &audience) || !find(claims, "iss", &issuer))
		return TOKEN_MALFORMED;
	if (us != NULL && !is_for(audience, us))
		return TOKEN_WRONG_AUDIENCE;
	if (them != NULL && !(cJSON_IsString(issuer) && strcmp(issuer->valuestring, them) == 0))
		return TOKEN_WRONG_ISSUER;
	return TOKEN_VALID;
}

/* Many issuers have a number of their database there, which is told in digits. */
static enum token_verdict
read_subject(const cJSON *claims, char **ret)
{
	const cJSON *member;
	char digits[24];

	*ret = NULL;
	if (!find(claims, "sub", &member))
		return TOKEN_MALFORMED;
	if (member == NULL || cJSON_IsNull(member))
		return TOKEN_VALID;
	if (cJSON_IsNumber(member) && member->valuedouble >= -MAX_WHOLE && member->valuedouble <= MAX_WHOLE &&
	    member->valuedouble == (double)(int64_t)member->valuedouble) {
		snprintf(digits, sizeof(digits), "%" PRId64, (int64_t)member->valuedouble);
		*ret = strdup(digits);
	} else if (cJSON_IsString(member)) {
		*ret = strdup(member->valuestring);
	} else {
		return TOKEN_MALFORMED;
	}
	return *ret == NULL ? TOKEN_UNCHECKED : TOKEN_VALID;
}

static enum token_verdict
check_claims(const struct keys *keys, const struct parts *parts, int64_t now, struct token *ret)
{
	enum token_verdict verdict = TOKEN_MALFORMED;
	struct buf text = BUF_INIT;
	cJSON *claims = parse_part(parts->payload, parts->payload_len, &text);
	struct times times;
	char *subject = NULL;

	if (claims != NULL && read_times(claims, &times))
		verdict = check_times(keys, &times, now);
	if (verdict == TOKEN_VALID)
		verdict = check_parties(keys, claims);
	if (verdict == TOKEN_VALID)
		verdict = read_subject(claims, &subject);
	cJSON_Delete(claims);
	if (verdict == TOKEN_VALID)
		*ret = (struct token){ (char *)text.data, text.len, times.expires, subject };
	else
		buf_free(&text);
	return verdict;
}

enum token_verdict
token_verify(const struct keys *keys, const char *text, size_t len, int64_t now, struct token *ret)
{
	enum token_verdict verdict;
	struct parts parts;

	if (len == 0)
		return TOKEN_MISSING;
	if (len > TOKEN_MAX_BYTES || !split(text, len, &parts))
		return TOKEN_MALFORMED;
	verdict = check_head(keys, &parts);
	if (verdict != TOKEN_VALID)
		return verdict;
	verdict = check_signature(keys, &parts);
	if (verdict != TOKEN_VALID)
		return verdict;
	return check_claims(keys, &parts, now, ret);
}

void
token_free(struct token *token)
{
	free(token->subject);
	free(token->claims);
	*token = (struct token){ 0 };
}

const char *
token_reason(enum token_verdict verdict)
{
	switch (verdict) {
	case TOKEN_VALID:
		return "valid";
	case TOKEN_MISSING:
		return "missing";
	case TOKEN_MALFORMED:
		return "malformed";
	case TOKEN_WRONG_ALGORITHM:
		return "wrong-algorithm";
	case TOKEN_BAD_SIGNATURE:
		return "bad-signature";
	case TOKEN_EXPIRED:
		return "expired";
	case TOKEN_NO_EXPIRY:
		return "no-expiry";
	case TOKEN_NOT_YET_VALID:
		return "not-yet-valid";
	case TOKEN_WRONG_AUDIENCE:
		return "wrong-audience";
	case TOKEN_WRONG_ISSUER:
		return "wrong-issuer";
	case TOKEN_UNCHECKED:
		return "not-checked";
	}
	return NULL;
}

/* --- issuing --------------------------------------------------------------------------- */

static int
set_time(cJSON *claims, const char *name, int64_t time)
{
	cJSON_DeleteItemFromObjectCaseSensitive(claims, name);
	return cJSON_AddNumberToObject(claims, name, (double)time) != NULL ? 0 : -ENOMEM;
}

/* Says what the settings say, unless the program does. */
static int
set_party(cJSON *claims, const char *name, const char *value)
{
	if (value == NULL || cJSON_GetObjectItemCaseSensitive(claims, name) != NULL)
		return 0;
	return cJSON_AddStringToObject(claims, name, value) != NULL ? 0 : -ENOMEM;
}

static int
put_head(const struct keys *keys, struct buf *ret)
{
	struct buf head = BUF_INIT;

	buf_printf(&head, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", keys_algorithm(keys));
	base64url_encode(ret, head.data, head.len);
	ret->failed |= head.failed;
	buf_free(&head);
	return ret->failed ? -ENOMEM : 0;
}

static int
put_claims(const cJSON *claims, struct buf *ret)
{
	char *text = jsonprint(claims);
	int r = -ENOMEM;

	if (text != NULL && !utf8_valid(text, strlen(text))) {
		r = -EILSEQ;
	} else if (text != NULL) {
		base64url_encode(ret, text, strlen(text));
		r = ret->failed ? -ENOMEM : 0;
	}
	cJSON_free(text);
	return r;
}

static int
put_signature(const struct keys *keys, size_t begin, struct buf *ret)
{
	struct buf signature = BUF_INIT;
	int r = keys_sign(keys, ret->data + begin, ret->len - begin, &signature);

	buf_u8(ret, '.');
	base64url_encode(ret, signature.data, signature.len);
	buf_free(&signature);
	if (r == 0 && ret->failed)
		r = -ENOMEM;
	return r;
}

int
token_issue(const struct keys *keys, cJSON *claims, int64_t now, int64_t seconds, struct buf *ret)
{
	size_t begin = ret->len;
	int r = -EINVAL;

	if (!cJSON_IsObject(claims) || seconds < 1 || seconds > (int64_t)MAX_WHOLE - now)
		return -EINVAL;
	r = set_time(claims, "iat", now);
	if (r == 0)
		r = set_time(claims, "exp", now + seconds);
	if (r == 0)
		r = set_party(claims, "aud", keys_audience(keys));
	if (r == 0)
		r = set_party(claims, "iss", keys_issuer(keys));
	if (r == 0)
		r = put_head(keys, ret);
	if (r == 0) {
		buf_u8(ret, '.');
		r = put_claims(claims, ret);
	}
	if (r == 0)
		r = put_signature(keys, begin, ret);
	if (r == 0 && ret->len - begin > TOKEN_MAX_BYTES)
		r = -E2BIG;
	if (r < 0)
		ret->len = begin;
	return r;
}
