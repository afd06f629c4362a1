#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/tina4.h"
#include "fcgi/ws/conn.h"
#include "fcgi/ws/mark.h"
#include "fcgi/ws/push.h"

struct message {
	struct tina4_history_message told;
	char position[MARK_BYTES];
};

struct tina4_history {
	struct buf text; /* the sidecar's answer, from which the messages borrow */
	struct message *messages;
	size_t n;
	char *position;
	bool whole;
};

void
tina4_history_free(struct tina4_history *history)
{
	if (history == NULL)
		return;
	free(history->messages);
	free(history->position);
	buf_free(&history->text);
	free(history);
}

size_t
tina4_history_count(const struct tina4_history *history)
{
	return history->n;
}

const struct tina4_history_message *
tina4_history_at(const struct tina4_history *history, size_t i)
{
	return i < history->n ? &history->messages[i].told : NULL;
}

const char *
tina4_history_position(const struct tina4_history *history)
{
	return history->position;
}

bool
tina4_history_is_whole(const struct tina4_history *history)
{
	return history->whole;
}

/* --- reading the answer --------------------------------------------------------------- */

static int
count(struct wire_reader messages, size_t *ret)
{
	struct wire_kept kept;
	size_t n = 0;
	int r;

	while ((r = wire_get_kept(&messages, &kept)) > 0)
		n++;
	*ret = n;
	return r;
}

static void
fill_in(struct message *message, const struct wire_kept *kept)
{
	mark_format(kept->origin, kept->number, message->position);
	message->told = (struct tina4_history_message){
		.data = kept->data.data,
		.len = kept->data.len,
		.binary = kept->flags & WIRE_BINARY,
		.time_ms = (int64_t)kept->at_ms,
		.position = message->position,
	};
}

/* All has been read: the byte behind each message is nothing any more. */
static void
terminate(struct tina4_history *history)
{
	for (size_t i = 0; i < history->n; i++)
		((char *)history->messages[i].told.data)[history->messages[i].told.len] = '\0';
}

static int
parse(struct tina4_history *history)
{
	struct wire_past past;
	struct wire_kept kept;
	int r;

	buf_u8(&history->text, '\0'); /* behind the last message */
	if (history->text.failed)
		return -ENOMEM;
	r = wire_get_past((struct span){ (const char *)history->text.data, history->text.len - 1u }, &past);
	if (r == 0)
		r = count(past.messages, &history->n);
	if (r < 0)
		return r;
	history->whole = past.whole;
	history->position = strndup(past.position.data, past.position.len);
	history->messages = calloc(history->n + 1, sizeof(*history->messages));
	if (history->position == NULL || history->messages == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < history->n && wire_get_kept(&past.messages, &kept) > 0; i++)
		fill_in(&history->messages[i], &kept);
	terminate(history);
	return 0;
}

int
tina4_history(struct tina4_app *app, const char *path, uint32_t max, const char *since, struct tina4_history **ret)
{
	const struct wire_asked asked = { max, span_of(since != NULL ? since : "") };
	struct tina4_history *history;
	int r;

	if (conn_running(app) != NULL)
		return -EDEADLK;
	if (path == NULL || path[0] != '/')
		return -EINVAL;
	history = calloc(1, sizeof(*history));
	if (history == NULL)
		return -ENOMEM;
	r = push_history(app, path, &asked, &history->text);
	if (r == 0)
		r = parse(history);
	if (r < 0)
		tina4_history_free(history);
	else
		*ret = history;
	return r;
}
