#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "fcgi/app.h"
#include "fcgi/test/standin.h"
#include "shared/closecode.h"
#include "shared/jsonput.h"
#include "shared/path.h"
#include "shared/utf8.h"

enum { EPOCH = 1 }; /* of the paths, and of the sidecar */

struct due {
	struct due *next, *prev;
	struct tina4_test_client *client;
	enum wire_event_kind kind;
	uint8_t flags;
	uint16_t code;
	uint32_t count;
	struct buf data;
};

static bool
is_on(const struct tina4_test_client *client, struct span path)
{
	return (client->state == STANDIN_OPENING || client->state == STANDIN_JOINED) && span_is(path, client->path);
}

static uint32_t
count(const struct standin *standin, struct span path)
{
	const struct tina4_test_client *client;
	uint32_t n = 0;

	LL_FOREACH(standin->clients, client)
	n += is_on(client, path);
	return n;
}

static struct tina4_test_client *
find(const struct standin *standin, const struct wire_id *id)
{
	struct tina4_test_client *client;

	LL_FOREACH(standin->clients, client)
	if (client->status == 101 && memcmp(&client->id, id, sizeof(*id)) == 0)
		return client;
	return NULL;
}

static const struct ws_route *
find_route(const struct tina4_app *app, struct span path)
{
	for (size_t i = 0; i < app->n_ws_routes; i++)
		if (path_match(app->ws_routes[i].pattern, path.data, path.len, NULL))
			return &app->ws_routes[i];
	return NULL;
}

/* --- the line of events ------------------------------------------------------------------------- */

static void
due_free(struct due *due)
{
	buf_free(&due->data);
	free(due);
}

static int
put_in_line(struct standin *standin, const struct due *event, struct span data)
{
	struct due *due;

	if (event->client->route->handler == NULL)
		return 0; /* push-only */
	due = malloc(sizeof(*due));
	if (due == NULL)
		return -ENOMEM;
	*due = *event;
	due->count = count(standin, span_of(event->client->path));
	buf_bytes(&due->data, data.data, data.len);
	if (due->data.failed) {
		due_free(due);
		return -ENOMEM;
	}
	DL_APPEND(standin->line, due);
	return 0;
}

/* Closes from either side: it has left its path when the event is made. */
static int
leave(struct standin *standin, struct tina4_test_client *client, uint16_t code, struct span reason)
{
	struct due close = { .client = client, .kind = WIRE_CLOSE, .code = code };

	client->state = STANDIN_CLOSED;
	client->code = code;
	if (reason.len > 0)
		memcpy(client->reason, reason.data, reason.len);
	client->reason[reason.len] = '\0';
	return put_in_line(standin, &close, (struct span){ 0 });
}

/* --- commands, as the sidecar's apply has them ------------------------------------------------------ */

static enum wire_status
check_data(const struct standin *standin, const struct wire_command *command)
{
	if (command->data.len > standin->limits.max_message)
		return WIRE_TOO_LARGE;
	if (!(command->flags & WIRE_BINARY) && !utf8_valid(command->data.data, command->data.len))
		return WIRE_INVALID;
	return WIRE_OK;
}

static bool
deliver(struct inbox *inbox, struct span path, const struct wire_command *command)
{
	return inbox_add(inbox, path, command->data, command->flags & WIRE_BINARY ? TINA4_BINARY : TINA4_TEXT) == 0;
}

static void
keep(struct standin *standin, struct span path, const struct wire_command *command, struct wire_reply *ret)
{
	const struct ws_route *route = find_route(standin->app, path);

	if (route == NULL || route->history == 0 || (command->flags & WIRE_TRANSIENT))
		return;
	ret->origin = PAST_ORIGIN;
	ret->number = past_add(&standin->past, path, route->history, command->data, command->flags);
}

