#include <errno.h>

#include "shared/conf.h"
#include "sidecar/hub/ahead.h"
#include "sidecar/hub/block.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/control.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/names.h"
#include "sidecar/hub/outq.h"
#include "sidecar/hub/resume.h"
#include "sidecar/hub/stream.h"

/* Takes the frame, which may be NULL. */
static int
send(struct hub *hub, struct client *client, struct frame *frame)
{
	return frame == NULL ? -ENOMEM : batch_send(&hub->batches, client, frame);
}

/* What the sidecar says itself to a stream. */
static int
send_word(struct hub *hub, struct client *client, struct frame *word)
{
	return word == NULL ? -ENOMEM : batch_send_blocks(&hub->batches, client, word, false);
}

/* Whether it has got all that it missed, if it speaks of such things. */
static int
tell_resumed(struct hub *hub, struct client *client, bool whole)
{
	if (client->socket.stream)
		return send_word(hub, client, stream_resumed(whole));
	return client->ping.frond ? send(hub, client, control_resumed(whole)) : 0;
}

/* --- messages --------------------------------------------------------------------------- */

/* True when a client that comes back with a valid position is to get a message that is kept. */
static bool
is_missed(const struct history *history, const struct client *client, uint32_t i)
{
	const struct coming *coming = client->coming;
	uint64_t except = history_except(history, i);

	return history_lacks(history, &coming->position, history_at(history, i)) &&
	    (except == 0 || !coming_was(coming, except));
}

/* What a message makes wait for a client, with what is said of it. */
static size_t
message_bytes(const struct client *client, const struct history_message *message)
{
	if (client->socket.stream)
		return block_bytes(message->frame->len, frame_is_binary(message->frame)) + OUTQ_ENTRY_BYTES;
	return message->frame->len + POSITION_MARK_BYTES + OUTQ_ENTRY_BYTES;
}

/* Says before the message which one it is, to a client that knows where it is. */
static int
send_announced(struct hub *hub, struct client *client, uint32_t i)
{
	const struct history *history = client->place.path->past.history;
	const struct history_message *message = history_at(history, i);
	int r = client->ping.frond ? send(hub, client, control_next(history_mark(history, message))) : 0;

	return r < 0 ? r : send(hub, client, frame_ref(message->frame));
}

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * Sends to a stream a message with the position to which it leads, which is raised. Its
 * time is the message's: what follows may age before the client, cut off here, comes
 * back.
 */
static int
send_positioned(struct hub *hub, struct client *client, uint32_t i, struct position *position)
{
	const struct history *history = client->place.path->past.history;
	const struct history_message *message = history_at(history, i);
	struct frame *block;

	position->at_ms = later(position->at_ms, message->at_ms);
	position_raise(position, history_mark(history, message));
	block = stream_message(message->frame, position);
	return block == NULL ? -ENOMEM : batch_send_blocks(&hub->batches, client, block, true);
}

static int
send_missed_to_stream(struct hub *hub, struct client *client)
{
	const struct history *history = client->place.path->past.history;
	struct position position = client->coming->position;
	int r = 0;

	for (uint32_t i = 0; history != NULL && i < history->messages.n && r == 0; i++)
		if (is_missed(history, client, i))
			r = send_positioned(hub, client, i, &position);
	return r;
}

static int
send_missed(struct hub *hub, struct client *client)
{
	const struct history *history = client->place.path->past.history;
	int r = 0;

	if (client->socket.stream)
		return send_missed_to_stream(hub, client);
	for (uint32_t i = 0; history != NULL && i < history->messages.n && r == 0; i++)
		if (is_missed(history, client, i))
			r = send_announced(hub, client, i);
	return r;
}

/* So many of the last messages, and no more than may wait for one client. */
static uint32_t
number_of_last(const struct hub *hub, const struct client *client, uint32_t max)
{
	const struct history *history = client->place.path->past.history;
	uint32_t n = history == NULL ? 0 : history->messages.n, last = 0;
	size_t bytes = 0;

	while (last < n && last < max) {
		bytes += message_bytes(client, history_at(history, n - 1 - last));
		if (bytes > hub->conf->ws_queue_bytes)
			break;
		last++;
	}
	return last;
}

int
resume_replay(struct hub *hub, struct client *client, uint32_t replay)
{
	const struct history *history = client->place.path->past.history;
	uint32_t last;
	int r = 0;

	histories_expire(&hub->histories, client->place.path);
	last = number_of_last(hub, client, replay);
	for (uint32_t i = last; i > 0 && r == 0; i--)
		r = send(hub, client, frame_ref(history_at(history, history->messages.n - i)->frame));
	return r;
}

/* --- joining ------------------------------------------------------------------------------ */

/* Where it is when so many of the last messages are still to come. */
static struct position
position_of_client(const struct hub *hub, const struct client *client, uint32_t last)
{
	const struct past past = histories_past(client->place.path);
	struct position position = histories_position(&hub->histories, &past, last);

	/* It may have seen more than this host has; what is still to come, it gets whether it had it or not. */
	if (client->coming != NULL && last == 0)
		position_join(&position, &client->coming->position);
	else if (client->coming != NULL)
		position_add_others(&position, &client->coming->position);
	return position;
}

