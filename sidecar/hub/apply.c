#include <errno.h>
#include <utlist.h>

#include "shared/closecode.h"
#include "shared/conf.h"
#include "shared/username.h"
#include "shared/utf8.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/control.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/names.h"
#include "sidecar/hub/question.h"
#include "sidecar/hub/resume.h"
#include "sidecar/hub/users.h"

enum wire_status
apply_check(const struct hub *hub, const struct wire_command *command)
{
	if (command->data.len > hub->conf->ws_max_message)
		return WIRE_TOO_LARGE;
	if (!(command->flags & WIRE_BINARY) && !utf8_valid(command->data.data, command->data.len))
		return WIRE_INVALID;
	return WIRE_OK;
}

static struct frame *
frame_of(const struct hub *hub, const struct wire_command *command)
{
	if (command->type == WIRE_ANSWER)
		return control_answer(hub->question->number, command->data, command->flags & WIRE_BINARY);
	return frame_new(
	    command->flags & WIRE_BINARY ? FRAME_BINARY : FRAME_TEXT, command->data.data, command->data.len);
}

/* An answer needs a question, and one that has none yet. */
static bool
is_due(const struct hub *hub, const struct wire_command *command)
{
	return command->type != WIRE_ANSWER || (hub->question != NULL && hub->question->answer == NULL);
}

int
apply_frame(const struct hub *hub, const struct wire_command *command, struct frame **ret)
{
	struct frame *frame;

	if (apply_check(hub, command) != WIRE_OK || !is_due(hub, command))
		return 0;
	frame = frame_of(hub, command);
	if (frame == NULL)
		return -ENOMEM;
	*ret = frame;
	return 0;
}

/* The frame that was made before, if there is one. NULL when out of memory. */
static struct frame *
take_frame(const struct hub *hub, struct frame **made, const struct wire_command *command)
{
	struct frame *frame = *made != NULL ? *made : frame_of(hub, command);

	*made = NULL;
	return frame;
}

/* A message on its way to all of a path. */
struct outgoing {
	const struct wire_command *command;
	const struct mark *mark; /* of one of another host; NULL for one of this */
	struct path *path;
	struct client *except; /* or NULL */
	uint64_t except_id;    /* client_except() of it, also when it is elsewhere or gone; or 0 */
	struct frame **made;
};

static bool
is_kept(const struct outgoing *outgoing)
{
	return outgoing->path->past.limits.messages > 0 && !(outgoing->command->flags & WIRE_TRANSIENT);
}

static struct mark
mark_of(struct hub *hub, const struct outgoing *outgoing)
{
	if (!is_kept(outgoing))
		return (struct mark){ 0, 0 };
	return outgoing->mark != NULL ? *outgoing->mark : histories_next(&hub->histories);
}

static void
keep(struct hub *hub, const struct outgoing *outgoing, struct mark mark, struct frame *frame)
{
	const struct keeping keeping = {
		.mark = mark,
		.except = outgoing->except_id,
	};

	histories_keep(&hub->histories, outgoing->path, &keeping, frame);
}

/* To the members of the path, and into its history. */
static int
send_out(struct hub *hub, const struct outgoing *outgoing, struct frame *frame, struct wire_reply *ret)
{
	struct path *path = outgoing->path;
	struct client *except = outgoing->except;
	struct mark mark = mark_of(hub, outgoing);
	uint32_t n;

	if (except != NULL && (except->place.path != path || except->place.state != CLIENT_JOINED))
		except = NULL;
	n = path->n_members - (except != NULL);
	if (path->n_members > 0 && batch_broadcast_kept(&hub->batches, path, frame_ref(frame), except, mark) < 0)
		return -ENOMEM;
	if (mark.number > 0)
		keep(hub, outgoing, mark, frame);
	ret->connections = n;
	ret->epoch = path->epoch;
	ret->offset = path->offset;
	ret->origin = mark.origin;
	ret->number = mark.number;
	return 0;
}

