/*
 * Input: a line that a handler elsewhere writes. It is refused with a reason, or what
 * it wants is a record that the sidecar takes; and it is asked again with what it set.
 */
#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/bridge/answer.h"
#include "fcgi/bridge/handler.h"
#include "fcgi/bridge/params.h"
#include "fcgi/bridge/question.h"
#include "fcgi/bridge/record.h"
#include "fcgi/ws/conn.h"
#include "shared/jsontext.h"
#include "shared/log.h"
#include "tests/fuzz/fuzz.h"

static struct tina4_app *app;
static const struct wire_welcome limits = { .max_message = 1000, .attribute_bytes = 100 };

static void
open_app(void)
{
	if (app != NULL)
		return;
	log_open("fuzz_answer", LOG_LEVEL_ERROR);
	app = tina4_app_new();
	assert(app != NULL && tina4_websocket(app, "/ws/{room}", handler_run) == 0);
}

static struct wire_event
event_of(enum wire_event_kind kind, struct span data, const struct buf *meta)
{
	return (struct wire_event){ .kind = kind,
		.attempt = 1,
		.epoch = 7,
		.id = 9,
		.conn = { { 1 } },
		.data = data,
		.meta = span_of_buf(meta) };
}

static struct tina4_conn *
open_conn(struct span input)
{
	struct wire_meta meta = { .pattern = span_of("/ws/{room}"), .path = span_of("/ws/x"), .ip = span_of("::1") };
	struct buf wire = BUF_INIT;
	struct wire_event event;
	struct tina4_conn *conn = NULL;

	if (input.len > 0 && memchr(input.data, '\0', input.len) == NULL)
		meta.query = input;
	wire_put_meta(&wire, &meta);
	wire_put_pair(&wire, span_of("Host"), span_of("example.org"));
	if (meta.query.len > 0)
		wire_put_pair(&wire, meta.query, meta.query);
	event = event_of(WIRE_OPEN, SPAN_EMPTY, &wire);
	conn_new(&conn, app, &event);
	buf_free(&wire);
	return conn;
}

static void
check_record(const struct buf *out)
{
	struct wire_reader reader = wire_reader(out->data, out->len);
	struct wire_record record;

	assert(wire_get_record(&reader, &record) == 1 && wire_get_record(&reader, &record) == 0);
}

static void
check_question(struct tina4_conn *conn, struct span input)
{
	struct buf empty = BUF_INIT, line = BUF_INIT, pairs = BUF_INIT, request = BUF_INIT;
	struct wire_event event = event_of(WIRE_MESSAGE, input, &empty);

	event.flags = input.len % 2 ? WIRE_BINARY : 0;
	assert(question_put(&line, conn, &event) == 0);
	assert(line.data[line.len - 1] == '\n' && memchr(line.data, '\n', line.len) == line.data + line.len - 1);
	assert(jsontext_is_whole(line.data, line.len));
	assert(params_put(&pairs, "/srv/x.php", conn, &event) == 0);
	assert(record_put_request(&request, span_of_buf(&pairs), input) == 0 || pairs.len > RECORD_MAX_CONTENT);
	buf_free(&line);
	buf_free(&pairs);
	buf_free(&request);
}

static void
check_answer(struct tina4_conn *conn, struct cJSON *answer)
{
	struct buf empty = BUF_INIT, out = BUF_INIT;
	struct wire_event event = event_of(WIRE_OPEN, SPAN_EMPTY, &empty);

	tina4_app_set_user(app, answer);
	conn_handle(conn, &event, &limits, &out);
	check_record(&out);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span input = { len > 0 ? (const char *)data : "", len };
	struct tina4_conn *conn;
	struct answer_fault fault;
	struct cJSON *answer = NULL;
	int r;

	open_app();
	r = answer_parse(input.data, input.len, &answer, &fault);
	assert((answer != NULL) == (r == 0) && (r == 0 || (r == -EBADMSG && fault.why[0] != '\0')));
	conn = open_conn(input);
	if (conn == NULL)
		conn = open_conn(SPAN_EMPTY);
	assert(conn != NULL);
	if (r == 0) {
		answer_id(answer);
		check_answer(conn, answer);
	}
	check_question(conn, input);
	cJSON_Delete(answer);
	conn_free(conn);
	return 0;
}
