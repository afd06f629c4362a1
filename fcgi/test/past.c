#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "fcgi/test/past.h"

static const char POSITION[] = "00000000.000000000000_%016x.%" PRIu64;

static void
drop(struct past *past, struct past_message *message)
{
	DL_DELETE(past->messages, message);
	buf_free(&message->data);
	free(message->path);
	free(message);
}

void
past_free(struct past *past)
{
	while (past->messages != NULL)
		drop(past, past->messages);
}

static uint32_t
count(const struct past *past, struct span path, uint64_t behind)
{
	const struct past_message *message;
	uint32_t n = 0;

	DL_FOREACH(past->messages, message)
		n += message->number > behind && span_is(path, message->path);
	return n;
}

const struct past_message *
past_next(const struct past *past, struct span path, uint64_t behind, uint32_t max, const struct past_message *last)
{
	uint32_t n = count(past, path, behind), skip = last == NULL && n > max ? n - max : 0;
	const struct past_message *message = last == NULL ? past->messages : last->next;

	for (; message != NULL; message = message->next)
		if (message->number > behind && span_is(path, message->path) && skip-- == 0)
			break;
	return max == 0 ? NULL : message;
}

uint64_t
past_add(struct past *past, struct span path, uint32_t max, struct span data, uint8_t flags)
{
	struct past_message *message = calloc(1, sizeof(*message));

	if (message == NULL)
		return 0;
	message->path = strndup(path.data, path.len);
	buf_bytes(&message->data, data.data, data.len);
	message->flags = flags & WIRE_BINARY;
	message->number = ++past->n;
	DL_APPEND(past->messages, message);
	if (message->path == NULL || message->data.failed) {
		drop(past, message);
		return 0;
	}
	if (count(past, path, 0) > max)
		drop(past, (struct past_message *)past_next(past, path, 0, UINT32_MAX, NULL));
	return message->number;
}

/* What a position of ours lacks begins behind this number. */
static int
number_of(struct span position, uint64_t *ret)
{
	char text[64];
	unsigned origin;

	*ret = 0;
	if (position.len == 0)
		return 0;
	if (position.len >= sizeof(text))
		return -EINVAL;
	memcpy(text, position.data, position.len);
	text[position.len] = '\0';
	return sscanf(text, "00000000.000000000000_%16x.%" SCNu64, &origin, ret) == 2 ? 0 : -EINVAL;
}

int
past_put(const struct past *past, struct span path, struct span asked_for, struct buf *ret)
{
	const struct past_message *message = NULL;
	struct buf position = BUF_INIT;
	struct wire_asked asked;
	struct wire_past answer;
	uint64_t behind;

	if (wire_get_asked(asked_for, &asked) < 0 || number_of(asked.since, &behind) < 0)
		return -EINVAL;
	buf_printf(&position, POSITION, PAST_ORIGIN, past->n);
	answer = (struct wire_past){ count(past, path, behind) <= asked.max, span_of_buf(&position), { 0 } };
	wire_put_past(ret, &answer);
	while ((message = past_next(past, path, behind, asked.max, message)) != NULL)
		wire_put_kept(ret,
		    &(struct wire_kept){
			message->flags, 0, PAST_ORIGIN, message->number, span_of_buf(&message->data) });
	buf_free(&position);
	return 0;
}
