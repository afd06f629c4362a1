/*
 * keys - what tokens are signed with and checked against.
 *
 * The settings choose one algorithm, and the keys are for that one only:
 *
 *     HS256  TINA4_SECRET signs and checks
 *     RS256  TINA4_JWT_PRIVATE_KEY signs; TINA4_JWT_PUBLIC_KEY checks, or else
 *            the public half of the private one
 *
 * The cryptography is OpenSSL's. Keys do not change after they were made, so
 * threads may share them.
 */
#ifndef SHARED_KEYS_H
#define SHARED_KEYS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct conf;
struct keys; /* opaque */

enum { KEYS_MIN_RSA_BITS = 2048 }; /* RFC 7518 section 3.3 */

/*
 * Reads what conf names; no setting, no key. Every key that cannot be used
 * adds one line to errors. Returns 0, -EINVAL when it added lines, or -ENOMEM.
 */
int keys_new(struct keys **ret, const struct conf *conf, struct buf *errors);

/* Wipes them. NULL is fine. */
void keys_free(struct keys *keys);

/* "HS256" or "RS256". */
const char *keys_algorithm(const struct keys *keys);

/* Whether a token has to say when it ends. */
bool keys_need_expiry(const struct keys *keys);

/* Whom a token must be for, and from; NULL: that is not looked at. */
const char *keys_audience(const struct keys *keys);
const char *keys_issuer(const struct keys *keys);

bool keys_can_sign(const struct keys *keys);
bool keys_can_check(const struct keys *keys);

/* The settings that would bring the missing key, for a complaint. */
const char *keys_settings(const struct keys *keys);

/* Appends the signature of data[len]. Returns 0, -ENOKEY, -ENOMEM or -EIO when OpenSSL fails. */
int keys_sign(const struct keys *keys, const void *data, size_t len, struct buf *ret);

/* Returns 0 when the signature is right, -EBADMSG when not, else what keys_sign() does. */
int keys_check(const struct keys *keys, const void *data, size_t len, const void *signature, size_t signature_len);

#endif
