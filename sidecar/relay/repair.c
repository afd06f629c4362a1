#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/resume.h"
#include "sidecar/hub/trace.h"
#include "sidecar/relay/line.h"
#include "sidecar/relay/repair.h"
#include "sidecar/relay/state.h"
#include "sidecar/relay/tell.h"
#include "sidecar/relay/transport.h"

static struct lines *
lines_of_user(struct relay *relay, struct span name)
{
	const struct user *user = users_find(&relay->hub->users, name);

	return user == NULL ? NULL : user->lines;
}

static struct lines *
lines_of_path(struct relay *relay, struct span name)
{
	const struct path *path = hub_find_path(relay->hub, name.data, name.len);

	return path == NULL ? NULL : path->lines;
}

/* Those of the channel that an answer is about. NULL when nobody is there any more. */
static struct lines *
find_lines(struct relay *relay, struct span topic)
{
	struct span user;

	if (topic.len == 0)
		return &relay->own;
	return relay_topic_user(topic, &user) ? lines_of_user(relay, user) : lines_of_path(relay, topic);
}

/* Those of the channel on which a command was. */
static struct lines *
lines_of_command(struct relay *relay, const struct wire_command *command)
{
	if (command->type == WIRE_PUSH || command->type == WIRE_KICK)
		return lines_of_path(relay, command->key);
	if (command->type == WIRE_USER_PUSH || command->type == WIRE_USER_CLOSE)
		return lines_of_user(relay, command->key);
	return &relay->own;
}

static const char *
name_of(const struct lines *lines)
{
	return lines->user != NULL ? lines->user->name : path_name(lines->path);
}

/* --- a line's state ------------------------------------------------------------------ */

static void
leave_list(struct relay *relay, struct line *line)
{
	struct host *host = line->host;

	switch (line->state) {
	case LINE_WHOLE:
		break;
	case LINE_APART:
		host->n_apart--;
		break;
	case LINE_WANTS:
		DL_DELETE(host->wanting, line);
		relay->n_wanting--;
		break;
	case LINE_ASKED:
		DL_DELETE(host->asked, line);
		host->n_asked--;
		relay->n_asked--;
		break;
	}
	line->prev = line->next = NULL;
}

static void
set_state(struct relay *relay, struct line *line, enum line_state state)
{
	struct host *host = line->host;

	leave_list(relay, line);
	line->state = state;
	switch (state) {
	case LINE_WHOLE:
		line->tries = 0;
		line->was_silent = false;
		return;
	case LINE_APART:
		host->n_apart++;
		return;
	case LINE_WANTS:
		DL_APPEND(host->wanting, line);
		relay->n_wanting++;
		break;
	case LINE_ASKED:
		DL_APPEND(host->asked, line);
		host->n_asked++;
		relay->n_asked++;
		break;
	}
	relay->waits = true;
}

static void
want(struct relay *relay, struct line *line)
{
	set_state(relay, line, line->host->here ? LINE_WANTS : LINE_APART);
}

/* --- applying --------------------------------------------------------------------------- */

static void
apply(struct relay *relay, struct line *line, const struct envelope *envelope)
{
	const struct mark mark = { line->host->origin, envelope->sequence };
	struct wire_reply reply;

	line->latest = envelope->sequence;
	relay->n_received++;
	if (envelope->flags & ENVELOPE_AGAIN)
		relay->n_repaired++;
	apply_marked(relay->hub, &mark, &envelope->command, &reply);
	trace_command("host", NULL, &envelope->command, &reply);
	if (reply.status != WIRE_OK && reply.status != WIRE_NO_CONN)
		log_limited(LOG_LEVEL_WARN, "command of a host refused host=%08x command=%s status=%s",
		    envelope_instance(line->host->origin), wire_command_name(envelope->command.type),
		    wire_status_name(reply.status));
}

static void
free_held(struct relay *relay, struct held *held)
{
	relay->held_bytes -= sizeof(*held) + held->len;
	relay->n_held--;
	free(held);
}