static enum wire_status
apply_broadcast(struct standin *standin, struct span path, const struct tina4_test_client *except,
    const struct wire_command *command, struct wire_reply *ret)
{
	enum wire_status status = check_data(standin, command);
	struct tina4_test_client *client;

	if (status != WIRE_OK)
		return status;
	if (command->type == WIRE_PUSH && !deliver(&standin->pushes, path, command))
		return WIRE_BUSY;
	keep(standin, path, command, ret);
	LL_FOREACH(standin->clients, client)
	{
		if (client == except || client->state != STANDIN_JOINED || !is_on(client, path))
			continue;
		if (!deliver(&client->inbox, path, command))
			return WIRE_BUSY;
		ret->connections++;
	}
	if (ret->connections > 0) {
		ret->epoch = EPOCH;
		ret->offset = ++standin->n_sent;
	}
	return WIRE_OK;
}

/* Until its open is acknowledged, a client gets only what that acknowledgement sends it. */
static enum wire_status
apply_send(struct standin *standin, const struct tina4_test_client *sender, struct tina4_test_client *client,
    const struct wire_command *command, struct wire_reply *ret)
{
	enum wire_status status = check_data(standin, command);

	if (status != WIRE_OK)
		return status;
	if (client == NULL ||
	    !(client->state == STANDIN_JOINED || (client->state == STANDIN_OPENING && client == sender)))
		return WIRE_NO_CONN;
	ret->connections = 1;
	return deliver(&client->inbox, span_of(client->path), command) ? WIRE_OK : WIRE_BUSY;
}

static enum wire_status
apply_answer(const struct standin *standin, struct tina4_test_client *client, const struct wire_command *command)
{
	enum wire_status status = check_data(standin, command);

	if (status != WIRE_OK)
		return status;
	return deliver(&client->answers, span_of(client->path), command) ? WIRE_OK : WIRE_BUSY;
}

static enum wire_status
apply_replay(struct standin *standin, struct tina4_test_client *client, uint32_t max)
{
	const struct past_message *message = NULL;
	struct span path = span_of(client->path);

	while ((message = past_next(&standin->past, path, 0, max, message)) != NULL)
		if (inbox_add(&client->inbox, path, span_of_buf(&message->data),
			message->flags & WIRE_BINARY ? TINA4_BINARY : TINA4_TEXT) < 0)
			return WIRE_BUSY;
	return WIRE_OK;
}

static enum wire_status
apply_disconnect(struct standin *standin, struct tina4_test_client *client, const struct wire_command *command,
    struct wire_reply *ret)
{
	if (!closecode_may_be_sent(command->code) || command->data.len > WIRE_REASON_BYTES)
		return WIRE_INVALID;
	if (client == NULL || client->state == STANDIN_CLOSED)
		return WIRE_NO_CONN;
	ret->connections = 1;
	return leave(standin, client, command->code, command->data) == 0 ? WIRE_OK : WIRE_BUSY;
}

/* Those of a path, or of a user. */
typedef bool is_among(const struct tina4_test_client *client, struct span key);

static enum wire_status
close_all(struct standin *standin, const struct wire_command *command, is_among *is_meant, struct wire_reply *ret)
{
	struct tina4_test_client *client;
	enum wire_status status = WIRE_OK;

	LL_FOREACH(standin->clients, client)
	{
		struct wire_reply reply = { 0 };

		if (status == WIRE_OK && is_meant(client, command->key))
			status = apply_disconnect(standin, client, command, &reply);
		ret->connections += reply.connections;
	}
	return status;
}

/* Whose it is, as its worker knows it; empty for nobody's. */
static struct span
user_of(const struct tina4_test_client *client)
{
	struct wire_meta meta;

	return wire_get_meta(span_of_buf(&client->meta), &meta) < 0 ? SPAN_EMPTY : meta.user;
}

static bool
is_of(const struct tina4_test_client *client, struct span user)
{
	return (client->state == STANDIN_OPENING || client->state == STANDIN_JOINED) && user.len > 0 &&
	    span_equal(user, user_of(client));
}

