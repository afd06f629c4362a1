#include <errno.h>
#include <stddef.h>

#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/merge.h"
#include "sidecar/hub/names.h"
#include "sidecar/hub/resume.h"

struct merging {
	const struct stored *stored;
	const struct history *old; /* NULL when nothing is kept */
	struct history *next;
	uint64_t own;                         /* origin of this host */
	uint64_t expired_ms;                  /* Unix time: what was said until then is over */
	struct mark firsts[POSITION_ORIGINS]; /* the first that is stored of each origin */
	uint32_t n_firsts;
};

/* --- what is stored -------------------------------------------------------------------- */

/* The first that is stored of an origin; NULL when nothing is. */
static struct mark *
find_first(struct merging *merging, uint64_t origin)
{
	for (uint32_t i = 0; i < merging->n_firsts; i++)
		if (merging->firsts[i].origin == origin)
			return &merging->firsts[i];
	return NULL;
}

/* The newest come first: of more origins than one can know the oldest are left out. */
static void
find_firsts(struct merging *merging)
{
	for (uint32_t i = merging->stored->n; i > 0; i--) {
		const struct mark mark = merging->stored->messages[i - 1].mark;
		struct mark *first = find_first(merging, mark.origin);

		if (first == NULL && merging->n_firsts < POSITION_ORIGINS)
			merging->firsts[merging->n_firsts++] = mark;
		else if (first != NULL && mark.number < first->number)
			*first = mark;
	}
}

/* The message is not there, or no more. */
static int
miss(struct history *history, struct mark mark, uint64_t at_ms)
{
	const struct history_origin origin = {
		.latest = mark, .latest_ms = at_ms, .gone = mark.number, .gone_ms = at_ms
	};

	return history_raise_origin(history, &origin);
}

/* True when the message is the next one of its origin here, or its first. */
static bool
follows(const struct history *history, const struct stored_message *stored)
{
	const struct mark before = { stored->mark.origin, stored->before };

	return before.number == 0 || (history != NULL && history_has(history, before));
}

static struct frame *
frame_of(const struct stored_message *stored)
{
	return frame_new(stored->binary ? FRAME_BINARY : FRAME_TEXT, stored->data.data, stored->data.len);
}

static int
add_stored(struct merging *merging, const struct stored_message *stored)
{
	const struct keeping keeping = { stored->mark, stored->except, stored->at_ms };
	struct frame *frame;
	int r = 0;

	if (find_first(merging, stored->mark.origin) == NULL) {
		merging->next->since_ms = stored->at_ms + 1;
		return 0;
	}
	if (history_has(merging->next, stored->mark))
		return 0; /* stored twice */
	if (!follows(merging->next, stored))
		r = miss(merging->next, (struct mark){ stored->mark.origin, stored->before }, stored->at_ms);
	if (r < 0)
		return r;
	if (stored->at_ms <= merging->expired_ms)
		return miss(merging->next, stored->mark, stored->at_ms);
	frame = frame_of(stored);
	r = frame == NULL ? -ENOMEM : history_add(merging->next, &keeping, frame);
	frame_unref(frame);
	return r;
}

static int
add_all_stored(struct merging *merging)
{
	int r = 0;

	for (uint32_t i = 0; i < merging->stored->n && r == 0; i++)
		r = add_stored(merging, &merging->stored->messages[i]);
	return r;
}

/* --- what was kept here ------------------------------------------------------------------ */

/* True for what was said before all that is stored of its origin. */
static bool
goes_before(struct merging *merging, const struct history_message *message, struct mark mark)
{
	const struct mark *first = find_first(merging, mark.origin);

	if (first != NULL)
		return mark.number < first->number;
	return merging->stored->n > 0 && message->at_ms < merging->stored->messages[0].at_ms;
}

/*
 * True for what was heard of another host, when nothing that is stored comes before it:
 * between the two, or before it, something may have been stored, and gone.
 */
static bool
follows_unknown(struct merging *merging, struct mark mark)
{
	const struct mark *first = find_first(merging, mark.origin);

	return mark.origin != merging->own && (first == NULL || mark.number < first->number);
}

static int
add_one_own(struct merging *merging, uint32_t i, struct mark mark)
{
	const struct history_message *message = history_at(merging->old, i);
	const struct keeping keeping = { mark, history_except(merging->old, i), message->at_ms };
	const struct mark before = { mark.origin, mark.number - 1 };
	int r = 0;

	if (follows_unknown(merging, mark))
		r = miss(merging->next, before, message->at_ms);
	return r < 0 ? r : history_add(merging->next, &keeping, message->frame);
}