/* The oldest that is held is the next one; or is one that has been taken meanwhile. */
static void
apply_oldest(struct relay *relay, struct line *line)
{
	struct held *held = line_let_go(line);
	struct envelope envelope;

	if (held->sequence <= line->latest)
		relay->n_duplicates++;
	else if (envelope_get(held->data, held->len, &envelope) == 0)
		apply(relay, line, &envelope);
	free_held(relay, held);
}

/* A command has been taken: what follows it, of those that are held. */
static void
apply_following(struct relay *relay, struct line *line)
{
	while (line->held != NULL &&
	    (line->held->sequence <= line->latest ||
		(line->held->previous != 0 && line->held->previous <= line->latest)))
		apply_oldest(relay, line);
}

/* --- what is gone ------------------------------------------------------------------------- */

/* Something of the line is gone for good. */
static void
leave_gap(struct relay *relay, const struct line *line, const char *why)
{
	relay->n_gaps++;
	if (line->lines->path != NULL)
		resume_tell_gap(relay->hub, line->lines->path);
	log_limited(LOG_LEVEL_WARN, "messages of a host lost path=%s host=%08x why=%s gaps=%llu", name_of(line->lines),
	    envelope_instance(line->host->origin), why, (unsigned long long)relay->n_gaps);
}

/* Nothing more is waited for: applies all that is held. */
static void
settle(struct relay *relay, struct line *line, const char *why_lost)
{
	bool lost = why_lost != NULL;

	if (lost)
		leave_gap(relay, line, why_lost);
	while (line->held != NULL) {
		if (!lost && line->held->sequence > line->latest && !line_fits(line, line->held->previous)) {
			leave_gap(relay, line, "incomplete");
			lost = true;
		}
		apply_oldest(relay, line);
	}
	set_state(relay, line, LINE_WHOLE);
}

/* It had died before the channel was not heard, and so has said nothing that was missed. */
static bool
was_dead(const struct line *line)
{
	return line->was_silent && line->host->heard == line->last_word;
}

/* Of a host that has said nothing here yet, or was dead, nobody knows that something is missing. */
static void
give_up(struct relay *relay, struct line *line, const char *why)
{
	bool told = line->latest != 0 && !was_dead(line);

	settle(relay, line, told || line->held != NULL ? why : NULL);
}

/* --- from other hosts ------------------------------------------------------------------------ */

static void
hold(struct relay *relay, struct line *line, const struct envelope *command, struct span data)
{
	size_t need = sizeof(struct held) + data.len;
	int r;

	if (line->state == LINE_WHOLE)
		want(relay, line);
	if (relay->n_held >= RELAY_HELD || relay->held_bytes + need > relay->conf->ws_backplane_repair_bytes) {
		settle(relay, line, "too-much-waits");
		apply(relay, line, command);
		return;
	}
	r = line_hold(line, command, data);
	if (r == -ENOMEM) {
		settle(relay, line, "out-of-memory");
		apply(relay, line, command);
	} else if (r < 0) {
		relay->n_duplicates++;
	} else {
		relay->held_bytes += need;
		relay->n_held++;
	}
}

static void
take_next(struct relay *relay, struct line *line, const struct envelope *command)
{
	bool again = command->flags & ENVELOPE_AGAIN;
	bool held = line->held != NULL;

	apply(relay, line, command);
	line->tries = 0;
	apply_following(relay, line);
	/* What came by itself and fits says that nothing is missing before it; so does what was held, once it fits. */
	if (line->state != LINE_WHOLE && line->held == NULL && (!again || held))
		set_state(relay, line, LINE_WHOLE);
}

/* True for what was told on a connection that broke, and is told anew to be sure. */
static bool
was_told_before(const struct line *line, const struct host *host, const struct envelope *command)
{
	return line->state == LINE_WHOLE && line->latest == 0 && !(command->flags & ENVELOPE_AGAIN) &&
	    command->sequence <= host->command_sequence;
}