static uint32_t
count_of_user(const struct standin *standin, struct span user)
{
	const struct tina4_test_client *client;
	uint32_t n = 0;

	LL_FOREACH(standin->clients, client)
	n += is_of(client, user);
	return n;
}

static enum wire_status
apply_user(struct tina4_test_client *client, struct span user)
{
	struct wire_meta meta;
	struct buf next = BUF_INIT;

	if (wire_get_meta(span_of_buf(&client->meta), &meta) < 0)
		return WIRE_INVALID;
	meta.user = user;
	wire_put_meta(&next, &meta);
	buf_bytes(&next, meta.headers.data, meta.headers.len);
	if (next.failed) {
		buf_free(&next);
		return WIRE_BUSY;
	}
	buf_free(&client->meta);
	client->meta = next;
	return WIRE_OK;
}

static enum wire_status
apply_user_push(struct standin *standin, const struct wire_command *command, struct wire_reply *ret)
{
	enum wire_status status = check_data(standin, command);
	struct tina4_test_client *client;

	if (status != WIRE_OK)
		return status;
	LL_FOREACH(standin->clients, client)
	{
		if (!is_of(client, command->key) || client->state != STANDIN_JOINED)
			continue;
		if (!deliver(&client->inbox, span_of(client->path), command))
			return WIRE_BUSY;
		ret->connections++;
	}
	return WIRE_OK;
}

static enum wire_status
apply_set(const struct standin *standin, struct tina4_test_client *client, const struct wire_command *command)
{
	char *name, *value;
	int r = -ENOMEM;

	if (client == NULL)
		return WIRE_INVALID;
	name = strndup(command->key.data, command->key.len);
	value = strndup(command->data.data, command->data.len);
	if (name != NULL && value != NULL)
		r = attributes_set(&client->attributes, name, command->flags & WIRE_UNSET ? NULL : value,
		    standin->limits.attribute_bytes);
	attributes_settle(&client->attributes);
	free(name);
	free(value);
	return r == 0 ? WIRE_OK : r == -ENOSPC ? WIRE_TOO_LARGE : WIRE_BUSY;
}

static enum wire_status
apply_present(struct tina4_test_client *client, const struct wire_command *command)
{
	char *presented = NULL;

	if (client->state != STANDIN_JOINED)
		return WIRE_NO_CONN;
	if (!(command->flags & WIRE_UNSET)) {
		presented = strndup(command->data.data, command->data.len);
		if (presented == NULL)
			return WIRE_BUSY;
	}
	free(client->presented);
	client->presented = presented;
	return WIRE_OK;
}

static enum wire_status
apply(struct standin *standin, struct tina4_test_client *sender, const struct wire_command *command,
    struct wire_reply *ret)
{
	struct tina4_test_client *target = command->flags & WIRE_OTHER_CONN ? find(standin, &command->conn) : sender;

	switch (command->type) {
	case WIRE_SEND:
		return apply_send(standin, sender, target, command, ret);
	case WIRE_BROADCAST:
		return sender == NULL ? WIRE_INVALID
				      : apply_broadcast(standin, span_of(sender->path),
					    command->flags & WIRE_EXCLUDE_SENDER ? sender : NULL, command, ret);
	case WIRE_PUSH:
		return apply_broadcast(standin, command->key, NULL, command, ret);
	case WIRE_DISCONNECT:
		return apply_disconnect(standin, target, command, ret);
	case WIRE_KICK:
		return close_all(standin, command, is_on, ret);
	case WIRE_SET:
		return apply_set(standin, sender, command);
	case WIRE_COUNT:
		ret->connections = count(standin, command->key);
		return WIRE_OK;
	case WIRE_REPLAY:
		return sender == NULL ? WIRE_INVALID : apply_replay(standin, sender, command->code);
	case WIRE_PRESENT:
		return sender == NULL ? WIRE_INVALID : apply_present(sender, command);
	case WIRE_ANSWER: /* the worker has seen that it is one to a request */
		return sender == NULL ? WIRE_INVALID : apply_answer(standin, sender, command);
	case WIRE_USER:
		return sender == NULL ? WIRE_INVALID : apply_user(sender, command->key);
	case WIRE_USER_PUSH:
		return apply_user_push(standin, command, ret);
	case WIRE_USER_CLOSE:
		return close_all(standin, command, is_of, ret);
	case WIRE_USER_COUNT:
		ret->connections = count_of_user(standin, command->key);
		return WIRE_OK;
	case WIRE_STATS:
	case WIRE_HISTORY:
	case WIRE_CONNS:
	case WIRE_MEMBERS:
		break;
	}
	return WIRE_INVALID;
}

