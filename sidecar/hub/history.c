#include <errno.h>
#include <stdlib.h>

#include "sidecar/hub/history.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/memory.h"

/* One that somebody did not get. That is rare, and only where it happens its room is taken. */
struct excepting {
	struct history_message message;
	uint64_t except;
};

/* What it takes beside its frames, which count themselves. */
static size_t
own_bytes(const struct history *history)
{
	return sizeof(*history) + chain_bytes(&history->messages) + history->n_origins * sizeof(*history->origins);
}

static size_t
message_bytes(const struct frame *frame)
{
	return frame->len + HISTORY_MESSAGE_BYTES;
}

struct history *
history_new(void)
{
	struct history *history = calloc(1, sizeof(*history));

	if (history != NULL)
		memory_add(own_bytes(history));
	return history;
}

void
history_free(struct history *history)
{
	if (history == NULL)
		return;
	while (history->messages.n > 0)
		history_drop(history);
	memory_remove(own_bytes(history));
	chain_free(&history->messages);
	free(history->origins);
	free(history);
}

const struct history_message *
history_at(const struct history *history, uint32_t i)
{
	return chain_at(&history->messages, i);
}

static bool
has_exceptions(const struct history *history)
{
	return history->messages.size > sizeof(struct history_message);
}

uint64_t
history_except(const struct history *history, uint32_t i)
{
	return has_exceptions(history) ? ((const struct excepting *)chain_at(&history->messages, i))->except : 0;
}

struct mark
history_mark(const struct history *history, const struct history_message *message)
{
	return (struct mark){ history->origins[message->origin].latest.origin, message->number };
}

/* --- origins ------------------------------------------------------------------------ */

static struct history_origin *
find_origin(const struct history *history, uint64_t origin)
{
	for (uint32_t i = 0; i < history->n_origins; i++)
		if (history->origins[i].latest.origin == origin)
			return &history->origins[i];
	return NULL;
}

/* True when less is lost with a than with b. */
static bool
matters_less(const struct history_origin *a, const struct history_origin *b)
{
	if ((a->n == 0) != (b->n == 0))
		return a->n == 0;
	return a->latest_ms < b->latest_ms;
}

/* The index of the one that matters least. */
static uint32_t
find_least(const struct history *history)
{
	uint32_t least = 0;

	for (uint32_t i = 1; i < history->n_origins; i++)
		if (matters_less(&history->origins[i], &history->origins[least]))
			least = i;
	return least;
}

/* One of which nothing is kept. */
static void
remove_origin(struct history *history, uint32_t i)
{
	history->n_origins--;
	memory_remove(sizeof(*history->origins));
	for (uint32_t at = i; at < history->n_origins; at++)
		history->origins[at] = history->origins[at + 1];
	for (uint32_t at = 0; at < history->messages.n; at++) {
		struct history_message *message = chain_at(&history->messages, at);

		if (message->origin > i)
			message->origin--;
	}
}

static void
forget_origin(struct history *history, uint32_t i)
{
	while (history->origins[i].n > 0)
		history_drop(history);
	remove_origin(history, i);
	history->since_ms = history->changed_ms; /* a position without it may lack it, or not */
}

void
history_forget_origins(struct history *history, uint64_t since_ms)
{
	for (uint32_t i = history->n_origins; i > 0; i--) {
		const struct history_origin *origin = &history->origins[i - 1];

		if (origin->n == 0 && origin->latest_ms < since_ms && origin->gone_ms < since_ms)
			remove_origin(history, i - 1);
	}
}