static void
note_command(struct host *host, const struct envelope *command)
{
	if (!(command->flags & ENVELOPE_AGAIN) && command->sequence > host->command_sequence)
		host->command_sequence = command->sequence;
}

void
repair_take(struct relay *relay, struct host *host, const struct envelope *command, struct span data)
{
	struct lines *lines = lines_of_command(relay, &command->command);
	struct line *line = lines == NULL ? NULL : lines_find_or_add(lines, host);
	enum line_verdict verdict;

	if (line == NULL)
		return; /* nobody is there any more */
	verdict = was_told_before(line, host, command) ? LINE_DOUBLE : line_judge(line, command);
	note_command(host, command);
	switch (verdict) {
	case LINE_TAKE:
		take_next(relay, line, command);
		return;
	case LINE_DOUBLE:
		relay->n_duplicates++;
		return;
	case LINE_HOLD:
		hold(relay, line, command, data);
		return;
	}
}

void
repair_answered(struct relay *relay, struct host *host, const struct envelope *repaired)
{
	struct lines *lines = find_lines(relay, repaired->path);
	struct line *line = lines == NULL ? NULL : lines_find(lines, host);
	bool lost = repaired->flags & ENVELOPE_LOST;
	bool misses;

	if (line == NULL || line->state != LINE_ASKED || line->question != repaired->question)
		return;
	if (line->latest == line->asked_after)
		line->tries++;
	misses = line->held != NULL && !line_fits(line, line->held->previous);
	if (line->tries < RELAY_REPAIR_TRIES && ((repaired->flags & ENVELOPE_MORE) || (misses && !lost))) {
		if (lost)
			leave_gap(relay, line, "too-old");
		set_state(relay, line, LINE_WANTS);
	} else {
		settle(relay, line, lost ? "too-old" : NULL);
	}
}

void
repair_host_gone(struct relay *relay, struct host *host)
{
	while (host->wanting != NULL)
		set_state(relay, host->wanting, LINE_APART);
	while (host->asked != NULL)
		set_state(relay, host->asked, LINE_APART);
}

/* Calls for the lines of each channel. */
static void
each_channel(
    struct relay *relay, struct host *host, void (*call)(struct relay *relay, struct lines *lines, struct host *host))
{
	struct path *path, *next_path;
	struct user *user, *next_user;

	call(relay, &relay->own, host);
	HASH_ITER(hh, relay->hub->paths, path, next_path)
		if (path->lines != NULL)
			call(relay, path->lines, host);
	HASH_ITER(hh, relay->hub->users.by_name, user, next_user)
		if (user->lines != NULL)
			call(relay, user->lines, host);
}

static void
want_if_apart(struct relay *relay, struct lines *lines, struct host *host)
{
	struct line *line = lines_find(lines, host);

	if (line != NULL && line->state == LINE_APART)
		want(relay, line);
}

void
repair_host_back(struct relay *relay, struct host *host)
{
	if (host->n_apart > 0)
		each_channel(relay, host, want_if_apart);
}

static void
want_if_broken(struct relay *relay, struct lines *lines, struct host *host)
{
	struct line *line = lines->broken ? lines_find_or_add(lines, host) : NULL;

	if (line != NULL)
		want(relay, line);
}

void
repair_host_new(struct relay *relay, struct host *host)
{
	each_channel(relay, host, want_if_broken);
}

/* What is stored is had now. */
static void
note_stored(const struct lines *lines, struct line *line)
{
	const struct history *history = lines->path->past.history;
	uint64_t latest = history == NULL ? 0 : history_latest(history, line->host->origin);

	if (latest > line->latest)
		line->latest = latest;
}

void
repair_filled(struct relay *relay, struct lines *lines)
{
	struct line *line;

	LL_FOREACH2(lines->first, line, sibling)
	{
		if (line->host->here || line->state == LINE_WHOLE)
			continue;
		note_stored(lines, line);
		settle(relay, line, NULL);
	}
}