static bool
needs_route(const struct wire_command *command)
{
	return command->type == WIRE_PUSH || command->type == WIRE_COUNT || command->type == WIRE_HISTORY ||
	    command->type == WIRE_KICK || command->type == WIRE_MEMBERS;
}

static enum wire_status
recall(struct standin *standin, const struct wire_command *command, struct buf *text)
{
	if (find_route(standin->app, command->key)->history == 0)
		return WIRE_INVALID;
	return past_put(&standin->past, command->key, command->data, text) == 0 ? WIRE_OK : WIRE_INVALID;
}

/* Adds one to the text. */
static void
put_member(const struct tina4_test_client *client, bool first, struct buf *text)
{
	struct span user = user_of(client);

	buf_printf(text, "%s{\"id\":\"%s\",", first ? "" : ",", client->id_text);
	if (user.len > 0) {
		jsonput_name(text, "user");
		jsonput_string(text, user);
		buf_u8(text, ',');
	}
	buf_printf(text, "\"data\":%s}", client->presented);
}

static enum wire_status
list_members(const struct standin *standin, struct span path, struct buf *text)
{
	const struct tina4_test_client *client;
	struct buf list = BUF_INIT;
	uint32_t n = 0;

	LL_FOREACH(standin->clients, client)
	{
		if (client->presented != NULL && client->state == STANDIN_JOINED && is_on(client, path))
			put_member(client, n++ == 0, &list);
	}
	buf_printf(text, "{\"count\":%u,\"members\":[", n);
	buf_bytes(text, list.data, list.len);
	buf_string(text, "]}");
	text->failed |= list.failed;
	buf_free(&list);
	return text->failed ? WIRE_BUSY : WIRE_OK;
}

/* What app_standin calls in the place of an exchange with the sidecar. */
static int
answer(void *context, const struct wire_request *request, struct wire_reply *ret, struct buf *text)
{
	struct standin *standin = context;
	int r;

	*ret = (struct wire_reply){ 0 };
	pthread_mutex_lock(&standin->lock);
	r = standin->error;
	if (r == 0 && needs_route(&request->command) && find_route(standin->app, request->command.key) == NULL)
		ret->status = WIRE_NO_ROUTE;
	else if (r == 0 && request->command.type == WIRE_MEMBERS)
		ret->status = list_members(standin, request->command.key, text);
	else if (r == 0 && request->command.type == WIRE_HISTORY)
		ret->status = recall(standin, &request->command, text);
	else if (r == 0)
		ret->status = apply(standin, NULL, &request->command, ret);
	pthread_mutex_unlock(&standin->lock);
	return r;
}

/* --- acknowledgements ------------------------------------------------------------------------------------ */

static void
apply_those(struct standin *standin, struct tina4_test_client *client, struct wire_reader commands, bool replay)
{
	struct wire_command command;

	while (wire_get_command(&commands, &command) > 0) {
		struct wire_reply reply = { 0 };

		if ((command.type == WIRE_REPLAY) == replay)
			apply(standin, client, &command, &reply);
	}
}

/* A replay goes before all others. */
static void
apply_commands(struct standin *standin, struct tina4_test_client *client, struct wire_reader commands)
{
	apply_those(standin, client, commands, true);
	apply_those(standin, client, commands, false);
}

