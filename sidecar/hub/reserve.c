#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "sidecar/hub/apply.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/question.h"
#include "sidecar/hub/reserve.h"
#include "sidecar/hub/users.h"

static uint32_t
count(struct wire_reader commands)
{
	struct wire_command command;
	uint32_t n = 0;

	while (wire_get_command(&commands, &command) > 0)
		n++;
	return n;
}

/* Whom a command is about: a client, or all of a path; NULL for nobody. */
static void
find_targets(struct hub *hub, struct client *sender, const struct wire_command *command, struct client **ret_client,
    struct path **ret_path)
{
	*ret_client = NULL;
	*ret_path = NULL;
	switch (command->type) {
	case WIRE_SEND:
	case WIRE_DISCONNECT:
		*ret_client = command->flags & WIRE_OTHER_CONN ? hub_find(hub, &command->conn) : sender;
		return;
	case WIRE_BROADCAST:
		*ret_client = command->flags & WIRE_EXCLUDE_SENDER ? sender : NULL;
		*ret_path = sender->place.path;
		return;
	case WIRE_PUSH:
		*ret_path = hub_find_path(hub, command->key.data, command->key.len);
		return;
	case WIRE_PRESENT:
		*ret_client = sender;
		*ret_path = sender->place.path;
		return;
	case WIRE_ANSWER:
		*ret_client = hub->question == NULL ? NULL : hub->question->client;
		return;
	case WIRE_SET:
	case WIRE_COUNT:
	case WIRE_STATS:
	case WIRE_REPLAY: /* it was done before, and so was the user */
	case WIRE_USER:
	case WIRE_USER_PUSH: /* for several: users_targets() */
	case WIRE_USER_CLOSE:
	case WIRE_USER_COUNT:
	case WIRE_HISTORY:
	case WIRE_CONNS:
	case WIRE_MEMBERS:
	case WIRE_KICK: /* writes nothing itself; for who cannot leave in order, its connection ends at once */
		return;
	}
}

/* All connections of the user whom a command is for; NULL for any other command. */
static struct client *
users_targets(struct hub *hub, const struct wire_command *command)
{
	const struct user *user = NULL;

	if (command->type == WIRE_USER_PUSH || command->type == WIRE_USER_CLOSE)
		user = users_find(&hub->users, command->key);
	return user == NULL ? NULL : user->first;
}

static int
reserve_user(struct client *first)
{
	struct client *client;

	DL_FOREACH2(first, client, user.next)
		if (batch_reserve_client(client) < 0)
			return -ENOMEM;
	return 0;
}

/* True when it sends something, to somebody: an answer may be remembered for a client that is not there. */
static bool
carries_message(const struct wire_command *command, bool to_somebody)
{
	if (command->type == WIRE_ANSWER)
		return true;
	return to_somebody && command->type != WIRE_DISCONNECT && command->type != WIRE_USER_CLOSE;
}

static int
make_frame(struct hub *hub, struct client *client, const struct wire_command *command, struct frame **ret)
{
	if (command->type != WIRE_PRESENT)
		return apply_frame(hub, command, ret);
	if (client->place.state != CLIENT_JOINED || presence_check(command) != WIRE_OK)
		return 0;
	return presence_make(&hub->presences, client, command, ret);
}

static int
make_one(struct reserve *reserve, struct hub *hub, struct client *sender, const struct wire_command *command)
{
	struct client *client, *first = users_targets(hub, command);
	struct path *path;
	int r = reserve_user(first);

	find_targets(hub, sender, command, &client, &path);
	if (r == 0 && client != NULL)
		r = batch_reserve_client(client);
	if (r == 0 && path != NULL)
		r = batch_reserve_path(path);
	if (r == 0 && carries_message(command, client != NULL || path != NULL || first != NULL))
		r = make_frame(hub, client, command, &reserve->frames[reserve->n]);
	return r;
}

/* The places that were reserved are no more than room from here on. */
static void
settle(struct hub *hub, struct client *sender, struct wire_reader commands)
{
	struct wire_command command;
	struct client *client;
	struct path *path;

	while (wire_get_command(&commands, &command) > 0) {
		find_targets(hub, sender, &command, &client, &path);
		batch_settle(client, path);
		DL_FOREACH2(users_targets(hub, &command), client, user.next)
			batch_settle(client, NULL);
	}
}

int
reserve_make(struct reserve *reserve, struct hub *hub, struct client *sender, struct wire_reader commands)
{
	struct wire_reader again = commands;
	struct wire_command command;
	int r = 0;

	*reserve = (struct reserve){ 0 };
	reserve->frames = calloc(count(commands) + 1u, sizeof(*reserve->frames));
	if (reserve->frames == NULL)
		return -ENOMEM;
	while (r == 0 && wire_get_command(&commands, &command) > 0) {
		r = make_one(reserve, hub, sender, &command);
		reserve->n++;
	}
	settle(hub, sender, again);
	reserve->batches = &hub->batches;
	hub->batches.reserved = true;
	if (r < 0)
		reserve_free(reserve);
	return r;
}

struct frame *
reserve_take(struct reserve *reserve, uint32_t i)
{
	struct frame *frame = i < reserve->n ? reserve->frames[i] : NULL;

	if (frame != NULL)
		reserve->frames[i] = NULL;
	return frame;
}

void
reserve_free(struct reserve *reserve)
{
	for (uint32_t i = 0; i < reserve->n; i++)
		frame_unref(reserve->frames[i]);
	free(reserve->frames);
	if (reserve->batches != NULL)
		reserve->batches->reserved = false;
	*reserve = (struct reserve){ 0 };
}
