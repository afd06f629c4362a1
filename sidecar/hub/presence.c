#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "shared/closecode.h"
#include "shared/conf.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/control.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/batch.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/paths.h"
#include "sidecar/hub/member.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/presence.h"
#include "sidecar/hub/stream.h"
#include "sidecar/hub/users.h"

enum { TICK_MS = 1000 }; /* so late it may be noticed that a place is kept no more */

/* --- reading ------------------------------------------------------------------------------------ */

uint32_t
presence_count(const struct presence *presence)
{
	return presence == NULL ? 0 : presence->n + presence->elsewhere;
}

static bool
is_seen(const struct member *member)
{
	return member->line != NULL;
}

/* The words of a line are "+ ", and the text. */
static struct span
text_of_line(const struct frame *line)
{
	return span_from(control_words(line), 2);
}

struct span
member_text(const struct member *member)
{
	return text_of_line(member->line);
}

const struct member *
presence_next_own(const struct presence *presence, const struct member *member)
{
	if (presence == NULL)
		return NULL;
	member = member == NULL ? presence->members : member->hh.next;
	while (member != NULL && (member->origin != 0 || !is_seen(member)))
		member = member->hh.next;
	return member;
}

static void
put_list(const struct presence *presence, struct buf *buf)
{
	bool first = true;

	buf_u8(buf, '[');
	for (const struct member *member = presence->members; member != NULL; member = member->hh.next) {
		struct span text;

		if (!is_seen(member))
			continue;
		text = member_text(member);
		if (!first)
			buf_u8(buf, ',');
		first = false;
		buf_bytes(buf, text.data, text.len);
	}
	buf_u8(buf, ']');
}

void
presence_put(const struct presence *presence, struct buf *buf)
{
	buf_string(buf, "{\"count\":");
	buf_decimal(buf, presence_count(presence));
	if (presence == NULL)
		buf_string(buf, ",\"members\":[]");
	if (presence != NULL && !presence->counts) {
		buf_string(buf, ",\"members\":");
		put_list(presence, buf);
	}
	buf_u8(buf, '}');
}

bool
presence_is_awaited(const struct presence *presence)
{
	return presence != NULL && presence->n_kept > 0;
}

/* --- what is said of them -------------------------------------------------------------------------- */

/* All of them, or how many; NULL without memory. */
static struct frame *
make_list(const struct presence *presence)
{
	struct frame *list = NULL;
	struct buf words = BUF_INIT;

	if (presence->counts)
		buf_decimal(&words, presence_count(presence));
	else
		put_list(presence, &words);
	if (!words.failed)
		list = control_here(span_of_buf(&words));
	buf_free(&words);
	return list;
}

/* Borrows it: many may join before anything changes. */
static struct frame *
list_of(struct presence *presence)
{
	if (presence->list == NULL)
		presence->list = make_list(presence);
	return presence->list;
}

static void
be_late(struct presences *presences, struct presence *presence)
{
	if (presence->prev == NULL)
		DL_APPEND(presences->late, presence);
}

static void
be_in_time(struct presences *presences, struct presence *presence)
{
	if (presence->prev == NULL)
		return;
	DL_DELETE(presences->late, presence);
	presence->prev = presence->next = NULL;
}

static void
say_all(struct presences *presences, struct presence *presence)
{
	struct frame *list = list_of(presence);

	be_in_time(presences, presence);
	if (list == NULL || batch_say(presences->batches, presence->path, frame_ref(list)) < 0)
		be_late(presences, presence);
}

/* Once they are too many, it takes fewer than the limit: who comes and goes must not make a list of it each time. */
static bool
must_count(const struct presences *presences, const struct presence *presence)
{
	size_t max = presences->conf->ws_presence_max,
	       max_bytes = presences->conf->ws_queue_bytes / PRESENCE_QUEUE_SHARE;

	if (presence->counts) {
		max -= max / 10;
		max_bytes -= max_bytes / 10;
	}
	return presence->elsewhere > 0 || presence->n > max || presence->bytes > max_bytes;
}

/* Something has changed: takes the line that tells it, or NULL without memory for one. */
static void
say(struct presences *presences, struct presence *presence, struct frame *line)
{
	bool counts = must_count(presences, presence);

	frame_unref(presence->list);
	presence->list = NULL;
	if (counts != presence->counts) {
		presence->counts = counts;
		frame_unref(line);
		say_all(presences, presence);
	} else if (counts) {
		frame_unref(line);
		be_late(presences, presence);
	} else if (line == NULL || batch_say(presences->batches, presence->path, line) < 0) {
		be_late(presences, presence);
	}
}

/* --- the table ------------------------------------------------------------------------------------- */