/* True when the commands close the connection that they answer. */
static bool
closes_itself(const struct tina4_test_client *client, struct wire_reader commands)
{
	struct wire_command command;

	while (wire_get_command(&commands, &command) > 0)
		if (command.type == WIRE_DISCONNECT &&
		    (!(command.flags & WIRE_OTHER_CONN) || memcmp(&command.conn, &client->id, sizeof(client->id)) == 0))
			return true;
	return false;
}

static int
acknowledge(struct standin *standin, const struct due *due, const struct wire_record *record)
{
	struct tina4_test_client *client = due->client;

	if (record->failed)
		return due->kind != WIRE_OPEN || client->state == STANDIN_CLOSED
		    ? 0
		    : leave(standin, client, CLOSE_INTERNAL_ERROR, (struct span){ 0 });
	if (due->kind == WIRE_OPEN && client->state == STANDIN_OPENING && !closes_itself(client, record->commands))
		client->state = STANDIN_JOINED;
	apply_commands(standin, client, record->commands);
	return 0;
}

/* --- handling ------------------------------------------------------------------------------------------- */

/* Lets the worker handle an event of a connection that is new to it, and then forget the connection again. */
static int
handle(struct standin *standin, struct due *due, struct buf *record)
{
	struct tina4_test_client *client = due->client;
	struct buf attributes = BUF_INIT;
	struct wire_event event = {
		.kind = WIRE_ATTACH,
		.flags = due->flags,
		.attempt = 1,
		.code = due->code,
		.conn = client->id,
		.epoch = EPOCH,
		.id = ++standin->n_events,
		.count = due->count,
		.data = span_of_buf(&due->data),
		.meta = span_of_buf(&client->meta),
	};
	int r = -ENOMEM;

	pthread_mutex_lock(&standin->lock);
	attributes_save(&client->attributes, &attributes);
	pthread_mutex_unlock(&standin->lock);
	event.attributes = span_of_buf(&attributes);
	if (!attributes.failed) {
		events_meet(&standin->events, &event);
		event.kind = due->kind;
		r = events_handle(&standin->events, &event, &standin->limits, record, &client->result);
		events_forget(&standin->events);
	}
	buf_free(&attributes);
	return r == 0 && record->failed ? -ENOMEM : r;
}

static int
take_from_line(struct standin *standin, struct due *due)
{
	struct buf out = BUF_INIT;
	struct wire_record record;
	struct wire_reader reader;
	int r;

	r = handle(standin, due, &out);
	reader = wire_reader(out.data, out.len);
	if (r == 0 && wire_get_record(&reader, &record) != 1)
		r = -ENOMEM;
	if (r == 0) {
		pthread_mutex_lock(&standin->lock);
		r = acknowledge(standin, due, &record);
		pthread_mutex_unlock(&standin->lock);
	}
	buf_free(&out);
	return r;
}

static struct due *
next_in_line(struct standin *standin)
{
	struct due *due;

	pthread_mutex_lock(&standin->lock);
	due = standin->line;
	if (due != NULL)
		DL_DELETE(standin->line, due);
	pthread_mutex_unlock(&standin->lock);
	return due;
}

int
standin_settle(struct standin *standin)
{
	struct due *due;
	int r = 0;

	while (r == 0 && (due = next_in_line(standin)) != NULL) {
		r = take_from_line(standin, due);
		due_free(due);
	}
	return r;
}

/* --- clients ---------------------------------------------------------------------------------------------- */

int
standin_open(struct standin *standin, struct tina4_app *app)
{
	*standin = (struct standin){
		.app = app,
		.limits = {
			.epoch = EPOCH,
			.max_message = app->conf.ws_max_message,
			.attribute_bytes = app->conf.ws_attribute_bytes,
		},
	};
	pthread_mutex_init(&standin->lock, NULL);
	app->standin = (struct app_standin){ answer, standin };
	return events_open(&standin->events, app);
}

