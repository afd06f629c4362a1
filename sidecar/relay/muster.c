#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/member.h"
#include "sidecar/hub/presence.h"
#include "sidecar/relay/envelope.h"
#include "sidecar/relay/muster.h"
#include "sidecar/relay/state.h"
#include "sidecar/relay/tell.h"

static uint32_t
n_own(const struct path *path)
{
	return path->presence == NULL ? 0 : path->presence->n_own;
}

/* It is looked at from now on, or no more: as somebody has members there or not. */
static void
list(struct relay *relay, struct muster *muster)
{
	if (muster->prev == NULL)
		DL_APPEND(relay->musters, muster);
}

static void
unlist(struct relay *relay, struct muster *muster)
{
	if (muster->prev == NULL)
		return;
	DL_DELETE(relay->musters, muster);
	muster->prev = muster->next = NULL;
}

static void
unlist_if_empty(struct relay *relay, struct muster *muster)
{
	if (muster->version == 0 && muster->n_sources == 0)
		unlist(relay, muster);
}

/* --- ours ------------------------------------------------------------------------------- */

static void
put_member(struct buf *buf, const struct member *member, bool left)
{
	struct envelope_member said = { .left = left, .key = member->key, .was = member->was, .text = SPAN_EMPTY };
	struct buf plain = BUF_INIT;

	if (!left) {
		member_put_plain(&plain, member_text(member));
		said.text = span_of_buf(&plain);
	}
	buf->failed |= plain.failed;
	envelope_put_member(buf, &said);
	buf_free(&plain);
}

static void
forget_changed(struct relay *relay, struct muster *muster)
{
	if (muster->has_changed)
		DL_DELETE2(relay->musters_changed, muster, prev_changed, next_changed);
	muster->has_changed = false;
}

/* What is said of a path in any case. */
static struct envelope
envelope_of(const struct muster *muster)
{
	return (struct envelope){ .type = ENVELOPE_PRESENCE,
		.version = muster->version,
		.base = muster->version,
		.count = n_own(muster->path),
		.path = path_span(muster->path) };
}

/* Of so many, only the number is told; until they are clearly fewer again. */
static bool
must_count(const struct relay *relay, const struct muster *muster)
{
	uint32_t max = relay->conf->ws_presence_max;

	return n_own(muster->path) > (muster->counts ? max - max / 10 : max);
}

/* All of them, in as many parts as it takes. A part that finds no memory is missed, and so asked for again. */
static void
tell_list(struct relay *relay, struct span channel, const struct muster *muster)
{
	struct envelope envelope = envelope_of(muster);
	const struct member *member = presence_next_own(muster->path->presence, NULL);
	struct buf members = BUF_INIT;

	envelope.flags = ENVELOPE_LIST | ENVELOPE_MORE;
	while (member != NULL) {
		put_member(&members, member, false);
		member = presence_next_own(muster->path->presence, member);
		if (members.len < MUSTER_PART_BYTES && member != NULL)
			continue;
		if (member == NULL)
			envelope.flags = ENVELOPE_LIST;
		envelope.members = span_of_buf(&members);
		if (!members.failed)
			relay_tell(relay, channel, &envelope);
		envelope.part++;
		buf_clear(&members);
	}
	buf_free(&members);
}

/* Who is there, for one who does not know, or has it wrong. */
static void
tell_state(struct relay *relay, struct span channel, const struct muster *muster)
{
	struct envelope envelope = envelope_of(muster);

	if (muster->version != 0 && !muster->counts) {
		tell_list(relay, channel, muster);
		return;
	}
	envelope.flags = muster->counts ? ENVELOPE_COUNTED : 0;
	relay_tell(relay, channel, &envelope);
}

static void
tell_changes(struct relay *relay, struct span channel, const struct muster *muster)
{
	struct envelope envelope = envelope_of(muster);

	envelope.base = muster->told;
	envelope.members = span_of_buf(&muster->changes);
	relay_tell(relay, channel, &envelope);
}

static void
tell(struct relay *relay, struct muster *muster)
{
	bool counted = muster->counts, lost = muster->lost || muster->changes.failed;
	char name[RELAY_NAME_BYTES];
	struct span channel = relay_path_channel(relay, path_span(muster->path), name);

	forget_changed(relay, muster);
	muster->counts = must_count(relay, muster);
	if (n_own(muster->path) == 0)
		muster->version = 0;
	if (muster->version == 0 || muster->counts || counted || lost)
		tell_state(relay, channel, muster);
	else
		tell_changes(relay, channel, muster);
	muster->told = muster->version;
	muster->said_beats = relay->hosts.beats;
	muster->lost = false;
	buf_free(&muster->changes);
	unlist_if_empty(relay, muster);
}

