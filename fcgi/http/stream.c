#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/format.h"
#include "fcgi/http/cors.h"
#include "fcgi/http/outlet.h"
#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "fcgi/http/settle.h"
#include "fcgi/http/stream.h"
#include "shared/log.h"

/* With several threads one is left for those who want something else. */
static unsigned
most_at_once(const struct conf *conf)
{
	unsigned others = conf->threads > 1 ? conf->threads - 1 : 1;

	return conf->streams < others ? conf->streams : others;
}

static void
leave_place(struct tina4_app *app)
{
	atomic_fetch_sub(&app->n_streams, 1);
}

static int
take_place(struct tina4_app *app)
{
	if (atomic_fetch_add(&app->n_streams, 1) < most_at_once(&app->conf))
		return 0;
	leave_place(app);
	log_limited(LOG_LEVEL_WARN, "stream refused: as many as TINA4_STREAMS and TINA4_THREADS allow");
	return -EUSERS;
}

/* nginx would collect pieces, and may be told not to: see its fastcgi_buffering. */
static int
prepare(struct tina4_response *res, const char *type)
{
	int r = tina4_response_header(res, "Content-Type", type);

	if (r == 0 && response_get(res, "X-Accel-Buffering") == NULL)
		r = tina4_response_header(res, "X-Accel-Buffering", "no");
	if (r == 0)
		r = cors_apply(&res->app->conf, request_environment(res->req), res);
	return r == 0 ? settle(res->req, res) : r;
}

static int
flush(const struct outlet *outlet)
{
	return outlet->flush != NULL ? outlet->flush(outlet->context) : 0;
}

static int
begin(struct tina4_response *res)
{
	int r = response_put_head(res, res->outlet->put, res->outlet->context);

	res->stream = STREAM_OPEN;
	return r == 0 ? flush(res->outlet) : r;
}

int
tina4_response_stream(struct tina4_response *res, const char *type)
{
	struct tina4_app *app;
	int r;

	if (res->stream != STREAM_NONE)
		return -EALREADY;
	if (res->req == NULL || res->outlet == NULL || type == NULL || !response_has_body(res))
		return -EINVAL;
	app = tina4_request_app(res->req);
	r = take_place(app);
	if (r < 0)
		return r;
	r = prepare(res, type);
	if (r == 0)
		return begin(res);
	leave_place(app);
	return r;
}

int
tina4_response_write(struct tina4_response *res, const void *data, size_t len)
{
	const struct outlet *outlet = res->outlet;
	int r;

	if (res->stream == STREAM_NONE || (data == NULL && len > 0))
		return -EINVAL;
	if (res->without_body)
		return -EPIPE;
	r = outlet->put(outlet->context, data, len);
	return r == 0 ? flush(outlet) : r;
}

int
tina4_response_writef(struct tina4_response *res, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;
	int r;

	va_start(args, format);
	r = format_text(&text, format, args);
	va_end(args);
	if (r == 0)
		r = tina4_response_write(res, text.data, text.len);
	buf_free(&text);
	return r;
}

int
tina4_response_wait(struct tina4_response *res, int ms)
{
	if (res->stream == STREAM_NONE || ms < 0)
		return -EINVAL;
	return res->without_body ? -EPIPE : res->outlet->wait(res->outlet->context, ms);
}

int
stream_finish(struct tina4_response *res, int error)
{
	leave_place(tina4_request_app(res->req));
	res->stream = STREAM_OVER;
	return error == 0 || res->without_body ? 0 : -EPIPE;
}
