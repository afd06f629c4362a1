#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/conf.h"
#include "sidecar/feed/once.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/memory.h"

void
once_open(struct once *once, const struct conf *conf)
{
	*once = (struct once){ .conf = conf };
}

/* Frames count themselves in memory.h. */
static void
charge(struct once *once, size_t bytes)
{
	once->bytes += bytes;
	memory_add(bytes);
}

static void
discharge(struct once *once, size_t bytes)
{
	once->bytes -= bytes;
	memory_remove(bytes);
}

/* --- forgetting ------------------------------------------------------------------- */

static void
set_answer(struct once *once, struct outcome *outcome, struct frame *answer)
{
	if (outcome->answer != NULL)
		once->bytes -= outcome->answer->len;
	frame_unref(outcome->answer);
	outcome->answer = answer == NULL ? NULL : frame_ref(answer);
	if (answer != NULL)
		once->bytes += answer->len;
}

static void
forget_outcome(struct once *once, struct outcome *outcome)
{
	struct once_client *asker = outcome->asker;

	set_answer(once, outcome, NULL);
	DL_DELETE(asker->outcomes, outcome);
	asker->n--;
	discharge(once, sizeof(*outcome));
	free(outcome);
}

static void
free_if_over(struct once *once, struct once_client *asker)
{
	if (!asker->forgotten || asker->n_due > 0)
		return;
	discharge(once, sizeof(*asker));
	free(asker);
}

/* What is due of it stays until it is not. */
static void
forget_asker(struct once *once, struct once_client *asker)
{
	struct outcome *outcome, *next;

	HASH_DELETE(hh, once->askers, asker);
	if (asker->client != NULL)
		asker->client->asks.asker = NULL;
	else
		DL_DELETE(once->left, asker);
	DL_FOREACH_SAFE(asker->outcomes, outcome, next)
		if (outcome->state != OUTCOME_DUE)
			forget_outcome(once, outcome);
	asker->client = NULL;
	asker->forgotten = true;
	free_if_over(once, asker);
}

/* Who is away, and for longest, is forgotten first. Returns false when that is not enough. */
static bool
make_room(struct once *once)
{
	while (once->bytes >= once->conf->ws_once_bytes && once->left != NULL)
		forget_asker(once, once->left);
	return once->bytes < once->conf->ws_once_bytes;
}

void
once_tick(struct once *once, uint64_t now_ms)
{
	uint64_t stay_ms = 1000ull * once->conf->ws_once_seconds;
	struct once_client *asker;

	if (once->now_ms == 0) /* who has left already did so just now */
		DL_FOREACH(once->left, asker)
			asker->left_ms = now_ms;
	once->now_ms = now_ms;
	while (once->left != NULL && now_ms - once->left->left_ms > stay_ms)
		forget_asker(once, once->left);
}

void
once_close(struct once *once)
{
	struct once_client *asker, *next;

	HASH_ITER(hh, once->askers, asker, next)
		forget_asker(once, asker);
}

/* --- coming and going ----------------------------------------------------------------- */

static struct once_client *
asker_new(struct once *once, const struct wire_id *id)
{
	struct once_client *asker = calloc(1, sizeof(*asker));
	struct wire_id random;

	if (asker == NULL || wire_id_random(&random) < 0) {
		free(asker);
		return NULL;
	}
	asker->id = *id;
	memcpy(&asker->name, random.bytes, sizeof(asker->name));
	asker->name |= 1;
	HASH_ADD(hh, once->askers, id, sizeof(asker->id), asker);
	if (!HASH_ADDED(asker)) {
		free(asker);
		return NULL;
	}
	charge(once, sizeof(*asker));
	return asker;
}

/* The earlier connection's end may not have been seen yet: what it still says is not the client's any more. */
static void
take_over(struct once *once, struct once_client *asker, struct client *client)
{
	if (asker->client != NULL)
		asker->client->asks.asker = NULL;
	else
		DL_DELETE(once->left, asker);
	asker->client = client;
}

