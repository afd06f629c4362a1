#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/merge.h"
#include "sidecar/hub/resume.h"
#include "sidecar/relay/fetch.h"
#include "sidecar/relay/repair.h"
#include "sidecar/relay/state.h"
#include "sidecar/relay/tell.h"
#include "sidecar/relay/transport.h"

static uint64_t
unix_ms(const struct relay *relay)
{
	return relay->hub->histories.now_ms();
}

static bool
keeps(const struct fetch *fetch)
{
	return fetch->path->past.limits.messages > 0;
}

/* --- the list ------------------------------------------------------------------------------ */

static void
unlist(struct relay *relay, struct fetch *fetch)
{
	if (fetch->prev == NULL)
		return;
	DL_DELETE(relay->fetches, fetch);
	fetch->prev = fetch->next = NULL;
	relay->n_fetching -= fetch->state != FETCH_WANTED;
	fetch->state = FETCH_IDLE;
}

static void
want(struct relay *relay, struct fetch *fetch)
{
	fetch->state = FETCH_WANTED;
	DL_APPEND(relay->fetches, fetch);
}

static struct fetch *
find(const struct relay *relay, enum fetch_state state, uint64_t token)
{
	struct fetch *fetch;

	DL_FOREACH(relay->fetches, fetch)
		if (fetch->state == state && fetch->token == token)
			return fetch;
	return NULL;
}

/* --- since when ------------------------------------------------------------------------------ */

/* What this host has heard it knows; unless something of that is gone since. */
static void
vouch(struct relay *relay, struct fetch *fetch, uint64_t since_ms)
{
	struct path *path = fetch->path;

	if (path->past.since_ms == UINT64_MAX || path->past.since_ms == fetch->subscribed_ms)
		resume_vouch(relay->hub, path, since_ms < fetch->subscribed_ms ? since_ms : fetch->subscribed_ms);
}

/* A client of a host that was cut off may not have heard yet what is stored no more. */
static uint64_t
known_since(const struct transport_past *past)
{
	return past->since_ms < UINT64_MAX - HISTORY_LAG_MS ? past->since_ms + HISTORY_LAG_MS : UINT64_MAX;
}

/* --- what is stored --------------------------------------------------------------------------- */

static bool
is_here(const struct relay *relay, uint64_t origin)
{
	const struct host *host = hosts_find(&relay->hosts, envelope_instance(origin));

	return origin == relay->origin || (host != NULL && host->origin == origin);
}

/* Reads one that is stored. Returns false for what no host of ours has published on the path. */
static bool
read_message(
    struct relay *relay, const struct fetch *fetch, const struct transport_kept *kept, struct stored_message *ret)
{
	const struct wire_command *push;
	struct envelope envelope;

	if (envelope_get(kept->message.data, kept->message.len, &envelope) < 0 || envelope.type != ENVELOPE_COMMAND ||
	    envelope.command.type != WIRE_PUSH || !span_equal(envelope.command.key, path_span(fetch->path)) ||
	    apply_check(relay->hub, &envelope.command) != WIRE_OK) {
		relay->n_malformed++;
		return false;
	}
	push = &envelope.command;
	*ret = (struct stored_message){ .mark = { envelope.origin, envelope.sequence },
		.before = kept->before,
		.at_ms = kept->at_ms,
		.except = push->flags & WIRE_EXCLUDE_SENDER ? client_except(&push->conn) : 0,
		.told_again = is_here(relay, envelope.origin),
		.binary = push->flags & WIRE_BINARY,
		.data = push->data };
	return true;
}

static struct stored_mark *
read_marks(const struct relay *relay, const struct transport_past *past)
{
	struct stored_mark *marks = calloc(past->n_latest + 1, sizeof(*marks));

	for (uint32_t i = 0; marks != NULL && i < past->n_latest; i++)
		marks[i] = (struct stored_mark){ .mark = past->latest[i].mark,
			.at_ms = past->latest[i].at_ms,
			.told_again = is_here(relay, past->latest[i].mark.origin) };
	return marks;
}

/* How many were stored before the path could have a member here. */
static uint32_t
count_past(const struct fetch *fetch, const struct stored *stored)
{
	uint64_t until_ms = fetch->missed ? fetch->begun_ms - FETCH_SKEW_MS : UINT64_MAX;
	uint32_t n = 0;

	while (n < stored->n && stored->messages[n].at_ms < until_ms)
		n++;
	return n;
}

