#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/http/cgi.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/outlet.h"
#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "fcgi/writeall.h"

enum { DRAIN_BYTES = 64 << 10 };

/* Swallows a body, without which a web server that still writes it may lose the answer. */
static void
drain(size_t max_bytes)
{
	char chunk[DRAIN_BYTES];
	ssize_t n;

	while (max_bytes > 0 && (n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		max_bytes -= (size_t)n < max_bytes ? (size_t)n : max_bytes;
}

/*
 * A chunked body has no length, and its end on standard input may be where the
 * web server or the client gave up: half of one would be taken for the whole.
 */
static int
read_without_length(size_t max_bytes)
{
	if (request_variable(environ, "HTTP_TRANSFER_ENCODING") == NULL)
		return 0;
	drain(max_bytes);
	return -ENODATA;
}

/* Reads what is announced and no more: standard input may have no end. Returns -ENODATA when the length is missing. */
static int
read_body(size_t max_bytes, struct buf *body)
{
	size_t bytes;
	int r;

	r = request_body_bytes(environ, max_bytes, &bytes);
	if (r < 0)
		return r == -ENOENT ? read_without_length(max_bytes) : r;
	if (buf_reserve(body, bytes + 1) < 0)
		return -ENOMEM;
	while (body->len < bytes) {
		ssize_t n = read(STDIN_FILENO, body->data + body->len, bytes - body->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EPIPE;
		body->len += (size_t)n;
	}
	return 0;
}

static int
put(void *context, const void *data, size_t len)
{
	(void)context;
	return writeall(STDOUT_FILENO, data, len);
}

/* Signals end a CGI process, so that only the reader's end is to be seen. */
static int
wait_for_end(void *context, int ms)
{
	struct pollfd polled = { .fd = STDOUT_FILENO };

	(void)context;
	return poll(&polled, 1, ms) > 0 ? -EPIPE : 0;
}

int
cgi_serve(struct tina4_app *app)
{
	static const struct outlet outlet = { put, NULL, wait_for_end, NULL };
	struct tina4_response res;
	struct buf body = BUF_INIT;
	int r;

	response_init(&res);
	res.outlet = &outlet;
	r = read_body(app->conf.max_body, &body);
	r = dispatch(app, environ, r, &body, &res);
	if (r == 0)
		r = response_write(&res, put, NULL);
	buf_free(&body);
	response_free(&res);
	return r;
}