struct once_client *
once_come(struct once *once, const struct wire_id *id, struct client *client)
{
	struct once_client *asker;

	HASH_FIND(hh, once->askers, id, sizeof(*id), asker);
	if (asker != NULL) {
		take_over(once, asker, client);
	} else {
		if (once->conf->ws_once_seconds == 0 || !make_room(once))
			return NULL;
		asker = asker_new(once, id);
		if (asker == NULL)
			return NULL;
		asker->client = client;
	}
	client->asks.asker = asker;
	return asker;
}

void
once_leave(struct once *once, struct client *client)
{
	struct once_client *asker = client->asks.asker;

	if (asker == NULL)
		return;
	client->asks.asker = NULL;
	asker->client = NULL;
	asker->left_ms = once->now_ms;
	DL_APPEND(once->left, asker);
}

/* --- requests --------------------------------------------------------------------------- */

/* The client has the answers to all below. */
static void
confirm(struct once *once, struct once_client *asker, uint64_t lowest)
{
	struct outcome *outcome, *next;

	DL_FOREACH_SAFE(asker->outcomes, outcome, next) {
		if (outcome->number >= lowest)
			return;
		if (outcome->state != OUTCOME_DUE)
			forget_outcome(once, outcome);
	}
}

static struct outcome *
outcome_new(struct once *once, struct once_client *asker, uint64_t number)
{
	struct outcome *outcome = calloc(1, sizeof(*outcome));

	if (outcome == NULL)
		return NULL;
	outcome->asker = asker;
	outcome->number = number;
	outcome->state = OUTCOME_NONE;
	DL_APPEND(asker->outcomes, outcome);
	asker->n++;
	asker->highest = number;
	charge(once, sizeof(*outcome));
	return outcome;
}

static struct outcome *
find(const struct once_client *asker, uint64_t number)
{
	struct outcome *outcome;

	DL_FOREACH(asker->outcomes, outcome)
		if (outcome->number == number)
			return outcome;
	return NULL;
}

static enum once_verdict
judge(struct outcome *outcome, const struct client *client)
{
	switch (outcome->state) {
	case OUTCOME_DUE:
		outcome->waiting = client->id;
		return ONCE_WAIT;
	case OUTCOME_NONE:
		outcome->waiting = client->id;
		outcome->state = OUTCOME_DUE;
		outcome->asker->n_due++;
		return ONCE_NEW;
	case OUTCOME_KNOWN:
		return ONCE_AGAIN;
	case OUTCOME_LOST:
		break;
	}
	return ONCE_UNKNOWN;
}

enum once_verdict
once_ask(struct once *once, struct client *client, uint64_t number, uint64_t lowest, struct outcome **ret)
{
	struct once_client *asker = client->asks.asker;
	struct outcome *outcome;

	if (asker == NULL)
		return ONCE_UNKNOWN;
	confirm(once, asker, lowest);
	if (number <= asker->highest) {
		outcome = find(asker, number);
		if (outcome == NULL)
			return ONCE_UNKNOWN;
	} else {
		outcome = asker->n < ONCE_REQUESTS && make_room(once) ? outcome_new(once, asker, number) : NULL;
		if (outcome == NULL)
			return ONCE_FULL;
	}
	*ret = outcome;
	return judge(outcome, client);
}

static void
leave_due(struct once *once, struct outcome *outcome, enum outcome_state state)
{
	struct once_client *asker = outcome->asker;

	outcome->state = state;
	asker->n_due--;
	if (asker->forgotten)
		forget_outcome(once, outcome);
	free_if_over(once, asker);
}

/* An answer for which there is no room is not kept: to who asks again it is unknown, and to nobody handled twice. */
void
once_settle(struct once *once, struct outcome *outcome, struct frame *answer)
{
	bool keeps = answer != NULL && !outcome->asker->forgotten && make_room(once);

	if (keeps && !outcome->asker->forgotten)
		set_answer(once, outcome, answer);
	leave_due(once, outcome, outcome->answer != NULL ? OUTCOME_KNOWN : OUTCOME_LOST);
}

void
once_drop(struct once *once, struct outcome *outcome)
{
	leave_due(once, outcome, OUTCOME_NONE);
}
