#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <utlist.h>

#include "fcgi/bridge/turns.h"
#include "fcgi/bridge/waiting.h"
#include "shared/hash.h"

/* Of a connection, while it has events. */
struct turn {
	struct wire_id conn;
	struct waiting *events;
	struct waiting *taken;    /* the first of them, by the caller; or NULL */
	struct turn *prev, *next; /* in one of the lists below, unless an event is taken */
	UT_hash_handle hh;
};

struct turns {
	struct turn *by_conn;
	struct turn *ready;
	struct turn *resting; /* its first event's time has not come; the soonest is first */
};

static struct turn *
find(struct turns *turns, const struct wire_id *conn)
{
	struct turn *turn;

	HASH_FIND(hh, turns->by_conn, conn, sizeof(*conn), turn);
	return turn;
}

static struct turn *
find_or_make(struct turns *turns, const struct wire_id *conn)
{
	struct turn *turn = find(turns, conn);

	if (turn != NULL)
		return turn;
	turn = calloc(1, sizeof(*turn));
	if (turn == NULL)
		return NULL;
	turn->conn = *conn;
	HASH_ADD(hh, turns->by_conn, conn, sizeof(turn->conn), turn);
	if (!HASH_ADDED(turn)) {
		free(turn);
		return NULL;
	}
	DL_APPEND(turns->ready, turn);
	return turn;
}

/* It is in no list, and has no event. */
static void
remove_turn(struct turns *turns, struct turn *turn)
{
	HASH_DEL(turns->by_conn, turn);
	free(turn);
}

int
turns_add(struct turns **turns, const struct wire_event *event)
{
	struct waiting *waiting = waiting_new(event);
	struct turn *turn;

	if (*turns == NULL)
		*turns = calloc(1, sizeof(**turns));
	turn = waiting != NULL && *turns != NULL ? find_or_make(*turns, &event->conn) : NULL;
	if (turn == NULL) {
		free(waiting);
		return -ENOMEM;
	}
	DL_APPEND(turn->events, waiting);
	return 0;
}

/* Those whose time has come are ready. */
static void
wake(struct turns *turns, int64_t now_ms)
{
	struct turn *turn;

	while ((turn = turns->resting) != NULL && turn->events->due_ms <= now_ms) {
		DL_DELETE(turns->resting, turn);
		DL_APPEND(turns->ready, turn);
	}
}

struct waiting *
turns_next(struct turns *turns, int64_t now_ms)
{
	struct turn *turn;

	if (turns == NULL)
		return NULL;
	wake(turns, now_ms);
	turn = turns->ready;
	if (turn == NULL)
		return NULL;
	DL_DELETE(turns->ready, turn);
	turn->taken = turn->events;
	return turn->taken;
}

/* The event that was taken of it has come back, or is gone. */
static void
enlist(struct turns *turns, struct turn *turn, bool rests)
{
	turn->taken = NULL;
	if (turn->events == NULL)
		remove_turn(turns, turn);
	else if (!rests)
		DL_APPEND(turns->ready, turn);
	else {
		struct turn *after = NULL;

		for (struct turn *at = turns->resting; at != NULL && at->events->due_ms <= turn->events->due_ms;
		     at = at->next)
			after = at;
		if (after == NULL)
			DL_PREPEND(turns->resting, turn);
		else
			DL_APPEND_ELEM(turns->resting, after, turn);
	}
}

void
turns_done(struct turns *turns, struct waiting *waiting)
{
	struct turn *turn = find(turns, &waiting->event.conn);

	DL_DELETE(turn->events, waiting);
	free(waiting);
	enlist(turns, turn, false);
}

void
turns_again(struct turns *turns, struct waiting *waiting, int64_t due_ms)
{
	struct turn *turn = find(turns, &waiting->event.conn);

	waiting->due_ms = due_ms;
	enlist(turns, turn, true);
}

int64_t
turns_due_ms(const struct turns *turns)
{
	if (turns != NULL && turns->ready != NULL)
		return 0;
	return turns != NULL && turns->resting != NULL ? turns->resting->events->due_ms : INT64_MAX;
}

/* Frees its events, but the one that is taken. */
static void
clear(struct turn *turn)
{
	struct waiting *waiting, *next;

	DL_FOREACH_SAFE(turn->events, waiting, next) {
		if (waiting == turn->taken) {
			waiting->forgotten = true;
			continue;
		}
		DL_DELETE(turn->events, waiting);
		free(waiting);
	}
}

void
turns_forget(struct turns *turns)
{
	struct turn *turn, *next;

	if (turns == NULL)
		return;
	turns->ready = turns->resting = NULL;
	HASH_ITER(hh, turns->by_conn, turn, next) {
		clear(turn);
		if (turn->taken == NULL)
			remove_turn(turns, turn);
	}
}

void
turns_free(struct turns *turns)
{
	struct turn *turn, *next;

	if (turns == NULL)
		return;
	HASH_ITER(hh, turns->by_conn, turn, next) {
		turn->taken = NULL;
		clear(turn);
		remove_turn(turns, turn);
	}
	free(turns);
}