void
muster_changed(struct relay *relay, struct path *path, const struct member *member, bool left)
{
	struct muster *muster = path->muster;

	if (muster == NULL)
		return;
	muster->version = ++relay->muster_version;
	list(relay, muster);
	if (!muster->counts && muster->changes.len < MUSTER_PART_BYTES)
		put_member(&muster->changes, member, left);
	else
		muster->lost = true;
	if (muster->has_changed)
		return;
	muster->has_changed = true;
	DL_APPEND2(relay->musters_changed, muster, prev_changed, next_changed);
}

void
muster_flush(struct relay *relay, struct muster *muster)
{
	if (muster->has_changed)
		tell(relay, muster);
}

void
musters_flush(struct relay *relay)
{
	while (relay->musters_changed != NULL)
		tell(relay, relay->musters_changed);
}

bool
muster_answer(struct relay *relay, const struct host *host, const struct path *path, bool all)
{
	struct muster *muster = path == NULL ? NULL : path->muster;
	struct envelope envelope;
	char name[RELAY_NAME_BYTES];
	struct span channel = relay_host_channel(relay, host->origin, name);

	if (muster == NULL)
		return false;
	muster_flush(relay, muster); /* all hear of it before one does */
	if (muster->version == 0)
		return false;
	envelope = envelope_of(muster);
	if (all)
		tell_state(relay, channel, muster);
	else
		relay_tell(relay, channel, &envelope);
	return true;
}

void
muster_say_again(struct relay *relay, struct muster *muster)
{
	struct envelope envelope = envelope_of(muster);
	char name[RELAY_NAME_BYTES];

	muster->said_beats = relay->hosts.beats;
	if (muster->version != 0 && !muster->has_changed)
		relay_tell(relay, relay_path_channel(relay, path_span(muster->path), name), &envelope);
}

void
muster_called(struct relay *relay, const struct host *host, const struct envelope *call)
{
	struct path *path = hub_find_path(relay->hub, call->path.data, call->path.len);
	struct envelope nobody = { .type = ENVELOPE_PRESENCE, .path = call->path };
	char name[RELAY_NAME_BYTES];

	if (path != NULL && path->muster != NULL)
		muster_flush(relay, path->muster);
	if (path == NULL ||
	    !muster_answer(relay, host, path, path->muster == NULL || path->muster->version != call->version))
		relay_tell(relay, relay_host_channel(relay, host->origin, name), &nobody);
}

/* --- those of others -------------------------------------------------------------------------- */

static struct muster_source *
find_source(struct muster *muster, const struct host *host)
{
	for (uint32_t i = 0; i < muster->n_sources; i++)
		if (muster->sources[i].host == host)
			return &muster->sources[i];
	return NULL;
}

static struct muster_source *
add_source(struct relay *relay, struct muster *muster, struct host *host)
{
	struct muster_source *more = realloc(muster->sources, (muster->n_sources + 1) * sizeof(*more));

	if (more == NULL)
		return NULL;
	muster->sources = more;
	list(relay, muster);
	more[muster->n_sources] = (struct muster_source){ .host = host };
	return &more[muster->n_sources++];
}

static void
sum_up(struct relay *relay, struct muster *muster)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < muster->n_sources; i++)
		sum += muster->sources[i].counted;
	presence_set_elsewhere(&relay->hub->presences, muster->path, sum);
}

/* The host has no members there any more. */
static void
remove_source(struct relay *relay, struct muster *muster, struct muster_source *source, bool keep)
{
	uint64_t origin = source->host->origin;

	*source = muster->sources[--muster->n_sources];
	unlist_if_empty(relay, muster);
	presence_forget(&relay->hub->presences, muster->path, origin, keep);
	sum_up(relay, muster);
}

static void
call(struct relay *relay, const struct muster *muster, struct muster_source *source)
{
	struct envelope envelope = {
		.type = ENVELOPE_CALL, .version = source->version, .path = path_span(muster->path)
	};
	char name[RELAY_NAME_BYTES];

	if (source->called && relay->hosts.beats - source->called_beats < MUSTER_CALL_BEATS)
		return;
	source->called = true;
	source->called_beats = relay->hosts.beats;
	relay->n_muster_calls++;
	relay_tell(relay, relay_host_channel(relay, source->host->origin, name), &envelope);
}

/* False when there was no memory for one of them. */
static bool
take_members(struct relay *relay, struct muster *muster, const struct muster_source *source, struct span members)
{
	struct wire_reader reader = wire_reader(members.data, members.len);
	uint64_t origin = source->host->origin;
	struct envelope_member member;
	bool whole = true;

	while (envelope_get_member(&reader, &member) > 0) {
		const struct presence_said said = { origin, member.key, member.was, source->round, member.text };

		if (member.left)
			presence_drop(&relay->hub->presences, muster->path, origin, member.key);
		else if (presence_take(&relay->hub->presences, muster->path, &said) < 0)
			whole = false;
	}
	return whole;
}

