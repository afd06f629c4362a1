#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "shared/path.h"
#include "shared/take.h"
#include "shared/username.h"
#include "sidecar/feed/rolls.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/roll.h"

enum { HOST_DIGITS = 8 };

/* What is asked, once it has been read. */
struct query {
	struct span path, user;
	uint32_t max;
	struct roll_cursor from;
	bool one_host; /* and no other */
};

/* One who waits for a host. */
struct roll_waiting {
	uint64_t token;
	uint32_t host, slot; /* that it is asked for */
	bool one_host;
	rolls_answer *answer;
	void *whom;
	struct roll_waiting *prev, *next;
};

void
rolls_open(struct rolls *rolls, const struct hub *hub, uint32_t host)
{
	*rolls = (struct rolls){ .hub = hub, .host = host };
}

void
rolls_listen(struct rolls *rolls, const struct rolls_events *events, void *context)
{
	rolls->events = events;
	rolls->context = context;
}

/* --- what is asked ------------------------------------------------------------------ */

/* The least number of a host, from this one on, which may be our own. False for none. */
static bool
next_host(const struct rolls *rolls, uint64_t from, uint32_t *ret)
{
	uint32_t other;
	bool found = rolls->events != NULL && rolls->events->next_host(rolls->context, from, &other);
	bool own = rolls->host >= from && !(found && other < rolls->host);

	if (own || found)
		*ret = own ? rolls->host : other;
	return own || found;
}

/* Returns NULL, or what is wrong. */
static const char *
take_place(const struct rolls *rolls, const struct wire_conns_asked *asked, struct query *ret)
{
	struct span text = asked->host;
	uint64_t host = 0;

	ret->one_host = asked->host.len > 0;
	if (ret->one_host && !(take_hex(&text, HOST_DIGITS, &host) && text.len == 0))
		return "a host is eight hexadecimal digits";
	if (asked->cursor.len > 0 && roll_cursor_parse(asked->cursor, &ret->from) < 0)
		return "this is no cursor of an earlier answer";
	if (asked->cursor.len == 0)
		ret->from.host = (uint32_t)host;
	if (asked->cursor.len == 0 && !ret->one_host)
		next_host(rolls, 0, &ret->from.host);
	return ret->one_host && ret->from.host != host ? "the cursor is of another host" : NULL;
}

/* The same. */
static const char *
parse(const struct rolls *rolls, const struct wire_command *command, struct query *ret)
{
	struct wire_conns_asked asked;

	*ret = (struct query){ .path = command->key };
	if (wire_get_conns_asked(command->data, &asked) < 0)
		return "malformed question";
	if (command->key.len > PATH_MAX_BYTES)
		return "no path is that long";
	if (asked.user.len > 0 && !username_is_valid(asked.user))
		return "no user is called so";
	ret->user = asked.user;
	ret->max = asked.max;
	return take_place(rolls, &asked, ret);
}

/* --- answers ---------------------------------------------------------------------------- */

/* The text of the cursor behind a page of a host: the host's own, or where the next one begins. */
static struct span
cursor_behind(const struct rolls *rolls, uint32_t host, struct span of_host, bool one_host, char *ret)
{
	struct roll_cursor next = { 0 };

	if (of_host.len > 0)
		return of_host;
	if (one_host || !next_host(rolls, (uint64_t)host + 1, &next.host))
		return SPAN_EMPTY;
	roll_cursor_format(next, ret);
	return span_of(ret);
}

/* *ret borrows from text. */
static void
put_answer(const struct wire_conns *page, struct buf *text, struct wire_reply *ret)
{
	*ret = (struct wire_reply){ 0 };
	wire_put_conns(text, page);
	buf_bytes(text, page->conns.at, (size_t)(page->conns.end - page->conns.at));
	if (text->failed)
		ret->status = WIRE_BUSY;
	else
		ret->text = span_of_buf(text);
}

static void
answer(const struct wire_conns *page, rolls_answer *call, void *whom)
{
	struct buf text = BUF_INIT;
	struct wire_reply reply;

	put_answer(page, &text, &reply);
	call(whom, &reply);
	buf_free(&text);
}

static void
answer_absent(const struct rolls *rolls, uint32_t host, bool one_host, rolls_answer *call, void *whom)
{
	char text[ROLL_CURSOR_BYTES];
	const struct wire_conns page = { .host = host,
		.cursor = cursor_behind(rolls, host, SPAN_EMPTY, one_host, text),
		.conns = wire_reader("", 0) };

	answer(&page, call, whom);
}

static void
answer_status(enum wire_status status, const char *why, rolls_answer *call, void *whom)
{
	const struct wire_reply reply = { .status = status, .text = span_of(why) };

	call(whom, &reply);
}

/* --- this host ---------------------------------------------------------------------------- */

static void
put_own(const struct rolls *rolls, const struct query *query, struct buf *text, struct wire_reply *ret)
{
	const struct roll_asked asked = { query->path, query->user, query->max, query->from.slot };
	struct wire_conns page = { .host = rolls->host, .answered = true };
	struct buf conns = BUF_INIT;
	struct roll_cursor next = { rolls->host, roll_put(rolls->hub, &asked, &conns) };
	char cursor[ROLL_CURSOR_BYTES];
	struct span own = SPAN_EMPTY;

	if (next.slot != SLOTS_NONE) {
		roll_cursor_format(next, cursor);
		own = span_of(cursor);
	}
	page.cursor = cursor_behind(rolls, rolls->host, own, query->one_host, cursor);
	page.conns = wire_reader(conns.data, conns.len);
	text->failed |= conns.failed;
	put_answer(&page, text, ret);
	buf_free(&conns);
}

