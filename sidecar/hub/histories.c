#include <errno.h>
#include <utlist.h>

#include "shared/clock.h"
#include "shared/conf.h"
#include "sidecar/hub/ahead.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/histories.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/paths.h"

void
histories_open(struct histories *histories, const struct conf *conf, uint64_t origin)
{
	*histories =
	    (struct histories){ .conf = conf, .origin = origin, .now_ms = clock_unix_ms, .since_ms = clock_unix_ms() };
}

void
histories_share(struct histories *histories)
{
	histories->shared = true;
	histories->since_ms = 0; /* others may have stored what was said before its start */
}

struct mark
histories_next(struct histories *histories)
{
	return (struct mark){ histories->origin, ++histories->sequence };
}

/* --- the paths that have one --------------------------------------------------------------- */

static void
unlist(struct histories *histories, struct path *path)
{
	if (histories->cursor == path)
		histories->cursor = path->past.next;
	DL_DELETE2(histories->oldest, path, past.prev, past.next);
}

static void
list_as_newest(struct histories *histories, struct path *path)
{
	DL_APPEND2(histories->oldest, path, past.prev, past.next);
}

/* The history of a path, made if need be; NULL without memory. */
static struct history *
history_of(struct histories *histories, struct path *path)
{
	if (path->past.history != NULL)
		return path->past.history;
	path->past.history = history_new();
	if (path->past.history == NULL)
		return NULL;
	list_as_newest(histories, path);
	histories->bytes += HISTORIES_PATH_BYTES;
	return path->past.history;
}

static uint64_t
life_ms(const struct path *path)
{
	return 1000 * (uint64_t)path->past.limits.seconds;
}

/* What was said earlier is promised to nobody; hosts may have heard of it at different times. */
static uint64_t
promised_ms(struct history_limits limits, uint64_t now_ms)
{
	uint64_t for_ms = 1000 * (uint64_t)limits.seconds + HISTORY_LAG_MS;

	return now_ms > for_ms ? now_ms - for_ms : 0;
}

/* True when nobody could lack a message of it who may still come back. */
static bool
is_past(const struct path *path, uint64_t now_ms)
{
	const struct history *history = path->past.history;

	return history->messages.n == 0 && history->changed_ms + life_ms(path) <= now_ms;
}

static bool
is_over(const struct path *path, uint64_t now_ms)
{
	const struct history *history = path->past.history;

	return history == NULL || (is_past(path, now_ms) && history->stays_ms <= now_ms);
}

void
histories_hear(struct histories *histories, struct path *path)
{
	struct history *history = history_of(histories, path);

	if (history != NULL)
		history->stays_ms = histories->now_ms() + HISTORIES_STAY_MS;
}

void
histories_stay(struct histories *histories, struct path *path)
{
	if (histories->shared && path->past.limits.messages > 0 && path->past.since_ms != UINT64_MAX)
		histories_hear(histories, path);
}

void
histories_forget(struct histories *histories, struct path *path)
{
	struct history *history = path->past.history;
	uint64_t now_ms = histories->now_ms();

	if (history == NULL)
		return;
	if (!is_past(path, now_ms))
		histories->since_ms = now_ms + 1;
	unlist(histories, path);
	histories->bytes -= history->bytes + HISTORIES_PATH_BYTES;
	histories->n_messages -= history->messages.n;
	history_free(history);
	path->past.history = NULL;
}

/* True when even without messages there are too many. */
static bool
is_crowded(const struct histories *histories)
{
	return histories->bytes > histories->conf->ws_history_bytes;
}

bool
histories_is_over(const struct histories *histories, const struct path *path)
{
	if (is_over(path, histories->now_ms()))
		return true;
	return path->past.history->messages.n == 0 && is_crowded(histories);
}

/* --- keeping --------------------------------------------------------------------------------- */

static void
drop(struct histories *histories, struct history *history, enum history_end why)
{
	histories->bytes -= history->bytes;
	history_drop(history);
	histories->bytes += history->bytes;
	histories->n_messages--;
	histories->n_ended[why]++;
}

/* Lets go what is too old. */
static void
expire(struct histories *histories, struct path *path, uint64_t now_ms)
{
	struct history *history = path->past.history;

	while (history->messages.n > 0 && history_at(history, 0)->at_ms + life_ms(path) <= now_ms)
		drop(histories, history, HISTORY_OLD);
}

/* A route may have said that it keeps less now. */
static void
limit(struct histories *histories, struct path *path, uint32_t messages)
{
	while (path->past.history->messages.n > messages)
		drop(histories, path->past.history, HISTORY_FULL);
}

/* The path that changed longest ago gives first; there is a message. */
static void
drop_oldest(struct histories *histories, enum history_end why)
{
	struct path *path = histories->oldest;

	while (path->past.history->messages.n == 0) {
		unlist(histories, path);
		list_as_newest(histories, path);
		path = histories->oldest;
	}
	drop(histories, path->past.history, why);
}

