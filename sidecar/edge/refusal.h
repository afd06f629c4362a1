/*
 * refusal - every reason for which the gate lets somebody stand outside.
 *
 * Each has a status, a word that metrics count it under, and a sentence for
 * the log and for who asked. Pure.
 */
#ifndef SIDECAR_REFUSAL_H
#define SIDECAR_REFUSAL_H

enum refusal {
	REFUSAL_NONE,

	/* the head: see head */
	REFUSAL_METHOD,
	REFUSAL_TARGET,
	REFUSAL_TARGET_TOO_LONG,
	REFUSAL_REQUEST_LINE,
	REFUSAL_HTTP_VERSION,
	REFUSAL_OTHER_HTTP,
	REFUSAL_LINE_END,
	REFUSAL_FOLDED,
	REFUSAL_FIELD_NAME,
	REFUSAL_FIELD_VALUE,
	REFUSAL_TOO_MANY_FIELDS,
	REFUSAL_HEAD_TOO_LARGE,
	REFUSAL_NO_HOST,
	REFUSAL_HOST,
	REFUSAL_LENGTH,
	REFUSAL_TRANSFER,
	REFUSAL_TRANSFER_CODING,
	REFUSAL_CUT_SHORT,
	REFUSAL_HEAD_TOO_SLOW,
	REFUSAL_BODY_TOO_SLOW,

	/* where it leads */
	REFUSAL_PATH,
	REFUSAL_PATH_TOO_LONG,
	REFUSAL_QUERY,

	/* the upgrade: see upgrade */
	REFUSAL_OLD_HTTP,
	REFUSAL_NOT_GET,
	REFUSAL_BODY,
	REFUSAL_NO_UPGRADE,
	REFUSAL_WS_VERSION,
	REFUSAL_WS_KEY,
	REFUSAL_REPEATED,
	REFUSAL_NOT_YET,
	REFUSAL_NO_ROUTE,
	REFUSAL_ORIGIN,
	REFUSAL_PROTOCOL,
	REFUSAL_TOKEN,
	REFUSAL_NO_KEYS,

	/* what the request itself cannot help */
	REFUSAL_STOPPING,
	REFUSAL_FULL,
	REFUSAL_CROWDED,
	REFUSAL_ADDRESS_RATE,
	REFUSAL_ADDRESS_FULL,
	REFUSAL_NO_MEMORY,

	/* the admin listener */
	REFUSAL_ADMIN_HOST,

	REFUSAL_COUNT
};

/* The HTTP status. */
int refusal_status(enum refusal refusal);

/* What it is counted as, such as "bad-host"; no other has the same word. */
const char *refusal_name(enum refusal refusal);

/* A sentence without anything that JSON would have to escape. */
const char *refusal_why(enum refusal refusal);

/* The reason phrase of a status: RFC 9110 section 15. */
const char *refusal_phrase(int status);

#endif
