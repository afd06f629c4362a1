#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "shared/buf.h"
#include "sidecar/edge/reply.h"

/* RFC 9110 section 5.6.7; the names of strftime() would be the locale's. */
static void
put_date(int64_t now, struct buf *ret)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
		"Dec" };
	time_t seconds = (time_t)now;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL)
		buf_printf(ret, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday], tm.tm_mday,
		    months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* RFC 9110 sections 11.6.1, 10.2.1, 15.5.22 and 10.2.3; RFC 6455 section 4.4. */
static void
put_for_status(const struct reply *reply, struct buf *ret)
{
	switch (reply->status) {
	case 401:
		buf_string(ret, "WWW-Authenticate: Bearer\r\n");
		break;
	case 426:
		buf_string(ret, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
		break;
	case 429:
	case 503:
		buf_string(ret, "Retry-After: 1\r\n");
		break;
	default:
		break;
	}
	if (reply->allow != NULL)
		buf_printf(ret, "Allow: %s\r\n", reply->allow);
}

void
reply_put(const struct reply *reply, int64_t now, struct buf *ret)
{
	buf_printf(ret, "HTTP/1.1 %d %s\r\n", reply->status, refusal_phrase(reply->status));
	put_date(now, ret);
	put_for_status(reply, ret);
	if (reply->status != 204)
		buf_printf(ret, "Content-Type: %s\r\nContent-Length: %zu\r\n", reply->type, reply->body.len);
	buf_printf(ret, "Connection: %s\r\n\r\n", reply->status == 426 ? "Upgrade, close" : "close");
	if (!reply->bodiless && reply->status != 204)
		buf_bytes(ret, reply->body.data, reply->body.len);
}

/* Nothing on the way may keep it, make it wait for more, or compress it. */
void
reply_put_stream(struct span origin, int64_t now, struct buf *ret)
{
	buf_string(ret, "HTTP/1.1 200 OK\r\n");
	put_date(now, ret);
	buf_string(ret,
	    "Content-Type: text/event-stream\r\nCache-Control: no-store, no-transform\r\n"
	    "X-Accel-Buffering: no\r\nVary: Origin\r\n");
	if (origin.data != NULL) {
		buf_string(ret, "Access-Control-Allow-Origin: ");
		buf_bytes(ret, origin.data, origin.len);
		buf_string(ret, "\r\nAccess-Control-Allow-Credentials: true\r\n");
	}
	buf_string(ret, "Connection: close\r\n\r\n");
}

void
reply_put_error(int status, const char *text, const char *allow, bool bodiless, int64_t now, struct buf *ret)
{
	struct buf body = BUF_INIT;
	struct reply reply = { .status = status, .type = "application/json", .allow = allow, .bodiless = bodiless };

	buf_printf(
	    &body, status == 401 ? "{\"error\":\"Unauthorized\",\"reason\":\"%s\"}\n" : "{\"error\":\"%s\"}\n", text);
	reply.body = span_of_buf(&body);
	if (body.failed)
		ret->failed = true;
	else
		reply_put(&reply, now, ret);
	buf_free(&body);
}

void
reply_put_refusal(enum refusal refusal, bool bodiless, int64_t now, struct buf *ret)
{
	reply_put_error(refusal_status(refusal), refusal_why(refusal), refusal == REFUSAL_NOT_GET ? "GET" : NULL,
	    bodiless, now, ret);
}