static struct presence *
presence_of(struct path *path)
{
	if (path->presence != NULL)
		return path->presence;
	path->presence = calloc(1, sizeof(*path->presence));
	if (path->presence == NULL)
		return NULL;
	path->presence->path = path;
	memory_add(sizeof(*path->presence));
	return path->presence;
}

static struct member *
find(const struct presence *presence, uint64_t key)
{
	struct member *member = NULL;

	if (presence != NULL && key != 0)
		HASH_FIND(hh, presence->members, &key, sizeof(key), member);
	return member;
}

/* One that nobody sees yet; NULL without memory. */
static struct member *
add(struct presence *presence, uint64_t origin, uint64_t key)
{
	struct member *member = calloc(1, sizeof(*member));

	if (member == NULL)
		return NULL;
	member->origin = origin;
	member->key = key;
	member->path = presence->path;
	HASH_ADD(hh, presence->members, key, sizeof(member->key), member);
	if (!HASH_ADDED(member)) {
		free(member);
		return NULL;
	}
	memory_add(sizeof(*member));
	return member;
}

/* Takes the line, or NULL for one that is seen no more. */
static void
set_line(struct presences *presences, struct member *member, struct frame *line)
{
	struct presence *presence = member->path->presence;
	bool own = member->origin == 0;

	if (is_seen(member)) {
		presence->n--;
		presence->n_own -= own;
		presence->bytes -= member->line->len;
		presences->n--;
	}
	frame_unref(member->line);
	member->line = line;
	if (is_seen(member)) {
		presence->n++;
		presence->n_own += own;
		presence->bytes += line->len;
		presences->n++;
	}
}

static void
keep_place(struct presences *presences, struct member *member)
{
	member->until_ms = presences->now_ms + 1000 * (uint64_t)presences->conf->ws_presence_grace + TICK_MS;
	member->path->presence->n_kept += member->origin == 0;
	DL_APPEND(presences->kept, member);
}

static void
keep_no_more(struct presences *presences, struct member *member)
{
	if (member->prev == NULL)
		return;
	DL_DELETE(presences->kept, member);
	member->prev = member->next = NULL;
	member->path->presence->n_kept -= member->origin == 0;
}

/* Says nothing. */
static void
remove_member(struct presences *presences, struct member *member)
{
	struct presence *presence = member->path->presence;

	set_line(presences, member, NULL);
	keep_no_more(presences, member);
	if (member->client != NULL)
		member->client->presence.member = NULL;
	frame_unref(member->welcome);
	HASH_DELETE(hh, presence->members, member);
	memory_remove(sizeof(*member));
	free(member);
}

/* Tells the other hosts of one of ours. */
static void
tell(struct presences *presences, const struct member *member, bool left)
{
	if (member->origin == 0 && presences->changed != NULL)
		presences->changed(presences->context, member->path, member, left);
}

/* It has left, as all see. */
static void
end(struct presences *presences, struct member *member)
{
	struct presence *presence = member->path->presence;
	struct frame *line = control_left(member_id(member_text(member)));

	tell(presences, member, true);
	remove_member(presences, member);
	say(presences, presence, line);
}

/* --- one in the place of another ------------------------------------------------------------------- */

/* Whose place a new one takes that has been there before, as it says; NULL for nobody's. */
static struct member *
find_earlier(const struct presence *presence, uint64_t was)
{
	struct member *member = find(presence, was);

	return member != NULL && is_seen(member) ? member : NULL;
}

/* As another user, it is somebody else, and will not be the earlier one again. */
static bool
is_same_user(const struct member *earlier, struct span text)
{
	return span_equal(member_user(member_text(earlier)), member_user(text));
}

/* What is said of a member, and in whose place it comes; NULL without memory. */
static struct frame *
make_line(const struct member *member, struct span text)
{
	const struct member *earlier = is_seen(member) ? NULL : find_earlier(member->path->presence, member->was);
	struct buf in_place = BUF_INIT;
	struct frame *line = NULL;

	if (earlier == NULL || !is_same_user(earlier, text))
		return control_came(text);
	member_put_in_place(&in_place, text, member_id(member_text(earlier)));
	if (!in_place.failed)
		line = control_came(span_of_buf(&in_place));
	buf_free(&in_place);
	return line;
}

/* The line of a member is said, after which there is no earlier one any more. Takes the line. */
static void
show(struct presences *presences, struct member *member, struct frame *line)
{
	struct presence *presence = member->path->presence;
	struct member *earlier = is_seen(member) ? NULL : find_earlier(presence, member->was);

	if (earlier == member)
		earlier = NULL;
	if (earlier != NULL && !is_same_user(earlier, text_of_line(line))) {
		end(presences, earlier);
		earlier = NULL;
	}
	set_line(presences, member, frame_ref(line));
	tell(presences, member, false); /* before the earlier one goes: else it would leave at other hosts */
	if (earlier != NULL) {
		tell(presences, earlier, true);
		remove_member(presences, earlier);
	}
	say(presences, presence, line);
}