static int
add_own(struct merging *merging, bool before)
{
	uint32_t n = merging->old == NULL ? 0 : merging->old->messages.n;

	for (uint32_t i = 0; i < n; i++) {
		const struct history_message *message = history_at(merging->old, i);
		const struct mark mark = history_mark(merging->old, message);

		if (goes_before(merging, message, mark) != before || history_has(merging->next, mark))
			continue;
		if (add_one_own(merging, i, mark) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What this host knows to be gone of an origin, unless just that was stored. */
static int
raise_gone(struct merging *merging)
{
	uint32_t n = merging->old == NULL ? 0 : merging->old->n_origins;
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++) {
		const struct history_origin *origin = &merging->old->origins[i];
		const struct mark *first = find_first(merging, origin->latest.origin);

		if (origin->gone > 0 && (first == NULL || origin->gone < first->number))
			r = miss(merging->next, (struct mark){ origin->latest.origin, origin->gone }, origin->gone_ms);
	}
	return r;
}

static int
raise_latest(struct merging *merging)
{
	uint32_t n = merging->old == NULL ? 0 : merging->old->n_origins;
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++) {
		const struct history_origin *old = &merging->old->origins[i];
		const struct history_origin origin = { .latest = old->latest, .latest_ms = old->latest_ms };

		r = history_raise_origin(merging->next, &origin);
	}
	return r;
}

/* --- what is gone ---------------------------------------------------------------------------- */

/* Origins of which something is stored no more, or never was. Returns how many, or -ENOMEM. */
static int
miss_unstored(struct history *history, const struct stored *stored, uint64_t expired_ms)
{
	int n = 0;

	for (uint32_t i = 0; i < stored->n_marks; i++) {
		const struct stored_mark *latest = &stored->marks[i];

		if (latest->at_ms <= expired_ms || latest->told_again || history_has(history, latest->mark))
			continue;
		if (miss(history, latest->mark, latest->at_ms) < 0)
			return -ENOMEM;
		n++;
	}
	return n;
}

static uint64_t
expired_ms(const struct histories *histories, const struct path *path)
{
	uint64_t now_ms = histories->now_ms(), life_ms = 1000 * (uint64_t)path->past.limits.seconds;

	return now_ms > life_ms ? now_ms - life_ms : 0;
}

static int
merge(struct merging *merging)
{
	int r = add_own(merging, true);

	if (r == 0)
		r = raise_gone(merging);
	if (r == 0)
		r = add_all_stored(merging);
	if (r == 0)
		r = add_own(merging, false);
	if (r == 0)
		r = raise_latest(merging);
	if (r == 0)
		r = miss_unstored(merging->next, merging->stored, merging->expired_ms);
	return r < 0 ? r : 0;
}

int
merge_past(struct histories *histories, struct path *path, const struct stored *stored)
{
	struct merging merging = { .stored = stored, .old = path->past.history, .next = history_new() };
	int r = merging.next == NULL ? -ENOMEM : 0;

	if (r < 0)
		return r;
	if (merging.old != NULL) {
		merging.next->stays_ms = merging.old->stays_ms;
		merging.next->since_ms = merging.old->since_ms;
	}
	merging.own = histories->origin;
	merging.expired_ms = expired_ms(histories, path);
	find_firsts(&merging);
	r = merge(&merging);
	if (r == 0)
		r = histories_replace(histories, path, merging.next);
	if (r < 0)
		history_free(merging.next);
	return r;
}

/* --- what members have missed ------------------------------------------------------------------ */

static int
send(struct hub *hub, struct path *path, const struct stored_message *stored)
{
	const struct keeping keeping = { .mark = stored->mark, .except = stored->except };
	struct frame *frame = frame_of(stored);
	int r = frame == NULL ? -ENOMEM : 0;

	if (r == 0 && path->n_members > 0)
		r = batch_broadcast_kept(
		    &hub->batches, path, frame_ref(frame), names_find(hub->names, stored->except), keeping.mark);
	if (r == 0)
		histories_keep(&hub->histories, path, &keeping, frame);
	frame_unref(frame);
	return r;
}

static bool
is_had(const struct path *path, struct mark mark)
{
	return path->past.history != NULL && history_has(path->past.history, mark);
}

/* Those that were not heard when they were said. */
static int
send_missed(struct hub *hub, struct path *path, const struct stored *stored)
{
	for (uint32_t i = 0; i < stored->n; i++) {
		const struct stored_message *message = &stored->messages[i];

		if (message->told_again || is_had(path, message->mark))
			continue;
		if (!follows(path->past.history, message))
			resume_tell_gap(hub, path);
		if (send(hub, path, message) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What is not even stored. */
static int
tell_missing(struct hub *hub, struct path *path, const struct stored *stored)
{
	int n;

	if (histories_begin(&hub->histories, path) < 0)
		return -ENOMEM;
	n = miss_unstored(path->past.history, stored, expired_ms(&hub->histories, path));
	if (n > 0)
		resume_tell_gap(hub, path);
	return n < 0 ? n : 0;
}

int
merge_missed(struct hub *hub, struct path *path, const struct stored *stored)
{
	int r = send_missed(hub, path, stored);

	return r < 0 ? r : tell_missing(hub, path, stored);
}
