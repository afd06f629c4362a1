/*
 * closecode - why a WebSocket ends: RFC 6455 section 7.4, and IANA's registry.
 */
#ifndef SHARED_CLOSECODE_H
#define SHARED_CLOSECODE_H

#include <stdbool.h>

enum close_code {
	CLOSE_NORMAL = 1000,
	CLOSE_GOING_AWAY = 1001,
	CLOSE_PROTOCOL_ERROR = 1002,
	CLOSE_UNSUPPORTED_DATA = 1003,
	CLOSE_NO_STATUS = 1005, /* reported only: the peer said none */
	CLOSE_ABNORMAL = 1006,  /* reported only: the connection broke */
	CLOSE_INVALID_DATA = 1007,
	CLOSE_POLICY = 1008,
	CLOSE_TOO_LARGE = 1009,
	CLOSE_INTERNAL_ERROR = 1011,
	CLOSE_TRY_LATER = 1013,
	CLOSE_FIRST_FREE = 3000, /* to the last: libraries' and applications' own */
	CLOSE_LOGIN = 4401,      /* ours: it needs a login, or the one that it had has ended */
	CLOSE_LAST_FREE = 4999,
};

/* True for a code that a server may send: not one that is only ever reported, nor the clients' own 1010. */
bool closecode_may_be_sent(int code);

/* What logs and metrics call it: "going-away"; "application" from CLOSE_FIRST_FREE on, "other" for one without a name.
 */
const char *closecode_name(int code);

#endif