/* True for what has come before, from its host or by another way. */
static bool
is_double(const struct outgoing *outgoing)
{
	const struct history *history = outgoing->path->past.history;

	return outgoing->mark != NULL && is_kept(outgoing) && history != NULL && history_has(history, *outgoing->mark);
}

static enum wire_status
apply_broadcast(struct hub *hub, const struct outgoing *outgoing, struct wire_reply *ret)
{
	enum wire_status status = apply_check(hub, outgoing->command);
	struct frame *frame;
	int r;

	if (status != WIRE_OK)
		return status;
	if (outgoing->path == NULL || (outgoing->path->n_members == 0 && !is_kept(outgoing)) || is_double(outgoing))
		return WIRE_OK; /* nobody there */
	frame = take_frame(hub, outgoing->made, outgoing->command);
	r = frame != NULL ? send_out(hub, outgoing, frame, ret) : -ENOMEM;
	frame_unref(frame);
	return r < 0 ? WIRE_BUSY : WIRE_OK;
}

static enum wire_status
apply_to_sender_path(struct hub *hub, struct client *sender, const struct wire_command *command, struct frame **made,
    struct wire_reply *ret)
{
	bool excludes = command->flags & WIRE_EXCLUDE_SENDER;
	const struct outgoing outgoing = {
		.command = command,
		.path = sender->place.path,
		.except = excludes ? sender : NULL,
		.except_id = excludes ? client_except(&sender->id) : 0,
		.made = made,
	};

	return apply_broadcast(hub, &outgoing, ret);
}

static enum wire_status
apply_push(struct hub *hub, const struct mark *mark, const struct wire_command *command, struct frame **made,
    struct wire_reply *ret)
{
	bool excludes = mark != NULL && (command->flags & WIRE_EXCLUDE_SENDER);
	uint64_t sender = excludes ? client_except(&command->conn) : 0;
	const struct outgoing outgoing = {
		.command = command,
		.mark = mark,
		.except = excludes ? names_find(hub->names, sender) : NULL,
		.except_id = sender,
		.path = command->flags & WIRE_TRANSIENT ? hub_find_path(hub, command->key.data, command->key.len)
							: hub_path_to_keep(hub, command->key),
		.made = made,
	};

	return apply_broadcast(hub, &outgoing, ret);
}

/* Until its open is acknowledged, a client gets only what that acknowledgement sends it. */
static enum wire_status
apply_send(struct hub *hub, struct client *sender, struct client *client, const struct wire_command *command,
    struct frame **made, struct wire_reply *ret)
{
	enum wire_status status = apply_check(hub, command);
	struct frame *frame;

	if (status != WIRE_OK)
		return status;
	if (client == NULL ||
	    !(client->place.state == CLIENT_JOINED || (client->place.state == CLIENT_OPENING && client == sender)))
		return WIRE_NO_CONN;
	frame = take_frame(hub, made, command);
	if (frame == NULL || batch_send(&hub->batches, client, frame) < 0)
		return WIRE_BUSY;
	ret->connections = 1;
	return WIRE_OK;
}

/* RFC 6455 section 7.4, and 5.5 for the reason. */
static bool
may_end(uint16_t code, struct span reason)
{
	return closecode_may_be_sent(code) && reason.len <= WIRE_REASON_BYTES && utf8_valid(reason.data, reason.len);
}

/* Until it is gone from its path it can be closed: also before its open is acknowledged. */
static bool
is_open(const struct client *client)
{
	return client->place.state == CLIENT_OPENING || client->place.state == CLIENT_JOINED;
}

static void
disconnect(struct hub *hub, struct client *client, uint16_t code, struct span reason, struct wire_reply *ret)
{
	hub_disconnect(hub, client, code, NULL, reason);
	client->feed.dismissed = true;
	ret->connections++;
}

static enum wire_status
apply_answer(struct hub *hub, const struct wire_command *command, struct frame **made, struct wire_reply *ret)
{
	enum wire_status status = apply_check(hub, command);

	if (status != WIRE_OK)
		return status;
	if (!is_due(hub, command))
		return WIRE_INVALID;
	if (question_answer(hub, hub->question, take_frame(hub, made, command)) < 0)
		return WIRE_BUSY;
	ret->connections = 1;
	return WIRE_OK;
}