static void
drop_excess(struct histories *histories)
{
	while (is_crowded(histories) && histories->n_messages > 0)
		drop_oldest(histories, HISTORY_BYTES);
}

/* As history_add(), and counts. */
static void
add(struct histories *histories, struct history *history, const struct keeping *keeping, struct frame *frame)
{
	histories->bytes -= history->bytes;
	if (history_add(history, keeping, frame) == 0)
		histories->n_messages++;
	else
		histories->n_ended[HISTORY_MEMORY]++;
	histories->bytes += history->bytes;
}

int
histories_begin(struct histories *histories, struct path *path)
{
	return history_of(histories, path) == NULL ? -ENOMEM : 0;
}

int
histories_replace(struct histories *histories, struct path *path, struct history *history)
{
	struct history *old = history_of(histories, path);

	if (old == NULL)
		return -ENOMEM;
	histories->bytes += history->bytes - old->bytes; /* modulo SIZE_MAX + 1: it may be less */
	histories->n_messages += (uint64_t)history->messages.n - old->messages.n;
	path->past.history = history;
	history_free(old);
	limit(histories, path, path->past.limits.messages);
	drop_excess(histories);
	return 0;
}

void
histories_restore(struct histories *histories, struct path *path, const struct keeping *keeping, struct frame *frame)
{
	add(histories, path->past.history, keeping, frame);
}

void
histories_keep(struct histories *histories, struct path *path, const struct keeping *keeping, struct frame *frame)
{
	struct history *history = history_of(histories, path);
	struct keeping now = *keeping;

	now.at_ms = histories->now_ms();
	if (history == NULL) {
		path->past.since_ms = now.at_ms + 1;
		histories->n_ended[HISTORY_MEMORY]++;
		return;
	}
	expire(histories, path, now.at_ms);
	limit(histories, path, path->past.limits.messages - 1);
	add(histories, history, &now, frame);
	unlist(histories, path);
	list_as_newest(histories, path);
	drop_excess(histories);
}

void
histories_expire(struct histories *histories, struct path *path)
{
	if (path->past.history != NULL)
		expire(histories, path, histories->now_ms());
}

void
histories_tear(const struct histories *histories, struct path *path)
{
	if (path->past.since_ms != UINT64_MAX)
		path->past.since_ms = histories->now_ms() + 1;
}

void
histories_tick(struct histories *histories)
{
	histories->n_swept = 0;
	if (histories->cursor == NULL)
		histories->cursor = histories->oldest;
}

struct path *
histories_sweep(struct histories *histories)
{
	uint64_t now_ms = histories->now_ms();

	while (histories->cursor != NULL && histories->n_swept++ < HISTORIES_SWEEP) {
		struct path *path = histories->cursor;

		histories->cursor = path->past.next;
		expire(histories, path, now_ms);
		limit(histories, path, path->past.limits.messages);
		history_forget_origins(path->past.history, promised_ms(path->past.limits, now_ms));
		ahead_expire(path, now_ms);
		if (path->n_clients == 0 && histories_is_over(histories, path))
			return path;
	}
	return NULL;
}

void
histories_relieve(struct histories *histories)
{
	while (memory_is_scarce() && histories->n_messages > 0)
		drop_oldest(histories, HISTORY_MEMORY);
}

/* --- positions ---------------------------------------------------------------------------------- */

struct past
histories_past(const struct path *path)
{
	return (struct past){ path_span(path), path, path->past.limits };
}

static const struct history *
history_in(const struct past *past)
{
	return past->path == NULL ? NULL : past->path->past.history;
}

struct position
histories_position(const struct histories *histories, const struct past *past, uint32_t last)
{
	const struct history *history = history_in(past);
	struct position position = position_of(past->name, histories->now_ms());

	if (history != NULL)
		history_position(history, history->messages.n - last, &position);
	return position;
}

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Since when this host can vouch for a path. */
static uint64_t
since_ms(const struct histories *histories, const struct past *past)
{
	const struct history *history = history_in(past);
	uint64_t since = histories->since_ms;

	if (past->path == NULL)
		return histories->shared ? UINT64_MAX : since;
	since = later(since, past->path->past.since_ms);
	return history == NULL ? since : later(since, history->since_ms);
}

bool
histories_is_of(const struct past *past, const struct position *position)
{
	return position->tag == position_of(past->name, 0).tag;
}

bool
histories_is_whole(const struct histories *histories, const struct past *past, const struct position *position)
{
	const struct history *history = history_in(past);
	uint64_t now_ms = histories->now_ms(), life_ms = 1000 * (uint64_t)past->limits.seconds;

	if (!histories_is_of(past, position))
		return false;
	if (position->at_ms > now_ms + HISTORY_LAG_MS || position->at_ms + life_ms < now_ms)
		return false;
	return position->at_ms >= since_ms(histories, past) &&
	    (history == NULL || history_is_whole(history, position, promised_ms(past->limits, now_ms)));
}
