#include <stddef.h>

#include "sidecar/edge/refusal.h"

static const struct {
	int status;
	const char *name;
	const char *why;
} refusals[REFUSAL_COUNT] = {
	[REFUSAL_NONE] = { 101, "none", "accepted" },

	[REFUSAL_METHOD] = { 400, "bad-method", "the request does not begin with a method" },
	[REFUSAL_TARGET] = { 400, "bad-target", "the request target is malformed" },
	[REFUSAL_TARGET_TOO_LONG] = { 414, "target-too-long", "the request target is too long" },
	[REFUSAL_REQUEST_LINE] = { 400, "bad-request-line", "the request line is not method, target and version" },
	[REFUSAL_HTTP_VERSION] = { 400, "bad-http-version", "there is no such version of HTTP" },
	[REFUSAL_OTHER_HTTP] = { 505, "other-http-version", "HTTP/1.1 is spoken here" },
	[REFUSAL_LINE_END] = { 400, "bad-line-end", "a line ends in something else than CR LF" },
	[REFUSAL_FOLDED] = { 400, "folded-field", "a header field goes on in the next line" },
	[REFUSAL_FIELD_NAME] = { 400, "bad-field-name", "a header line is not a name, a colon and a value" },
	[REFUSAL_FIELD_VALUE] = { 400, "bad-field-value", "a header field has a control byte" },
	[REFUSAL_TOO_MANY_FIELDS] = { 431, "too-many-fields", "there are too many header fields" },
	[REFUSAL_HEAD_TOO_LARGE] = { 431, "head-too-large", "the header fields are too large" },
	[REFUSAL_NO_HOST] = { 400, "no-host", "there must be one Host" },
	[REFUSAL_HOST] = { 400, "bad-host", "Host must be a host with or without a port" },
	[REFUSAL_LENGTH] = { 400, "bad-content-length", "Content-Length must be one number" },
	[REFUSAL_TRANSFER] = { 400, "bad-transfer-encoding", "Transfer-Encoding contradicts something else" },
	[REFUSAL_TRANSFER_CODING] = { 501, "unknown-transfer-coding", "only chunked is known of Transfer-Encoding" },
	[REFUSAL_CUT_SHORT] = { 400, "cut-short", "the request has no end" },
	[REFUSAL_HEAD_TOO_SLOW] = { 408, "head-too-slow", "the request took too long" },
	[REFUSAL_BODY_TOO_SLOW] = { 408, "body-too-slow", "the body took too long" },

	[REFUSAL_PATH] = { 400, "bad-path", "the path is malformed, or has an encoded slash or a dot segment" },
	[REFUSAL_PATH_TOO_LONG] = { 414, "path-too-long", "the path is too long" },
	[REFUSAL_QUERY] = { 400, "bad-query", "the query has a bad escape or a control byte" },

	[REFUSAL_OLD_HTTP] = { 400, "old-http-version", "a WebSocket begins with HTTP/1.1" },
	[REFUSAL_NOT_GET] = { 405, "not-get", "a connection begins with GET" },
	[REFUSAL_BODY] = { 400, "body", "a connection begins without a body" },
	[REFUSAL_NO_UPGRADE] = { 426, "no-upgrade", "this port speaks WebSocket and text/event-stream" },
	[REFUSAL_WS_VERSION] = { 426, "websocket-version", "Sec-WebSocket-Version must be 13" },
	[REFUSAL_WS_KEY] = { 400, "bad-websocket-key", "Sec-WebSocket-Key must be 16 bytes in base64" },
	[REFUSAL_REPEATED] = { 400, "repeated-field", "a header field that must stand alone is repeated" },
	[REFUSAL_NOT_YET] = { 503, "not-yet", "no application has announced this path yet" },
	[REFUSAL_NO_ROUTE] = { 404, "no-route", "no WebSocket route matches this path" },
	[REFUSAL_ORIGIN] = { 403, "foreign-origin", "this origin is not allowed" },
	[REFUSAL_PROTOCOL] = { 400, "unknown-subprotocol", "none of the offered subprotocols is known" },
	[REFUSAL_TOKEN] = { 401, "bad-token", "this path needs a token that is right" },
	[REFUSAL_NO_KEYS] = { 503, "no-keys", "there is no key to check tokens with" },

	[REFUSAL_STOPPING] = { 503, "stopping", "stopping" },
	[REFUSAL_FULL] = { 503, "full", "too many connections" },
	[REFUSAL_CROWDED] = { 503, "crowded-out", "too many requests under way at once" },
	[REFUSAL_ADDRESS_RATE] = { 429, "address-rate", "too many upgrades from this address" },
	[REFUSAL_ADDRESS_FULL] = { 429, "address-full", "too many connections from this address" },
	[REFUSAL_NO_MEMORY] = { 503, "out-of-memory", "out of memory" },

	[REFUSAL_ADMIN_HOST] = { 403, "foreign-host", "this Host is not one of TINA4_ADMIN_HOSTS" },
};

int
refusal_status(enum refusal refusal)
{
	return refusals[refusal].status;
}

const char *
refusal_name(enum refusal refusal)
{
	return refusals[refusal].name;
}

const char *
refusal_why(enum refusal refusal)
{
	return refusals[refusal].why;
}

const char *
refusal_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" },
		{ 204, "No Content" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 426, "Upgrade Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Unknown";
}