static enum wire_status
apply_disconnect(struct hub *hub, struct client *client, const struct wire_command *command, struct wire_reply *ret)
{
	if (!may_end(command->code, command->data))
		return WIRE_INVALID;
	if (client == NULL || !is_open(client))
		return WIRE_NO_CONN;
	disconnect(hub, client, command->code, command->data, ret);
	return WIRE_OK;
}

/* Those who are opening are no members yet, and are found among all. */
static void
disconnect_opening(struct hub *hub, struct path *path, const struct wire_command *command, struct wire_reply *ret)
{
	for (uint32_t i = 0; i < hub->slots.n && path->count > 0; i++) {
		struct client *client = slots_at(&hub->slots, i);

		if (client != NULL && client->place.path == path && is_open(client))
			disconnect(hub, client, command->code, command->data, ret);
	}
}

static enum wire_status
apply_kick(struct hub *hub, const struct wire_command *command, struct wire_reply *ret)
{
	struct path *path = hub_find_path(hub, command->key.data, command->key.len);

	if (!may_end(command->code, command->data))
		return WIRE_INVALID;
	if (path == NULL)
		return WIRE_OK; /* nobody there */
	while (path->n_members > 0)
		disconnect(hub, path->members[path->n_members - 1], command->code, command->data, ret);
	disconnect_opening(hub, path, command, ret);
	return WIRE_OK;
}

static enum wire_status
apply_set(struct hub *hub, struct client *client, const struct wire_command *command)
{
	struct span value = command->flags & WIRE_UNSET ? (struct span){ 0 } : command->data;
	int r;

	if (client == NULL)
		return WIRE_INVALID;
	r = client_set_attribute(client, command->key, value, hub->conf->ws_attribute_bytes);
	if (r == -ENOSPC)
		return WIRE_TOO_LARGE;
	return r < 0 ? WIRE_BUSY : WIRE_OK;
}

static enum wire_status
apply_user(struct hub *hub, struct client *client, const struct wire_command *command)
{
	int r;

	if (client == NULL)
		return WIRE_INVALID;
	if (client->place.state != CLIENT_OPENING && client->place.state != CLIENT_JOINED)
		return WIRE_NO_CONN;
	r = users_set(&hub->users, client, command->key);
	if (r == -EINVAL)
		return WIRE_INVALID;
	return r < 0 ? WIRE_BUSY : WIRE_OK;
}

/* To those who have joined. Who lacks memory for it goes: the others have got theirs. */
static enum wire_status
apply_user_push(struct hub *hub, const struct wire_command *command, struct frame **made, struct wire_reply *ret)
{
	enum wire_status status = apply_check(hub, command);
	struct user *user = users_find(&hub->users, command->key);
	struct client *client;
	struct frame *frame;

	if (status != WIRE_OK || user == NULL)
		return status;
	frame = take_frame(hub, made, command);
	if (frame == NULL)
		return WIRE_BUSY;
	DL_FOREACH2(user->first, client, user.next) {
		if (client->place.state != CLIENT_JOINED)
			continue;
		if (batch_send(&hub->batches, client, frame_ref(frame)) < 0)
			client_drop(client, "out-of-memory");
		ret->connections++;
	}
	frame_unref(frame);
	return WIRE_OK;
}

/* Who leaves is his no more, and he may be gone with the last one. */
static enum wire_status
apply_user_close(struct hub *hub, const struct wire_command *command, struct wire_reply *ret)
{
	struct user *user = users_find(&hub->users, command->key);
	struct client *client, *next;

	if (!may_end(command->code, command->data) || !username_is_valid(command->key))
		return WIRE_INVALID;
	DL_FOREACH_SAFE2(user == NULL ? NULL : user->first, client, next, user.next)
		disconnect(hub, client, command->code, command->data, ret);
	return WIRE_OK;
}