/* Most paths have one, and some as many as hosts. */
static struct history_origin *
add_origin(struct history *history, uint64_t origin)
{
	struct history_origin *grown;

	if (history->n_origins == POSITION_ORIGINS)
		forget_origin(history, find_least(history));
	grown = realloc(history->origins, (history->n_origins + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	memory_add(sizeof(*grown));
	history->origins = grown;
	grown[history->n_origins] = (struct history_origin){ .latest = { origin, 0 } };
	return &grown[history->n_origins++];
}

static struct history_origin *
find_or_add_origin(struct history *history, uint64_t origin)
{
	struct history_origin *found = find_origin(history, origin);

	return found != NULL ? found : add_origin(history, origin);
}

/* One that is kept no more. */
static void
note_gone(struct history_origin *origin, uint64_t number, uint64_t at_ms)
{
	if (number <= origin->gone)
		return;
	origin->gone = number;
	origin->gone_ms = at_ms;
}

int
history_raise_origin(struct history *history, const struct history_origin *origin)
{
	struct history_origin *found = find_or_add_origin(history, origin->latest.origin);

	if (found == NULL)
		return -ENOMEM;
	if (found->latest.number < origin->latest.number)
		found->latest.number = origin->latest.number;
	if (found->latest_ms < origin->latest_ms)
		found->latest_ms = origin->latest_ms;
	note_gone(found, origin->gone, origin->gone_ms);
	return 0;
}

/* --- messages ------------------------------------------------------------------------ */

uint64_t
history_latest(const struct history *history, uint64_t origin)
{
	const struct history_origin *found = find_origin(history, origin);

	return found == NULL ? 0 : found->latest.number;
}

bool
history_has(const struct history *history, struct mark mark)
{
	const struct history_origin *origin = find_origin(history, mark.origin);

	return origin != NULL && mark.number <= origin->latest.number;
}

/* Makes room for who did not get a message, in all of them. Returns 0 or -ENOMEM. */
static int
begin_exceptions(struct chain *messages)
{
	struct chain larger = { 0 };

	for (uint32_t i = 0; i < messages->n; i++) {
		const struct excepting excepting = { *(struct history_message *)chain_at(messages, i), 0 };

		if (chain_push(&larger, &excepting, sizeof(excepting)) < 0) {
			chain_free(&larger);
			return -ENOMEM;
		}
	}
	chain_free(messages);
	*messages = larger;
	return 0;
}

static int
append(struct history *history, const struct excepting *excepting)
{
	size_t before = own_bytes(history);
	bool large = has_exceptions(history) || excepting->except != 0;
	int r = 0;

	if (large && !has_exceptions(history))
		r = begin_exceptions(&history->messages);
	if (r == 0)
		r = chain_push(&history->messages, excepting, large ? sizeof(*excepting) : sizeof(excepting->message));
	memory_add(own_bytes(history));
	memory_remove(before);
	return r;
}

int
history_add(struct history *history, const struct keeping *keeping, struct frame *frame)
{
	struct history_origin *origin = find_or_add_origin(history, keeping->mark.origin);
	uint64_t number = keeping->mark.number;
	struct excepting excepting = { .except = keeping->except };
	int r;

	history->changed_ms = keeping->at_ms;
	if (origin == NULL) {
		history->since_ms = keeping->at_ms + 1;
		return -ENOMEM;
	}
	if (origin->latest.number < number)
		origin->latest.number = number;
	origin->latest_ms = keeping->at_ms;
	excepting.message = (struct history_message){ .frame = frame,
		.number = number,
		.at_ms = keeping->at_ms,
		.origin = (uint64_t)(origin - history->origins) };
	r = number > HISTORY_NUMBER_MAX ? -ERANGE : append(history, &excepting);
	if (r < 0) {
		note_gone(origin, number, keeping->at_ms);
		return r;
	}
	frame_ref(frame);
	origin->n++;
	history->bytes += message_bytes(frame);
	return 0;
}

void
history_drop(struct history *history)
{
	const struct history_message message = *history_at(history, 0);
	struct history_origin *origin = &history->origins[message.origin];
	size_t before = own_bytes(history);

	chain_pop(&history->messages);
	memory_remove(before - own_bytes(history));
	note_gone(origin, message.number, message.at_ms);
	origin->n--;
	history->bytes -= message_bytes(message.frame);
	frame_unref(message.frame);
}

/* --- positions ------------------------------------------------------------------------ */

/* How far an origin had come before the message at that index: before the first of it that follows. */
static uint64_t
number_before(const struct history *history, uint32_t origin, uint32_t before)
{
	for (uint32_t i = before; i < history->messages.n; i++)
		if (history_at(history, i)->origin == origin)
			return history_at(history, i)->number - 1;
	return history->origins[origin].latest.number;
}

void
history_position(const struct history *history, uint32_t before, struct position *ret)
{
	for (uint32_t i = 0; i < history->n_origins; i++)
		position_add(
		    ret, (struct mark){ history->origins[i].latest.origin, number_before(history, i, before) });
}

bool
history_is_whole(const struct history *history, const struct position *position, uint64_t from_ms)
{
	for (uint32_t i = 0; i < history->n_origins; i++) {
		const struct history_origin *origin = &history->origins[i];
		const struct mark gone = { origin->latest.origin, origin->gone };

		if (origin->gone > 0 && origin->gone_ms >= from_ms && !position_covers(position, gone))
			return false;
	}
	return true;
}

bool
history_lacks(const struct history *history, const struct position *position, const struct history_message *message)
{
	return !position_covers(position, history_mark(history, message));
}
