#include <errno.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/cgi.h"
#include "fcgi/dispatch.h"
#include "fcgi/io.h"
#include "fcgi/request.h"
#include "fcgi/response.h"

/* Reads what is announced and no more: standard input may have no end. */
static int
read_body(size_t max_bytes, struct buf *body)
{
	size_t bytes;
	int r;

	r = request_body_bytes(environ, max_bytes, &bytes);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
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
	return io_write(STDOUT_FILENO, data, len);
}

int
cgi_serve(struct tina4_app *app)
{
	struct tina4_response res;
	struct buf body = BUF_INIT;
	int r;

	response_init(&res);
	r = read_body(app->conf.max_body, &body);
	dispatch(app, environ, r, &body, &res);
	r = response_write(&res, request_is_head(environ), put, NULL);
	buf_free(&body);
	response_free(&res);
	return r;
}
