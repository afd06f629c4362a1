#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/recall.h"

/* What is asked, and of what. */
struct recalling {
	struct past past;
	const struct history *history; /* of it; NULL when nothing is kept */
	const struct position *since;  /* NULL for all */
	uint32_t max;
};

static bool
is_asked(const struct recalling *recalling, uint32_t i)
{
	return recalling->since == NULL ||
	    history_lacks(recalling->history, recalling->since, history_at(recalling->history, i));
}

/* The index of the first that is told, so that neither the number nor the bytes are too many. */
static uint32_t
first_of(const struct recalling *recalling, bool *ret_all)
{
	uint32_t n = recalling->history->messages.n, first = n, told = 0;
	size_t bytes = 0;

	for (uint32_t i = n; i > 0; i--) {
		if (!is_asked(recalling, i - 1))
			continue;
		bytes += history_at(recalling->history, i - 1)->frame->len;
		if (++told > recalling->max || bytes > RECALL_BYTES) {
			*ret_all = false;
			break;
		}
		first = i - 1;
	}
	return first;
}

static void
put_message(const struct history *history, uint32_t i, struct buf *ret)
{
	const struct history_message *message = history_at(history, i);
	const struct mark mark = history_mark(history, message);

	wire_put_kept(ret,
	    &(struct wire_kept){
		.flags = frame_is_binary(message->frame) ? WIRE_BINARY : 0,
		.at_ms = message->at_ms,
		.origin = mark.origin,
		.number = mark.number,
		.data = frame_payload(message->frame),
	    });
}

static void
put_answer(const struct histories *histories, const struct recalling *recalling, struct buf *ret)
{
	const struct position now = histories_position(histories, &recalling->past, 0);
	bool all = true;
	uint32_t n = recalling->history == NULL ? 0 : recalling->history->messages.n;
	uint32_t first = n > 0 ? first_of(recalling, &all) : 0;
	struct buf text = BUF_INIT;
	struct wire_past past = { .whole = true };

	position_put(&text, &now);
	if (recalling->since != NULL)
		past.whole = all && histories_is_whole(histories, &recalling->past, recalling->since);
	past.position = span_of_buf(&text);
	wire_put_past(ret, &past);
	for (uint32_t i = first; i < n; i++)
		if (is_asked(recalling, i))
			put_message(recalling->history, i, ret);
	ret->failed |= text.failed;
	buf_free(&text);
}

enum wire_status
recall(struct hub *hub, const struct wire_command *command, struct history_limits limits, struct buf *ret)
{
	struct path *path = hub_find_path(hub, command->key.data, command->key.len);
	struct recalling recalling = { .past = { command->key, path, limits } };
	struct position since;
	struct wire_asked asked;

	if (wire_get_asked(command->data, &asked) < 0)
		return WIRE_INVALID;
	if (asked.since.len > 0 && position_parse(asked.since, &since) < 0)
		return WIRE_INVALID;
	recalling.since = asked.since.len > 0 ? &since : NULL;
	recalling.max = asked.max;
	if (path != NULL) {
		histories_expire(&hub->histories, path);
		recalling.history = path->past.history;
	}
	put_answer(&hub->histories, &recalling, ret);
	return ret->failed ? WIRE_BUSY : WIRE_OK;
}