/* --- members of ours ----------------------------------------------------------------------------- */

enum wire_status
presence_check(const struct wire_command *command)
{
	int r = command->flags & WIRE_UNSET ? 0 : member_check_data(command->data);

	return r == 0 ? WIRE_OK : r == -EMSGSIZE ? WIRE_TOO_LARGE : WIRE_INVALID;
}

static int
new_key(uint64_t *ret)
{
	struct wire_id random;
	int r = wire_id_random(&random);

	memcpy(ret, random.bytes, sizeof(*ret));
	return r;
}

/* What tells a client its key, if it understands that. Returns 0 or -ENOMEM. */
static int
make_welcome(const struct client *client, struct member *member)
{
	char id[WIRE_ID_HEX];
	struct frame *key;

	if (!client->ping.frond && !client->socket.stream)
		return 0;
	wire_id_format(&client->id, id);
	key = control_key(member->key, span_of(id));
	if (key == NULL || !client->socket.stream) {
		member->welcome = key;
	} else {
		member->welcome = stream_presence(key);
		frame_unref(key);
	}
	return member->welcome == NULL ? -ENOMEM : 0;
}

/* The client's own, made if need be, which nobody sees until then. */
static struct member *
member_of(struct presences *presences, struct client *client)
{
	struct presence *presence = presence_of(client->place.path);
	struct member *member;
	uint64_t key;

	if (client->presence.member != NULL)
		return client->presence.member;
	member = presence == NULL || new_key(&key) < 0 ? NULL : add(presence, 0, key);
	if (member == NULL)
		return NULL;
	member->was = client->presence.was;
	member->client = client;
	client->presence.member = member;
	if (make_welcome(client, member) == 0)
		return member;
	remove_member(presences, member);
	return NULL;
}

static struct frame *
make_own_line(const struct client *client, const struct member *member, struct span data)
{
	char id[WIRE_ID_HEX];
	const struct member_parts parts = {
		.id = { id, MEMBER_ID_DIGITS }, .user = users_span(client->user.of), .data = data
	};
	struct buf text = BUF_INIT;
	struct frame *line;

	wire_id_format(&client->id, id);
	member_put(&text, &parts);
	line = text.failed ? NULL : make_line(member, span_of_buf(&text));
	buf_free(&text);
	return line;
}

int
presence_make(
    struct presences *presences, struct client *client, const struct wire_command *command, struct frame **ret)
{
	struct member *member = client->presence.member;

	if (command->flags & WIRE_UNSET) {
		if (member == NULL || !is_seen(member))
			return 0;
		*ret = control_left(member_id(member_text(member)));
	} else {
		member = member_of(presences, client);
		if (member == NULL)
			return -ENOMEM;
		*ret = make_own_line(client, member, command->data);
	}
	return *ret == NULL ? -ENOMEM : 0;
}

static void
welcome(struct presences *presences, struct client *client, struct member *member)
{
	struct frame *key = member->welcome;
	int r = 0;

	member->welcome = NULL;
	if (key != NULL && client->socket.stream)
		r = batch_send_blocks(presences->batches, client, key, false);
	else if (key != NULL)
		r = batch_send(presences->batches, client, key);
	if (r < 0)
		client_drop(client, "out-of-memory");
}

static void
hide(struct presences *presences, struct member *member, struct frame *line)
{
	tell(presences, member, true);
	set_line(presences, member, NULL);
	say(presences, member->path->presence, line);
}

void
presence_apply(
    struct presences *presences, struct client *client, const struct wire_command *command, struct frame *line)
{
	struct member *member = client->presence.member;

	if (line == NULL || member == NULL) {
		frame_unref(line);
	} else if (command->flags & WIRE_UNSET) {
		if (is_seen(member))
			hide(presences, member, line);
		else
			frame_unref(line);
	} else {
		welcome(presences, client, member);
		show(presences, member, line);
	}
}

int
presence_greet(struct presences *presences, struct client *client)
{
	struct presence *presence = client->place.path->presence;
	bool asks = client->coming != NULL && client->coming->lists;
	struct frame *list, *nobody = NULL;
	int r = -ENOMEM;

	if (asks)
		client->presence.was = client->coming->key;
	if ((!asks && presence_count(presence) == 0) || (!client->ping.frond && !client->socket.stream))
		return 0;
	if (presence == NULL)
		nobody = control_here(span_of("[]"));
	list = presence == NULL ? nobody : list_of(presence);
	if (list != NULL && client->socket.stream) {
		struct frame *blocks = stream_presence(list);

		r = blocks == NULL ? -ENOMEM : batch_send_blocks(presences->batches, client, blocks, false);
	} else if (list != NULL) {
		r = batch_send(presences->batches, client, frame_ref(list));
	}
	frame_unref(nobody);
	return r;
}