static void
client_free(struct tina4_test_client *client)
{
	inbox_free(&client->inbox);
	inbox_free(&client->answers);
	attributes_free(&client->attributes);
	free(client->presented);
	buf_free(&client->meta);
	free(client->path);
	free(client);
}

void
standin_close(struct standin *standin)
{
	struct tina4_test_client *client, *next;
	struct due *due;

	if (standin->app == NULL)
		return;
	while ((due = next_in_line(standin)) != NULL)
		due_free(due);
	LL_FOREACH_SAFE(standin->clients, client, next)
	client_free(client);
	inbox_free(&standin->pushes);
	past_free(&standin->past);
	events_close(&standin->events);
	pthread_mutex_destroy(&standin->lock);
}

void
standin_add(struct standin *standin, struct tina4_test_client *client)
{
	pthread_mutex_lock(&standin->lock);
	LL_APPEND(standin->clients, client);
	pthread_mutex_unlock(&standin->lock);
}

int
standin_enter(struct standin *standin, struct tina4_test_client *client)
{
	struct due open = { .client = client, .kind = WIRE_OPEN };
	int r;

	pthread_mutex_lock(&standin->lock);
	client->state = client->route->handler != NULL ? STANDIN_OPENING : STANDIN_JOINED;
	r = put_in_line(standin, &open, (struct span){ 0 });
	pthread_mutex_unlock(&standin->lock);
	return r == 0 ? standin_settle(standin) : r;
}

/* What the sidecar closes a client for. Returns the code and *ret_error; 0 for a message that is fine. */
static uint16_t
judge(const struct standin *standin, struct span data, unsigned flags, int *ret_error)
{
	if (data.len > standin->limits.max_message) {
		*ret_error = -EMSGSIZE;
		return CLOSE_TOO_LARGE;
	}
	if (!(flags & TINA4_BINARY) && !utf8_valid(data.data, data.len)) {
		*ret_error = -EILSEQ;
		return CLOSE_INVALID_DATA;
	}
	return 0;
}

static int
say(struct standin *standin, struct tina4_test_client *client, struct span data, unsigned flags, uint8_t asks)
{
	struct due message = {
		.client = client, .kind = WIRE_MESSAGE, .flags = (flags & TINA4_BINARY ? WIRE_BINARY : 0) | asks
	};
	int r, error = 0;
	uint16_t code;

	r = standin_settle(standin);
	if (r < 0)
		return r;
	if (client->state != STANDIN_JOINED)
		return -ENOTCONN;
	pthread_mutex_lock(&standin->lock);
	client->result = 0;
	code = judge(standin, data, flags, &error);
	if (code != 0)
		r = leave(standin, client, code, (struct span){ 0 });
	else
		r = put_in_line(standin, &message, data);
	pthread_mutex_unlock(&standin->lock);
	if (r == 0)
		r = standin_settle(standin);
	if (r < 0)
		return r;
	return error < 0 ? error : client->result;
}

int
standin_say(struct standin *standin, struct tina4_test_client *client, struct span data, unsigned flags)
{
	return say(standin, client, data, flags, 0);
}

int
standin_ask(struct standin *standin, struct tina4_test_client *client, struct span data, unsigned flags,
    const struct tina4_test_message **ret)
{
	int r = say(standin, client, data, flags, WIRE_ASKS);

	*ret = inbox_next(&client->answers);
	return r;
}

int
standin_leave(struct standin *standin, struct tina4_test_client *client, uint16_t code)
{
	int r;

	r = standin_settle(standin);
	if (r < 0)
		return r;
	if (client->state != STANDIN_JOINED)
		return -ENOTCONN;
	pthread_mutex_lock(&standin->lock);
	client->result = 0;
	r = leave(standin, client, code, (struct span){ 0 });
	pthread_mutex_unlock(&standin->lock);
	if (r == 0)
		r = standin_settle(standin);
	return r < 0 ? r : client->result;
}