static void
answer_own(const struct rolls *rolls, const struct query *query, rolls_answer *call, void *whom)
{
	struct buf text = BUF_INIT;
	struct wire_reply reply;

	put_own(rolls, query, &text, &reply);
	call(whom, &reply);
	buf_free(&text);
}

void
rolls_tell(struct rolls *rolls, const struct wire_command *command, struct buf *text, struct wire_reply *ret)
{
	struct query query;
	const char *wrong = parse(rolls, command, &query);

	if (wrong == NULL && query.from.host != rolls->host)
		wrong = "this is another host";
	if (wrong != NULL)
		*ret = (struct wire_reply){ .status = WIRE_INVALID, .text = span_of(wrong) };
	else
		put_own(rolls, &query, text, ret);
}

/* --- other hosts ---------------------------------------------------------------------------- */

/* Asks the host for connections of its own, and of no other. */
static int
put_question(struct rolls *rolls, const struct query *query, uint64_t token)
{
	char cursor[ROLL_CURSOR_BYTES], host[HOST_DIGITS + 1];
	struct wire_command command = { .type = WIRE_CONNS, .key = query->path };
	struct buf data = BUF_INIT;
	int r;

	roll_cursor_format(query->from, cursor);
	snprintf(host, sizeof(host), "%08x", query->from.host);
	wire_put_conns_asked(
	    &data, &(struct wire_conns_asked){ query->max, span_of(cursor), span_of(host), query->user });
	command.data = span_of_buf(&data);
	r = data.failed ? -ENOMEM : rolls->events->ask(rolls->context, query->from.host, &command, token);
	buf_free(&data);
	return r;
}

/* Returns 0, -ENOTCONN when it is not there, or another negative errno. */
static int
ask_host(struct rolls *rolls, const struct query *query, rolls_answer *call, void *whom)
{
	struct roll_waiting *waiting;
	int r;

	if (rolls->events == NULL)
		return -ENOTCONN;
	waiting = malloc(sizeof(*waiting));
	if (waiting == NULL)
		return -ENOMEM;
	*waiting = (struct roll_waiting){ .token = ++rolls->token,
		.host = query->from.host,
		.slot = query->from.slot,
		.one_host = query->one_host,
		.answer = call,
		.whom = whom };
	r = put_question(rolls, query, waiting->token);
	if (r < 0)
		free(waiting);
	else
		DL_APPEND(rolls->waiting, waiting);
	return r;
}

/* The cursor leads on, within that host. */
static bool
leads_on(const struct roll_waiting *waiting, struct span cursor)
{
	struct roll_cursor next;

	return roll_cursor_parse(cursor, &next) == 0 && next.host == waiting->host && next.slot > waiting->slot;
}

/* What a host says of another one is not believed. */
static bool
read_answer(const struct roll_waiting *waiting, const struct wire_reply *reply, struct wire_conns *ret)
{
	struct wire_reader conns;
	struct wire_conn conn;
	int r;

	if (reply == NULL || reply->status != WIRE_OK || wire_get_conns(reply->text, ret) < 0 ||
	    ret->host != waiting->host || (ret->cursor.len > 0 && !leads_on(waiting, ret->cursor)))
		return false;
	conns = ret->conns;
	while ((r = wire_get_conn(&conns, &conn)) > 0)
		;
	return r == 0;
}

void
rolls_answered(struct rolls *rolls, uint64_t token, const struct wire_reply *reply)
{
	struct roll_waiting *waiting;
	struct wire_conns page;
	char text[ROLL_CURSOR_BYTES];

	DL_SEARCH_SCALAR(rolls->waiting, waiting, token, token);
	if (waiting == NULL)
		return; /* who asked is gone */
	DL_DELETE(rolls->waiting, waiting);
	if (!read_answer(waiting, reply, &page)) {
		answer_absent(rolls, waiting->host, waiting->one_host, waiting->answer, waiting->whom);
	} else {
		page.cursor = cursor_behind(rolls, waiting->host, page.cursor, waiting->one_host, text);
		answer(&page, waiting->answer, waiting->whom);
	}
	free(waiting);
}

/* --- who asks ---------------------------------------------------------------------------------- */

void
rolls_ask(struct rolls *rolls, const struct wire_command *command, rolls_answer *call, void *whom)
{
	struct query query;
	const char *wrong = parse(rolls, command, &query);
	int r = 0;

	if (wrong != NULL)
		answer_status(WIRE_INVALID, wrong, call, whom);
	else if (query.from.host == rolls->host)
		answer_own(rolls, &query, call, whom);
	else
		r = ask_host(rolls, &query, call, whom);
	if (r == -ENOTCONN)
		answer_absent(rolls, query.from.host, query.one_host, call, whom);
	else if (r < 0)
		answer_status(WIRE_BUSY, "", call, whom);
}

void
rolls_forget(struct rolls *rolls, const void *whom)
{
	struct roll_waiting *waiting, *next;

	DL_FOREACH_SAFE(rolls->waiting, waiting, next) {
		if (waiting->whom != whom)
			continue;
		DL_DELETE(rolls->waiting, waiting);
		free(waiting);
	}
}

void
rolls_close(struct rolls *rolls)
{
	while (rolls->waiting != NULL)
		rolls_answered(rolls, rolls->waiting->token, NULL);
}