static enum wire_status
apply_user_count(struct hub *hub, const struct wire_command *command, struct wire_reply *ret)
{
	const struct user *user = users_find(&hub->users, command->key);

	ret->connections = user == NULL ? 0 : user->n;
	return WIRE_OK;
}

static enum wire_status
apply_present(struct hub *hub, struct client *client, const struct wire_command *command, struct frame **made)
{
	enum wire_status status = presence_check(command);
	struct frame *line;

	if (status != WIRE_OK || client == NULL)
		return client == NULL ? WIRE_INVALID : status;
	if (client->place.state != CLIENT_JOINED)
		return WIRE_NO_CONN;
	if (*made == NULL && presence_make(&hub->presences, client, command, made) < 0)
		return WIRE_BUSY;
	line = *made;
	*made = NULL;
	presence_apply(&hub->presences, client, command, line);
	return WIRE_OK;
}

static enum wire_status
apply_replay(struct hub *hub, struct client *client, const struct wire_command *command)
{
	if (client == NULL)
		return WIRE_INVALID;
	if (client->place.state != CLIENT_JOINED)
		return WIRE_NO_CONN;
	return resume_replay(hub, client, command->code) < 0 ? WIRE_BUSY : WIRE_OK;
}

static enum wire_status
apply_count(struct hub *hub, const struct wire_command *command, struct wire_reply *ret)
{
	struct path *path = hub_find_path(hub, command->key.data, command->key.len);

	ret->connections = path == NULL ? 0 : path->count + path->elsewhere;
	return WIRE_OK;
}

static enum wire_status
apply(struct hub *hub, struct client *sender, const struct mark *mark, const struct wire_command *command,
    struct frame **made, struct wire_reply *ret)
{
	struct client *target = command->flags & WIRE_OTHER_CONN ? hub_find(hub, &command->conn) : sender;

	switch (command->type) {
	case WIRE_SEND:
		return apply_send(hub, sender, target, command, made, ret);
	case WIRE_BROADCAST:
		if (sender == NULL)
			return WIRE_INVALID;
		return apply_to_sender_path(hub, sender, command, made, ret);
	case WIRE_PUSH:
		return apply_push(hub, mark, command, made, ret);
	case WIRE_DISCONNECT:
		return apply_disconnect(hub, target, command, ret);
	case WIRE_KICK:
		return apply_kick(hub, command, ret);
	case WIRE_SET:
		return apply_set(hub, sender, command);
	case WIRE_COUNT:
		return apply_count(hub, command, ret);
	case WIRE_REPLAY:
		return apply_replay(hub, sender, command);
	case WIRE_USER:
		return apply_user(hub, sender, command);
	case WIRE_USER_PUSH:
		return apply_user_push(hub, command, made, ret);
	case WIRE_USER_CLOSE:
		return apply_user_close(hub, command, ret);
	case WIRE_USER_COUNT:
		return apply_user_count(hub, command, ret);
	case WIRE_PRESENT:
		return apply_present(hub, sender, command, made);
	case WIRE_ANSWER:
		return apply_answer(hub, command, made, ret);
	case WIRE_STATS: /* no business of the hub's */
	case WIRE_HISTORY:
	case WIRE_CONNS:
	case WIRE_MEMBERS:
		break;
	}
	return WIRE_INVALID;
}

enum wire_status
apply_command(struct hub *hub, struct client *sender, const struct wire_command *command, struct wire_reply *ret)
{
	return apply_with(hub, sender, command, NULL, ret);
}

enum wire_status
apply_with(struct hub *hub, struct client *sender, const struct wire_command *command, struct frame *frame,
    struct wire_reply *ret)
{
	*ret = (struct wire_reply){ 0 };
	ret->status = apply(hub, sender, NULL, command, &frame, ret);
	frame_unref(frame);
	return ret->status;
}

enum wire_status
apply_marked(struct hub *hub, const struct mark *mark, const struct wire_command *command, struct wire_reply *ret)
{
	struct frame *frame = NULL;

	*ret = (struct wire_reply){ 0 };
	ret->status = apply(hub, NULL, mark, command, &frame, ret);
	frame_unref(frame);
	return ret->status;
}