/* What does not fit is asked for again, as soon as it is noticed. */
static void
take_part(struct relay *relay, struct muster *muster, struct muster_source *source, const struct envelope *envelope)
{
	if (envelope->part == 0) {
		source->listed = envelope->version;
		source->part = 0;
		source->round = ++relay->muster_round;
	}
	if (source->listed != envelope->version || source->part != envelope->part)
		return;
	source->part = take_members(relay, muster, source, envelope->members) ? source->part + 1 : UINT32_MAX;
	if ((envelope->flags & ENVELOPE_MORE) || source->part == UINT32_MAX)
		return;
	presence_end(&relay->hub->presences, muster->path, source->host->origin, source->round);
	source->version = envelope->version;
	source->called = false;
	source->counted = 0;
	sum_up(relay, muster);
}

static void
take_counted(struct relay *relay, struct muster *muster, struct muster_source *source, const struct envelope *envelope)
{
	source->version = envelope->version;
	source->called = false;
	source->counted = envelope->count;
	sum_up(relay, muster);
	presence_forget(&relay->hub->presences, muster->path, source->host->origin, false);
}

/* Changes of what is known, or nothing but the version. */
static void
take_changes(struct relay *relay, struct muster *muster, struct muster_source *source, const struct envelope *envelope)
{
	bool fits = envelope->base == source->version && source->counted == 0;

	if (envelope->version == source->version) {
		source->called = false;
		return;
	}
	if (fits && envelope->members.len > 0 && take_members(relay, muster, source, envelope->members))
		source->version = envelope->version;
	else
		call(relay, muster, source);
}

static void
take(struct relay *relay, struct muster *muster, struct host *host, const struct envelope *envelope)
{
	struct muster_source *source = find_source(muster, host);

	if (envelope->count == 0) {
		if (source != NULL)
			remove_source(relay, muster, source, false);
		return;
	}
	if (source == NULL)
		source = add_source(relay, muster, host);
	if (source == NULL) {
		log_limited(LOG_LEVEL_ERROR, "members of a host lost path=%s error=out-of-memory", muster->path->name);
		return;
	}
	source->sequence = envelope->sequence;
	source->heard_beats = relay->hosts.beats;
	if (envelope->flags & ENVELOPE_COUNTED)
		take_counted(relay, muster, source, envelope);
	else if (envelope->flags & ENVELOPE_LIST)
		take_part(relay, muster, source, envelope);
	else
		take_changes(relay, muster, source, envelope);
}

void
muster_take(struct relay *relay, struct host *host, const struct envelope *envelope)
{
	const struct path *path = hub_find_path(relay->hub, envelope->path.data, envelope->path.len);

	if (path != NULL && path->muster != NULL)
		take(relay, path->muster, host, envelope);
}

void
muster_take_count(struct relay *relay, struct muster *muster, const struct host *host, bool has_members)
{
	struct muster_source *source = find_source(muster, host);

	if (!has_members && source != NULL)
		remove_source(relay, muster, source, false);
}

void
musters_forget(struct relay *relay, const struct host *host, bool keep)
{
	struct muster *muster, *next;

	DL_FOREACH_SAFE(relay->musters, muster, next) {
		struct muster_source *source = find_source(muster, host);

		if (source != NULL)
			remove_source(relay, muster, source, keep);
	}
}

void
musters_doubt(struct relay *relay, const struct host *host, uint64_t before)
{
	struct muster *muster;

	DL_FOREACH(relay->musters, muster) {
		struct muster_source *source = find_source(muster, host);

		if (source != NULL && source->sequence < before)
			call(relay, muster, source);
	}
}

static void
check(struct relay *relay, struct muster *muster)
{
	if (relay->hosts.beats - muster->said_beats >= MUSTER_SAY_BEATS)
		muster_say_again(relay, muster);
	for (uint32_t i = 0; i < muster->n_sources; i++) {
		struct muster_source *source = &muster->sources[i];

		if (source->called || relay->hosts.beats - source->heard_beats >= MUSTER_QUIET_BEATS)
			call(relay, muster, source);
	}
}

void
musters_check(struct relay *relay)
{
	struct muster *first = relay->musters, *muster = first;

	for (int i = 0; i < MUSTER_CHECKS && muster != NULL && (i == 0 || muster != first); i++) {
		check(relay, muster);
		DL_DELETE(relay->musters, muster);
		DL_APPEND(relay->musters, muster);
		muster = relay->musters;
	}
}

/* --- coming and going ---------------------------------------------------------------------------- */

void
muster_open(struct muster *muster, struct path *path)
{
	*muster = (struct muster){ .path = path };
	path->muster = muster;
}

void
muster_close(struct relay *relay, struct muster *muster)
{
	forget_changed(relay, muster);
	unlist(relay, muster);
	buf_free(&muster->changes);
	free(muster->sources);
	muster->path->muster = NULL;
	*muster = (struct muster){ 0 };
}
