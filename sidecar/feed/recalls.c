#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "sidecar/feed/recalls.h"
#include "sidecar/feed/requests.h"

/* One that waits, with a copy of what it has asked. */
struct recalling {
	enum wire_command_type type;
	recalls_answer *answer;
	void *whom;
	struct recalling *prev, *next;
	size_t path_len, len;
	char bytes[]; /* the path, then what is asked of it */
};

static struct span
path_of(const struct recalling *recalling)
{
	return (struct span){ recalling->bytes, recalling->path_len };
}

static void
recall_now(struct recalls *recalls, const struct wire_command *command, recalls_answer *answer, void *whom)
{
	struct buf text = BUF_INIT;
	struct wire_reply reply;

	requests_recall(recalls->requests, command, &text, &reply);
	answer(whom, &reply);
	buf_free(&text);
}

static void
unlist(struct recalls *recalls, struct recalling *recalling)
{
	DL_DELETE(recalls->waiting, recalling);
	recalls->n_waiting--;
}

static void
answer_waiting(struct recalls *recalls, struct recalling *recalling)
{
	const struct wire_command command = { .type = recalling->type,
		.key = path_of(recalling),
		.data = { recalling->bytes + recalling->path_len, recalling->len - recalling->path_len } };

	unlist(recalls, recalling);
	recall_now(recalls, &command, recalling->answer, recalling->whom);
	free(recalling);
}

void
recalls_open(struct recalls *recalls, struct requests *requests)
{
	*recalls = (struct recalls){ .requests = requests };
}

void
recalls_close(struct recalls *recalls)
{
	while (recalls->waiting != NULL)
		answer_waiting(recalls, recalls->waiting);
}

void
recalls_listen(struct recalls *recalls, const struct recalls_events *events, void *context)
{
	recalls->events = events;
	recalls->context = context;
}

static bool
must_wait(const struct recalls *recalls, const struct wire_command *command)
{
	return recalls->n_waiting < RECALLS_MAX && recalls->events != NULL &&
	    recalls->events->is_awaited(recalls->context, command);
}

void
recalls_ask(struct recalls *recalls, const struct wire_command *command, recalls_answer *answer, void *whom)
{
	size_t len = command->key.len + command->data.len;
	struct recalling *recalling = must_wait(recalls, command) ? malloc(sizeof(*recalling) + len) : NULL;

	if (recalling == NULL) {
		recall_now(recalls, command, answer, whom);
		return;
	}
	*recalling = (struct recalling){
		.type = command->type, .answer = answer, .whom = whom, .path_len = command->key.len, .len = len
	};
	memcpy(recalling->bytes, command->key.data, command->key.len);
	if (command->data.len > 0)
		memcpy(recalling->bytes + command->key.len, command->data.data, command->data.len);
	DL_APPEND(recalls->waiting, recalling);
	recalls->n_waiting++;
}

void
recalls_known(struct recalls *recalls, struct span path)
{
	struct recalling *recalling, *next;

	DL_FOREACH_SAFE(recalls->waiting, recalling, next)
		if (span_equal(path_of(recalling), path))
			answer_waiting(recalls, recalling);
}

void
recalls_forget(struct recalls *recalls, const void *whom)
{
	struct recalling *recalling, *next;

	DL_FOREACH_SAFE(recalls->waiting, recalling, next) {
		if (recalling->whom != whom)
			continue;
		unlist(recalls, recalling);
		free(recalling);
	}
}