static void
forget_line(struct relay *relay, struct lines *lines, struct host *host)
{
	struct line *line = lines_find(lines, host);

	if (line == NULL)
		return;
	if (line->state != LINE_WHOLE)
		give_up(relay, line, "host-gone");
	lines_remove(line);
}

void
repair_forget_host(struct relay *relay, struct host *host)
{
	each_channel(relay, host, forget_line);
}

/* --- from the channels ---------------------------------------------------------------------------- */

/* What is missing from before still is, whatever the host has been since. */
static void
note_silence(const struct relay *relay, struct line *line)
{
	if (line->state != LINE_WHOLE)
		return;
	line->was_silent = hosts_is_silent(&relay->hosts, line->host);
	line->last_word = line->host->heard;
}

void
repair_channel(struct relay *relay, struct lines *lines)
{
	lines->broken = true;
	for (uint32_t i = 0; i < relay->hosts.n; i++) {
		struct host *host = relay->hosts.all[i];
		struct line *line = host->forgotten ? NULL : lines_find_or_add(lines, host);

		if (line == NULL)
			continue;
		note_silence(relay, line);
		want(relay, line);
	}
}

void
repair_channel_gone(struct relay *relay, struct lines *lines)
{
	struct line *line;

	while ((line = lines->first) != NULL) {
		while (line->held != NULL)
			free_held(relay, line_let_go(line));
		leave_list(relay, line);
		lines_remove(line);
	}
}

/* --- asking ------------------------------------------------------------------------------------------ */

static void
ask(struct relay *relay, struct line *line)
{
	uint64_t age_ms = relay_now_ms(relay) - line->lines->since_ms + RELAY_REPAIR_WAY_MS;
	struct envelope repair = { .type = ENVELOPE_REPAIR,
		.after = line->latest,
		.age_ms = age_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)age_ms };
	char name[RELAY_NAME_BYTES], topic[RELAY_TOPIC_BYTES];

	if (line->lines->path != NULL)
		repair.path = path_span(line->lines->path);
	if (line->lines->user != NULL)
		repair.path = relay_user_topic(users_span(line->lines->user), topic);
	line->question = relay_tell(relay, relay_host_channel(relay, line->host->origin, name), &repair);
	line->asked_after = line->latest;
	line->due_ms = relay_now_ms(relay) + RELAY_REPAIR_MS;
	set_state(relay, line, LINE_ASKED);
}

/* An answer could reach us. */
static bool
can_ask(const struct relay *relay)
{
	return relay->transport->connected && relay->transport->publishing && relay->own_subscribed;
}

void
repair_flush(struct relay *relay)
{
	if (relay->n_wanting == 0 || !can_ask(relay))
		return;
	for (uint32_t i = 0; i < relay->hosts.n; i++) {
		struct host *host = relay->hosts.all[i];

		while (host->wanting != NULL && host->n_asked < RELAY_REPAIRS)
			ask(relay, host->wanting);
	}
}

void
repair_ask_again(struct relay *relay)
{
	for (uint32_t i = 0; i < relay->hosts.n; i++)
		while (relay->hosts.all[i]->asked != NULL)
			set_state(relay, relay->hosts.all[i]->asked, LINE_WANTS);
}

/* While the transport is not up, nobody is to blame. */
static void
not_answered(struct relay *relay, struct line *line)
{
	if (relay->transport->up)
		line->tries++;
	if (line->tries >= RELAY_REPAIR_TRIES)
		give_up(relay, line, "not-answered");
	else
		set_state(relay, line, LINE_WANTS);
}

bool
repair_tick(struct relay *relay, uint64_t now_ms)
{
	for (uint32_t i = 0; i < relay->hosts.n && relay->n_asked > 0; i++) {
		struct host *host = relay->hosts.all[i];

		while (host->asked != NULL && now_ms >= host->asked->due_ms)
			not_answered(relay, host->asked);
	}
	return relay->n_wanting > 0 || relay->n_asked > 0;
}