/*
 * True when the connection was not ended by its client or by the app: it broke, or the
 * sidecar has ended it in a way after which clients come back.
 */
static bool
may_come_back(const struct client *client)
{
	switch (client->ending.code) {
	case 0:
		return true;
	case CLOSE_GOING_AWAY:
	case CLOSE_INTERNAL_ERROR:
	case CLOSE_TRY_LATER:
		return client->ending.why != NULL;
	default:
		return false;
	}
}

void
presence_leave(struct presences *presences, struct client *client)
{
	struct member *member = client->presence.member;

	if (member == NULL)
		return;
	if (!is_seen(member)) {
		remove_member(presences, member);
	} else if (may_come_back(client) && presences->conf->ws_presence_grace > 0) {
		member->client = NULL;
		client->presence.member = NULL;
		keep_place(presences, member);
	} else {
		end(presences, member);
	}
}

/* --- members of other hosts ---------------------------------------------------------------------- */

/* The one that a host speaks of, made if need be. NULL without memory, or when it has none there by that key. */
static struct member *
member_elsewhere(struct presence *presence, const struct presence_said *said)
{
	struct member *member = find(presence, said->key);

	if (member == NULL && presence->n - presence->n_own < PRESENCE_ELSEWHERE)
		member = add(presence, said->origin, said->key);
	return member != NULL && member->origin == said->origin ? member : NULL;
}

/* True when it is known already as that; without memory to see, it is said again. */
static bool
is_said(const struct member *member, struct span text)
{
	struct buf plain = BUF_INIT;
	bool is_said;

	member_put_plain(&plain, member_text(member));
	is_said = span_equal(span_of_buf(&plain), text);
	buf_free(&plain);
	return is_said;
}

int
presence_take(struct presences *presences, struct path *path, const struct presence_said *said)
{
	struct presence *presence = presence_of(path);
	struct member *member = presence == NULL ? NULL : member_elsewhere(presence, said);
	struct frame *line;

	if (member == NULL)
		return -ENOMEM;
	member->round = said->round;
	member->was = said->was;
	if (is_seen(member) && is_said(member, said->text))
		return 0;
	line = make_line(member, said->text);
	if (line == NULL) {
		if (!is_seen(member))
			remove_member(presences, member);
		return -ENOMEM;
	}
	show(presences, member, line);
	return 0;
}

void
presence_drop(struct presences *presences, struct path *path, uint64_t origin, uint64_t key)
{
	struct member *member = find(path->presence, key);

	if (member != NULL && member->origin == origin)
		end(presences, member);
}

void
presence_end(struct presences *presences, struct path *path, uint64_t origin, uint32_t round)
{
	struct member *member, *next;

	if (path->presence == NULL)
		return;
	HASH_ITER(hh, path->presence->members, member, next)
		if (member->origin == origin && member->round != round)
			end(presences, member);
}

void
presence_forget(struct presences *presences, struct path *path, uint64_t origin, bool keep)
{
	struct member *member, *next;

	if (path->presence == NULL)
		return;
	HASH_ITER(hh, path->presence->members, member, next) {
		if (member->origin != origin)
			continue;
		if (!keep || presences->conf->ws_presence_grace == 0)
			end(presences, member);
		else if (member->prev == NULL)
			keep_place(presences, member);
	}
}

void
presence_set_elsewhere(struct presences *presences, struct path *path, uint32_t n)
{
	struct presence *presence = n == 0 ? path->presence : presence_of(path);

	if (presence == NULL || presence->elsewhere == n)
		return;
	presence->elsewhere = n;
	say(presences, presence, NULL);
}

/* --- from the hub ---------------------------------------------------------------------------------- */

struct path *
presence_expire(struct presences *presences, uint64_t now_ms)
{
	struct member *member = presences->kept;
	struct path *path;

	presences->now_ms = now_ms;
	if (member == NULL || member->until_ms > now_ms)
		return NULL;
	path = member->path;
	end(presences, member);
	return path;
}

void
presence_tick(struct presences *presences)
{
	struct presence *late = presences->late, *presence;

	presences->late = NULL;
	while ((presence = late) != NULL) {
		DL_DELETE(late, presence);
		presence->prev = presence->next = NULL;
		say_all(presences, presence);
	}
}

void
presence_free(struct presences *presences, struct path *path)
{
	struct presence *presence = path->presence;
	struct member *member, *next;

	if (presence == NULL)
		return;
	HASH_ITER(hh, presence->members, member, next)
		remove_member(presences, member);
	be_in_time(presences, presence);
	frame_unref(presence->list);
	memory_remove(sizeof(*presence));
	free(presence);
	path->presence = NULL;
}
