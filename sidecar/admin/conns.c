#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/closecode.h"
#include "shared/connjson.h"
#include "shared/jsonput.h"
#include "shared/log.h"
#include "shared/numeral.h"
#include "shared/username.h"
#include "shared/utf8.h"
#include "shared/wire.h"
#include "sidecar/admin/answer.h"
#include "sidecar/admin/bearer.h"
#include "sidecar/admin/conns.h"
#include "sidecar/admin/query.h"
#include "sidecar/edge/gate.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/rolls.h"

static void
refuse(struct guest *guest, int status, const char *why, const char *allow)
{
	log_limited(LOG_LEVEL_INFO, "connections refused path=%s status=%d why=%s", guest->target.path, status, why);
	answer_error(guest, status, why, allow);
}

/* Of one who has asked by the right method. Refuses any other, and returns false then. */
static bool
is_allowed(const struct conf *conf, struct guest *guest)
{
	const char *why = NULL;
	int status = bearer_check(&guest->head, conf, &why);

	if (status != 200)
		refuse(guest, status, why, NULL);
	return status == 200;
}

/* A number from the query, or otherwise without one. Returns 0, -EINVAL or -ENOMEM. */
static int
get_number(struct guest *guest, const char *name, int64_t otherwise, int64_t *ret)
{
	char *text;
	int r = query_get(guest->target.query, name, &text);

	if (r < 0)
		return r;
	*ret = otherwise;
	if (text != NULL && numeral_int(text, strlen(text), ret) < 0)
		r = -EINVAL;
	free(text);
	return r;
}

/* --- who is connected ------------------------------------------------------------------ */

/* Returns 0 or -EPROTO. */
static int
put_page(struct buf *buf, const struct wire_conns *page)
{
	struct wire_reader conns = page->conns;
	struct wire_conn conn;
	bool first = true;
	int r;

	buf_printf(
	    buf, "{\"host\":\"%08x\",\"answered\":%s,\"cursor\":", page->host, page->answered ? "true" : "false");
	if (page->cursor.len > 0)
		jsonput_string(buf, page->cursor);
	else
		buf_string(buf, "null");
	buf_string(buf, ",\"conns\":[");
	while ((r = wire_get_conn(&conns, &conn)) > 0) {
		if (!first)
			buf_u8(buf, ',');
		first = false;
		connjson_put(buf, &conn);
	}
	buf_string(buf, "]}\n");
	return r;
}

static void
answer_page(struct guest *guest, const struct wire_reply *found)
{
	struct buf json = BUF_INIT;
	struct wire_conns page;

	if (wire_get_conns(found->text, &page) < 0 || put_page(&json, &page) < 0 || json.failed)
		refuse(guest, 503, "out of memory", NULL);
	else
		answer_json(guest, 200, span_of_buf(&json));
	buf_free(&json);
}

/* What is wrong is said in words that have nothing to escape, and end with a NUL. */
static void
answer_reply(void *whom, const struct wire_reply *found)
{
	struct guest *guest = whom;

	if (found->status == WIRE_OK)
		answer_page(guest, found);
	else if (found->status == WIRE_INVALID)
		refuse(guest, 400, found->text.data, NULL);
	else
		refuse(guest, 503, "the sidecar is at a limit", NULL);
}

static void
ask(struct rolls *rolls, struct guest *guest, const struct wire_conns_asked *asked, const char *path)
{
	struct wire_command command = { .type = WIRE_CONNS, .key = span_of(path) };
	struct buf data = BUF_INIT;

	wire_put_conns_asked(&data, asked);
	command.data = span_of_buf(&data);
	if (data.failed)
		refuse(guest, 503, "out of memory", NULL);
	else if (guest_wait(guest))
		rolls_ask(rolls, &command, answer_reply, guest);
	buf_free(&data);
}

static struct span
span_or_empty(const char *text)
{
	return text != NULL ? span_of(text) : SPAN_EMPTY;
}

/* What is asked for, but for how many. */
enum { PATH, USER, HOST, CURSOR, N_TEXTS };

static int
get_texts(struct guest *guest, char *ret[static N_TEXTS])
{
	static const char *const names[N_TEXTS] = { "path", "user", "host", "cursor" };
	int r = 0;

	for (size_t i = 0; i < N_TEXTS && r == 0; i++)
		r = query_get(guest->target.query, names[i], &ret[i]);
	return r;
}

static void
answer_asked(struct rolls *rolls, struct guest *guest, char *const texts[static N_TEXTS])
{
	struct wire_conns_asked asked = { .cursor = span_or_empty(texts[CURSOR]),
		.host = span_or_empty(texts[HOST]),
		.user = span_or_empty(texts[USER]) };
	int64_t max;
	int r = get_number(guest, "max", UINT32_MAX, &max);

	if (r == -ENOMEM) {
		refuse(guest, 503, "out of memory", NULL);
	} else if (r < 0 || max < 1) {
		refuse(guest, 400, "max must be a number from 1 on", NULL);
	} else {
		asked.max = max > UINT32_MAX ? UINT32_MAX : (uint32_t)max;
		ask(rolls, guest, &asked, texts[PATH] != NULL ? texts[PATH] : "");
	}
}

