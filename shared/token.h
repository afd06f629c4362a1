/*
 * token - signed tokens that say who somebody is: JWT (RFC 7519) as a JWS in
 * its compact form (RFC 7515).
 *
 * The keys settle the algorithm; a token that names another one is refused, so
 * "none" is, and so is a public key taken for a secret. A token must say when
 * it ends (exp), unless TINA4_JWT_EXPIRY is "optional". Time is an argument:
 * everything here is pure.
 */
#ifndef SHARED_TOKEN_H
#define SHARED_TOKEN_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct cJSON;
struct keys;

enum token_limits {
	TOKEN_MAX_BYTES = 8192,    /* of a token as text */
	TOKEN_LEEWAY_SECONDS = 60, /* that an issuer's clock may be ahead: for nbf. exp has none */
};

enum token_verdict {
	TOKEN_VALID,
	TOKEN_MISSING,
	TOKEN_MALFORMED, /* no token, too long, or its claims make no sense */
	TOKEN_WRONG_ALGORITHM,
	TOKEN_BAD_SIGNATURE,
	TOKEN_EXPIRED,
	TOKEN_NO_EXPIRY,
	TOKEN_NOT_YET_VALID,
	TOKEN_WRONG_AUDIENCE, /* it is for another service: TINA4_JWT_AUDIENCE */
	TOKEN_WRONG_ISSUER,   /* TINA4_JWT_ISSUER */
	TOKEN_UNCHECKED,      /* we could not tell: there is no key, or no memory */
};

struct token {
	char *claims; /* a JSON object as it was signed: UTF-8, terminated */
	size_t claims_len;
	int64_t expires; /* Unix time; INT64_MAX when it never does */
	char *subject;   /* sub, RFC 7519 section 4.1.2, a whole number in digits; NULL without one */
};

/*
 * Checks text[len] at the Unix time now. *ret is filled for TOKEN_VALID only
 * and then freed with token_free().
 */
enum token_verdict token_verify(const struct keys *keys, const char *text, size_t len, int64_t now, struct token *ret);

/* A zeroed token is fine. */
void token_free(struct token *token);

/* The verdict in a word or two, for the log and for who sent the token: "expired", "bad-signature", ... */
const char *token_reason(enum token_verdict verdict);

/*
 * Appends a token with these claims, an object, in which iat and exp are set
 * for a life of so many seconds, and aud and iss from the settings where the
 * claims have none. Returns 0, -EINVAL for other claims or fewer
 * than one second, -EILSEQ for what is not UTF-8, -E2BIG for a token that is
 * too long, or what keys_sign() does.
 */
int token_issue(const struct keys *keys, struct cJSON *claims, int64_t now, int64_t seconds, struct buf *ret);

#endif