static int
tell(struct hub *hub, struct client *client, const struct position *position)
{
	uint64_t names[COMING_NAMES];

	if (client->socket.stream)
		return send_word(hub, client, stream_position(position, client));
	if (!client->ping.frond)
		return 0;
	return send(hub, client, control_position(position, names, names_of(client, names)));
}

static int
tell_position(struct hub *hub, struct client *client)
{
	struct position position = position_of_client(hub, client, 0);

	return tell(hub, client, &position);
}

/* Until it has had them, it has been there no later than the first of so many of the last messages. */
static int
tell_position_before(struct hub *hub, struct client *client, uint32_t last)
{
	const struct history *history = client->place.path->past.history;
	struct position position = position_of_client(hub, client, last);

	position.at_ms = history_at(history, history->messages.n - last)->at_ms;
	return tell(hub, client, &position);
}

int
resume_heartbeat(struct hub *hub, struct client *client)
{
	struct position position;

	if (client->place.path->past.limits.messages == 0)
		return send_word(hub, client, stream_heartbeat(NULL, client));
	position = position_of_client(hub, client, 0);
	return send_word(hub, client, stream_heartbeat(&position, client));
}

static int
replay_to_stream(struct hub *hub, struct client *client, uint32_t last)
{
	const struct history *history = client->place.path->past.history;
	struct position position = position_of_client(hub, client, last);
	int r = 0;

	position.at_ms = 0;
	for (uint32_t i = last; i > 0 && r == 0; i--)
		r = send_positioned(hub, client, history->messages.n - i, &position);
	return r;
}

static int
replay_announced(struct hub *hub, struct client *client, uint32_t replay)
{
	const struct history *history = client->place.path->past.history;
	uint32_t last = number_of_last(hub, client, replay);
	int r;

	if (last == 0)
		return 0;
	if (client->socket.stream)
		return replay_to_stream(hub, client, last);
	r = tell_position_before(hub, client, last);
	for (uint32_t i = last; i > 0 && r == 0; i--)
		r = send_announced(hub, client, history->messages.n - i);
	return r;
}

/* True when no more was missed than may wait for one client. */
static bool
can_wait(const struct hub *hub, const struct client *client)
{
	const struct history *history = client->place.path->past.history;
	size_t bytes = 0;

	for (uint32_t i = 0; history != NULL && i < history->messages.n; i++)
		if (is_missed(history, client, i))
			bytes += message_bytes(client, history_at(history, i));
	return bytes <= hub->conf->ws_queue_bytes;
}

/* True when all is there that the client says it lacks; counted. */
static bool
is_whole(struct hub *hub, const struct client *client)
{
	struct histories *histories = &hub->histories;
	const struct past past = histories_past(client->place.path);
	bool valid = client->coming->valid;
	bool whole = valid && histories_is_whole(histories, &past, &client->coming->position) && can_wait(hub, client);

	histories->n_malformed += !valid;
	histories->n_resumed += whole;
	histories->n_gaps += valid && !whole;
	return whole;
}

static void
forget_coming(struct client *client)
{
	coming_free(client->coming);
	client->coming = NULL;
}

/* As a new one. But what it has had before the gap it has had, and must not get again from another host. */
static int
begin_anew(struct hub *hub, struct client *client, uint32_t replay)
{
	const struct past past = histories_past(client->place.path);
	int r = tell_resumed(hub, client, false);

	if (!client->coming->valid || !histories_is_of(&past, &client->coming->position))
		forget_coming(client);
	return r < 0 ? r : replay_announced(hub, client, replay);
}

static int
resume(struct hub *hub, struct client *client, uint32_t replay)
{
	int r = 0;

	if (client->coming->valid && hub->histories.shared) /* else nothing is on its way */
		r = names_add(&hub->names, client, client->coming);
	if (r < 0)
		return r;
	if (!is_whole(hub, client))
		return begin_anew(hub, client, replay);
	r = send_missed(hub, client);
	return r < 0 ? r : tell_resumed(hub, client, true);
}

int
resume_client(struct hub *hub, struct client *client, uint32_t replay)
{
	bool keeps = client->place.path->past.limits.messages > 0;
	int r;

	histories_expire(&hub->histories, client->place.path);
	r = presence_greet(&hub->presences, client);
	if (r < 0)
		return r;
	if (client->coming != NULL && !client->coming->placed)
		forget_coming(client);
	if (client->coming != NULL)
		r = resume(hub, client, replay);
	else
		r = replay_announced(hub, client, replay);
	if (r == 0 && keeps)
		r = tell_position(hub, client);
	if (client->coming == NULL || !ahead_add(client->place.path, client, hub->histories.now_ms()))
		forget_coming(client);
	return r;
}

void
resume_vouch(struct hub *hub, struct path *path, uint64_t since_ms)
{
	path->past.since_ms = since_ms;
	for (uint32_t i = 0; path->past.limits.messages > 0 && i < path->n_members; i++)
		if (tell_position(hub, path->members[i]) < 0)
			client_drop(path->members[i], "out-of-memory");
}

void
resume_tell_gap(struct hub *hub, struct path *path)
{
	/* Without memory it goes unsaid, as the message did. */
	for (uint32_t i = 0; i < path->n_members; i++)
		tell_resumed(hub, path->members[i], false);
	histories_tear(&hub->histories, path);
}