void
conns_answer(const struct conf *conf, struct rolls *rolls, struct guest *guest)
{
	char *texts[N_TEXTS] = { NULL };

	if (!head_is(&guest->head, "GET") && !head_is(&guest->head, "HEAD")) {
		refuse(guest, 405, "the list is read", "GET, HEAD");
		return;
	}
	if (!is_allowed(conf, guest))
		return;
	if (get_texts(guest, texts) < 0)
		refuse(guest, 503, "out of memory", NULL);
	else
		answer_asked(rolls, guest, texts);
	for (size_t i = 0; i < N_TEXTS; i++)
		free(texts[i]);
}

/* --- ending that ------------------------------------------------------------------------ */

static void
answer_closed(struct guest *guest, const struct wire_reply *reply)
{
	char json[64];

	snprintf(json, sizeof(json), "{\"connections\":%u,\"relayed\":%s}\n", reply->connections,
	    reply->relayed ? "true" : "false");
	answer_json(guest, 200, span_of(json));
}

static void
answer_outcome(struct guest *guest, const struct wire_reply *reply)
{
	switch (reply->status) {
	case WIRE_OK:
		answer_closed(guest, reply);
		return;
	case WIRE_NO_CONN:
		refuse(guest, 404, "no such connection", NULL);
		return;
	case WIRE_NO_ROUTE:
		refuse(guest, 404, "no route matches this path", NULL);
		return;
	case WIRE_NOT_READY:
		refuse(guest, 503, "no application has announced this path yet", NULL);
		return;
	case WIRE_NOT_RELAYED:
		refuse(guest, 503, "closed on this host, but the relay to the others is full", NULL);
		return;
	case WIRE_BUSY:
		refuse(guest, 503, "the sidecar is at a limit", NULL);
		return;
	case WIRE_MALFORMED:
	case WIRE_BAD_VERSION:
	case WIRE_TOO_LARGE:
	case WIRE_EXPIRED:
	case WIRE_INVALID:
		break; /* of other requests */
	}
	refuse(guest, 500, "nothing was closed", NULL);
}

static void
take(struct requests *requests, struct guest *guest, const struct wire_command *command)
{
	struct wire_reply reply = { .status = WIRE_BUSY };
	struct wire_id id;

	if (wire_id_random(&id) == 0)
		requests_take(requests, &id, command, &reply);
	answer_outcome(guest, &reply);
}

/* Closes as the query says: by itself for good, see frond(3). */
static void
close_with(struct requests *requests, struct guest *guest, struct wire_command *command)
{
	char *reason = NULL;
	int64_t code;
	int r = get_number(guest, "code", CLOSE_POLICY, &code);

	if (r == 0)
		r = query_get(guest->target.query, "reason", &reason);
	if (r == -ENOMEM) {
		refuse(guest, 503, "out of memory", NULL);
		return;
	}
	command->data = span_or_empty(reason);
	if (r < 0 || code < 0 || code > UINT16_MAX || !closecode_may_be_sent((int)code)) {
		refuse(guest, 400, "code must be one that a server may send", NULL);
	} else if (command->data.len > WIRE_REASON_BYTES || !utf8_valid(command->data.data, command->data.len)) {
		refuse(guest, 400, "reason must be UTF-8 of at most 123 bytes", NULL);
	} else {
		command->code = (uint16_t)code;
		take(requests, guest, command);
	}
	free(reason);
}

/* Of what is only there to be closed. */
static bool
may_close(const struct conf *conf, struct guest *guest)
{
	if (head_is(&guest->head, "DELETE"))
		return is_allowed(conf, guest);
	refuse(guest, 405, "it is closed by DELETE", "DELETE");
	return false;
}

void
conns_close(const struct conf *conf, struct requests *requests, struct guest *guest)
{
	struct wire_command command = { .type = WIRE_DISCONNECT, .flags = WIRE_OTHER_CONN };

	if (!may_close(conf, guest))
		return;
	if (wire_id_parse(guest->target.path + strlen(CONNS_PREFIX), &command.conn) < 0)
		refuse(guest, 400, "an id is 32 hexadecimal digits", NULL);
	else
		close_with(requests, guest, &command);
}

void
conns_close_path(const struct conf *conf, struct requests *requests, struct guest *guest)
{
	size_t before = strlen(CONNS_PATH_PREFIX) - 1;
	struct wire_command command = {
		.type = WIRE_KICK,
		.key = { guest->target.path + before, guest->target.path_len - before },
	};

	if (may_close(conf, guest))
		close_with(requests, guest, &command);
}

void
conns_close_user(const struct conf *conf, struct requests *requests, struct guest *guest)
{
	size_t before = strlen(CONNS_USER_PREFIX);
	struct wire_command command = {
		.type = WIRE_USER_CLOSE,
		.key = { guest->target.path + before, guest->target.path_len - before },
	};

	if (!may_close(conf, guest))
		return;
	if (!username_is_valid(command.key))
		refuse(guest, 400, USERNAME_RULE, NULL);
	else
		close_with(requests, guest, &command);
}
