#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "shared/address.h"
#include "sidecar/edge/counters.h"
#include "sidecar/edge/greeting.h"
#include "sidecar/edge/request_line.h"

struct greeting {
	uv_poll_t poll;
	struct greetings *all;
	int fd; /* -1 once it has been passed on or closed */
	char ip[ADDRESS_TEXT_MAX];
	uint64_t end_ms; /* 0 until the first tick */
	struct greeting *prev, *next;
};

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* The handle outlives the greeting by a loop turn. */
static void
end(struct greeting *greeting)
{
	DL_DELETE(greeting->all->under_way, greeting);
	greeting->all->n--;
	uv_poll_stop(&greeting->poll);
	if (greeting->fd >= 0)
		close(greeting->fd);
	uv_close((uv_handle_t *)&greeting->poll, on_closed);
}

/*
 * Looks for the request line at the start of what has arrived. Returns 1 and
 * the line, 0 when more must come, or -1 when it will never be one.
 */
static int
peek(int fd, const char *ip, struct request_line **ret)
{
	char text[REQUEST_LINE_BYTES];
	ssize_t n = recv(fd, text, sizeof(text), MSG_PEEK | MSG_DONTWAIT);
	const char *eol;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0) /* it has gone, or will say nothing any more */
		return -1;
	eol = memchr(text, '\n', (size_t)n);
	if (eol == NULL)
		return n == (ssize_t)sizeof(text) ? -1 : 0;
	*ret = request_line_parse(text, (size_t)(eol - text), ip);
	return *ret == NULL ? -1 : 1;
}

void
greeting_refuse(int fd, const char *status, const char *why)
{
	char unread[REQUEST_LINE_BYTES]; /* left in the socket it would turn our close into a reset */
	char body[128], answer[512];
	int len = snprintf(body, sizeof(body), "{\"error\":\"%s\"}\n", why);

	len = snprintf(answer, sizeof(answer),
	    "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
	    status, len, body);
	recv(fd, unread, sizeof(unread), MSG_DONTWAIT);
	send(fd, answer, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void
refuse_line(struct greetings *all, int fd)
{
	if (all->counters != NULL)
		counters_add_upgrade(all->counters, 400);
	greeting_refuse(fd, "400 Bad Request", "the path or query is malformed, or has an encoded slash");
}

/* Passes the connection on if it has said its line. Returns false to wait. */
static bool
advance(struct greeting *greeting)
{
	struct greetings *all = greeting->all;
	struct request_line *line = NULL;
	int fd = greeting->fd;
	int r = peek(fd, greeting->ip, &line);

	if (r == 0)
		return false;
	greeting->fd = -1;
	end(greeting);
	if (r < 0)
		refuse_line(all, fd);
	if (r > 0)
		all->done(all->context, fd, line);
	return true;
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct greeting *greeting = poll->data;

	(void)events;
	if (status < 0) {
		end(greeting);
		return;
	}
	if (!advance(greeting))
		uv_poll_stop(poll); /* half a line is there, and would wake us for ever: the tick looks again */
}

void
greeting_begin(void *context, int fd, const char *ip)
{
	struct greetings *all = context;
	struct request_line *line = NULL;
	struct greeting *greeting;
	int r = peek(fd, ip, &line);

	if (r > 0) {
		all->done(all->context, fd, line);
		return;
	}
	if (r < 0) {
		refuse_line(all, fd);
		return;
	}
	if (all->n >= GREETING_MAX)
		end(all->under_way); /* it has been silent for longest */
	greeting = calloc(1, sizeof(*greeting));
	if (greeting == NULL || uv_poll_init(all->loop, &greeting->poll, fd) < 0) {
		free(greeting);
		close(fd);
		return;
	}
	greeting->poll.data = greeting;
	greeting->all = all;
	greeting->fd = fd;
	strncpy(greeting->ip, ip, sizeof(greeting->ip) - 1);
	DL_APPEND(all->under_way, greeting);
	all->n++;
	uv_poll_start(&greeting->poll, UV_READABLE, on_readable);
}

void
greetings_open(
    struct greetings *greetings, uv_loop_t *loop, struct counters *counters, greeting_done *done, void *context)
{
	*greetings = (struct greetings){ .loop = loop, .counters = counters, .done = done, .context = context };
}

void
greetings_close(struct greetings *greetings)
{
	struct greeting *greeting, *next;

	DL_FOREACH_SAFE(greetings->under_way, greeting, next)
		end(greeting);
}

void
greetings_refuse(struct greetings *greetings, const char *status, const char *why)
{
	struct greeting *greeting, *next;

	DL_FOREACH_SAFE(greetings->under_way, greeting, next) {
		greeting_refuse(greeting->fd, status, why);
		greeting->fd = -1;
		end(greeting);
	}
}

void
greetings_tick(struct greetings *greetings, uint64_t now_ms)
{
	struct greeting *greeting, *next;

	DL_FOREACH_SAFE(greetings->under_way, greeting, next) {
		if (greeting->end_ms == 0)
			greeting->end_ms = now_ms + GREETING_MS;
		if (now_ms >= greeting->end_ms)
			end(greeting);
		else if (!uv_is_active((uv_handle_t *)&greeting->poll))
			advance(greeting);
	}
}
