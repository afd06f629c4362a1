#include <libwebsockets.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/edge/answer.h"

enum { HEAD_BYTES = 1024, ERROR_BYTES = 256 };

static bool
add(struct lws *wsi, const char *name, const char *value, unsigned char **at, unsigned char *end)
{
	return lws_add_http_header_by_name(
		   wsi, (const unsigned char *)name, (const unsigned char *)value, (int)strlen(value), at, end) == 0;
}

/* What a status asks for beside its number. */
static bool
add_for_status(struct lws *wsi, const struct answer *answer, unsigned char **at, unsigned char *end)
{
	switch (answer->status) {
	case 401:
		return add(wsi, "www-authenticate:", "Bearer", at, end);
	case 405:
		return add(wsi, "allow:", answer->allow, at, end);
	case 426:
		return add(wsi, "upgrade:", "websocket", at, end) && add(wsi, "sec-websocket-version:", "13", at, end);
	case 429:
	case 503:
		return add(wsi, "retry-after:", "1", at, end);
	default:
		return true;
	}
}

static bool
send_head(struct lws *wsi, const struct answer *answer)
{
	unsigned char head[LWS_PRE + HEAD_BYTES], *at = head + LWS_PRE, *end = head + sizeof(head);

	return lws_add_http_common_headers(wsi, (unsigned int)answer->status, answer->type, answer->len, &at, end) ==
	    0 &&
	    add_for_status(wsi, answer, &at, end) && add(wsi, "connection:", "close", &at, end) &&
	    lws_finalize_write_http_header(wsi, head + LWS_PRE, &at, end) == 0;
}

int
answer_send(struct lws *wsi, const struct answer *answer)
{
	unsigned char *body = malloc(LWS_PRE + answer->len);
	int r = -1;

	if (body != NULL && send_head(wsi, answer)) {
		memcpy(body + LWS_PRE, answer->body, answer->len);
		lws_write(wsi, body + LWS_PRE, answer->len, LWS_WRITE_HTTP_FINAL);
		r = 1;
	}
	free(body);
	return r;
}

static int
send_json(struct lws *wsi, int status, const char *text, const char *allow)
{
	const struct answer answer = { status, allow, "application/json", text, strlen(text) };

	return answer_send(wsi, &answer);
}

int
answer_json(struct lws *wsi, int status, const char *text)
{
	return send_json(wsi, status, text, NULL);
}

int
answer_error(struct lws *wsi, int status, const char *why, const char *allow)
{
	const char *format =
	    status == 401 ? "{\"error\":\"Unauthorized\",\"reason\":\"%s\"}\n" : "{\"error\":\"%s\"}\n";
	char text[ERROR_BYTES];

	snprintf(text, sizeof(text), format, why);
	return send_json(wsi, status, text, allow);
}