static int
merge(struct relay *relay, const struct fetch *fetch, const struct stored *stored)
{
	uint32_t n = count_past(fetch, stored);
	struct stored past = *stored, missed = *stored;
	int r = 0;

	past.n = n;
	missed.messages += n;
	missed.n -= n;
	if (fetch->missed)
		past.n_marks = 0; /* what was missed they tell of, too */
	if (!fetch->known)
		r = merge_past(&relay->hub->histories, fetch->path, &past);
	if (r == 0 && fetch->missed)
		r = merge_missed(relay->hub, fetch->path, &missed);
	return r;
}

static void
take(struct relay *relay, struct fetch *fetch, const struct transport_past *past)
{
	struct stored_message *messages = calloc(past->n_kept + 1, sizeof(*messages));
	struct stored_mark *marks = read_marks(relay, past);
	struct stored stored = { .messages = messages, .marks = marks, .n_marks = past->n_latest };
	int r = messages == NULL || marks == NULL ? -ENOMEM : 0;

	for (uint32_t i = 0; r == 0 && i < past->n_kept; i++)
		stored.n += read_message(relay, fetch, &past->kept[i], &messages[stored.n]);
	if (r == 0)
		r = merge(relay, fetch, &stored);
	if (r < 0) {
		log_limited(
		    LOG_LEVEL_ERROR, "history of other hosts lost path=%s error=out-of-memory", path_name(fetch->path));
		fetch_give_up(relay, fetch);
	} else {
		if (fetch->missed && past->since_ms <= fetch->parted_ms)
			repair_filled(relay, fetch->lines);
		fetch->known = true;
		fetch->missed = false;
		vouch(relay, fetch, known_since(past));
	}
	free(messages);
	free(marks);
}

/* --- from the channel -------------------------------------------------------------------------- */

void
fetch_begin(struct relay *relay, struct fetch *fetch)
{
	unlist(relay, fetch);
	fetch->subscribed_ms = unix_ms(relay);
	if (keeps(fetch))
		want(relay, fetch);
	else
		vouch(relay, fetch, fetch->subscribed_ms);
}

void
fetch_part(struct relay *relay, struct fetch *fetch)
{
	unlist(relay, fetch);
	if (!fetch->missed)
		fetch->parted_ms = unix_ms(relay) - FETCH_DEAF_MS;
	fetch->missed = true;
}

bool
fetch_missed(struct relay *relay, struct fetch *fetch)
{
	if (!keeps(fetch))
		return false;
	unlist(relay, fetch);
	fetch->missed = true;
	want(relay, fetch);
	return true;
}

void
fetch_give_up(struct relay *relay, struct fetch *fetch)
{
	vouch(relay, fetch, fetch->subscribed_ms);
}

/* --- asking ------------------------------------------------------------------------------------- */

void
fetches_ask_again(struct relay *relay)
{
	struct fetch *fetch;

	DL_FOREACH(relay->fetches, fetch)
		fetch->state = FETCH_WANTED;
	relay->n_fetching = 0;
}

static void
ask(struct relay *relay, struct fetch *fetch)
{
	fetch->state = FETCH_MEASURED;
	fetch->token = ++relay->fetch_token;
	relay->n_fetching++;
	relay->transport->calls->measure(relay->transport, path_span(fetch->path), fetch->token);
}

void
fetches_flush(struct relay *relay)
{
	struct fetch *fetch;

	if (relay->fetches == NULL || !relay->transport->publishing)
		return;
	DL_FOREACH(relay->fetches, fetch) {
		if (relay->n_fetching >= FETCH_AT_ONCE)
			return;
		if (fetch->state == FETCH_WANTED)
			ask(relay, fetch);
	}
}

/* So many that they should not be much more than FETCH_BYTES. */
static uint32_t
messages_of(const struct fetch *fetch, uint64_t bytes)
{
	uint64_t messages = fetch->path->past.limits.messages;

	if (bytes > FETCH_BYTES)
		messages = messages * FETCH_BYTES / bytes;
	return messages == 0 ? 1 : (uint32_t)messages;
}

void
fetches_measured(struct relay *relay, uint64_t token, uint64_t bytes)
{
	struct fetch *fetch = find(relay, FETCH_MEASURED, token);

	if (fetch == NULL)
		return;
	fetch->state = FETCH_ASKED;
	relay->transport->calls->recall(
	    relay->transport, path_span(fetch->path), messages_of(fetch, bytes), fetch->token);
}

void
fetches_told(struct relay *relay, uint64_t token, const struct transport_past *past)
{
	struct fetch *fetch = find(relay, FETCH_ASKED, token);

	if (fetch == NULL)
		return; /* its channel is gone, or is to ask again */
	unlist(relay, fetch);
	if (past != NULL)
		take(relay, fetch, past);
	else
		fetch_give_up(relay, fetch);
	fetch->done(relay, fetch->path);
}
