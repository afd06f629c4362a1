#include <errno.h>

#include "shared/closecode.h"
#include "shared/conf.h"
#include "shared/utf8.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"

/* A text that is not UTF-8 would make every browser fail its connection (RFC 6455 section 8.1). */
static enum wire_status
check_data(const struct hub *hub, const struct wire_command *command)
{
	if (command->data.len > hub->conf->ws_max_message)
		return WIRE_TOO_LARGE;
	if (!(command->flags & WIRE_BINARY) && !utf8_valid(command->data.data, command->data.len))
		return WIRE_INVALID;
	return WIRE_OK;
}

static struct frame *
frame_of(const struct wire_command *command)
{
	return frame_new(
	    command->flags & WIRE_BINARY ? FRAME_BINARY : FRAME_TEXT, command->data.data, command->data.len);
}

int
apply_frame(const struct hub *hub, const struct wire_command *command, struct frame **ret)
{
	struct frame *frame;

	if (check_data(hub, command) != WIRE_OK)
		return 0;
	frame = frame_of(command);
	if (frame == NULL)
		return -ENOMEM;
	*ret = frame;
	return 0;
}

/* The frame that was made before, if there is one. NULL when out of memory. */
static struct frame *
take_frame(struct frame **made, const struct wire_command *command)
{
	struct frame *frame = *made != NULL ? *made : frame_of(command);

	*made = NULL;
	return frame;
}

static enum wire_status
apply_broadcast(struct hub *hub, struct path *path, struct client *except, const struct wire_command *command,
    struct frame **made, struct wire_reply *ret)
{
	enum wire_status status = check_data(hub, command);
	struct frame *frame;
	uint32_t n;

	if (status != WIRE_OK)
		return status;
	if (path == NULL || path->n_members == 0)
		return WIRE_OK; /* nobody there */
	if (except != NULL && (except->place.path != path || except->place.state != CLIENT_JOINED))
		except = NULL;

	n = path->n_members - (except != NULL);
	frame = take_frame(made, command);
	if (frame == NULL || batch_broadcast(&hub->batches, path, frame, except) < 0)
		return WIRE_BUSY;
	ret->connections = n;
	ret->epoch = path->epoch;
	ret->offset = path->offset;
	return WIRE_OK;
}

/* Until its open is acknowledged, a client gets only what that acknowledgement sends it. */
static enum wire_status
apply_send(struct hub *hub, struct client *sender, struct client *client, const struct wire_command *command,
    struct frame **made, struct wire_reply *ret)
{
	enum wire_status status = check_data(hub, command);
	struct frame *frame;

	if (status != WIRE_OK)
		return status;
	if (client == NULL ||
	    !(client->place.state == CLIENT_JOINED || (client->place.state == CLIENT_OPENING && client == sender)))
		return WIRE_NO_CONN;
	frame = take_frame(made, command);
	if (frame == NULL || batch_send(&hub->batches, client, frame) < 0)
		return WIRE_BUSY;
	ret->connections = 1;
	return WIRE_OK;
}

static enum wire_status
apply_disconnect(struct hub *hub, struct client *client, const struct wire_command *command, struct wire_reply *ret)
{
	if (!closecode_may_be_sent(command->code) || command->data.len > WIRE_REASON_BYTES ||
	    !utf8_valid(command->data.data, command->data.len))
		return WIRE_INVALID;
	if (client == NULL || (client->place.state != CLIENT_OPENING && client->place.state != CLIENT_JOINED))
		return WIRE_NO_CONN;
	hub_disconnect(hub, client, command->code, NULL, command->data);
	client->feed.dismissed = true;
	ret->connections = 1;
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
apply_count(struct hub *hub, const struct wire_command *command, struct wire_reply *ret)
{
	struct path *path = hub_find_path(hub, command->key.data, command->key.len);

	ret->connections = path == NULL ? 0 : path->count + path->elsewhere;
	return WIRE_OK;
}

static enum wire_status
apply(struct hub *hub, struct client *sender, const struct wire_command *command, struct frame **made,
    struct wire_reply *ret)
{
	struct client *target = command->flags & WIRE_OTHER_CONN ? hub_find(hub, &command->conn) : sender;

	switch (command->type) {
	case WIRE_SEND:
		return apply_send(hub, sender, target, command, made, ret);
	case WIRE_BROADCAST:
		if (sender == NULL)
			return WIRE_INVALID;
		return apply_broadcast(
		    hub, sender->place.path, command->flags & WIRE_EXCLUDE_SENDER ? sender : NULL, command, made, ret);
	case WIRE_PUSH:
		return apply_broadcast(
		    hub, hub_find_path(hub, command->key.data, command->key.len), NULL, command, made, ret);
	case WIRE_DISCONNECT:
		return apply_disconnect(hub, target, command, ret);
	case WIRE_SET:
		return apply_set(hub, sender, command);
	case WIRE_COUNT:
		return apply_count(hub, command, ret);
	case WIRE_STATS: /* no business of the hub's */
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
	ret->status = apply(hub, sender, command, &frame, ret);
	frame_unref(frame);
	return ret->status;
}
