#include <errno.h>
#include <inttypes.h>

#include "shared/take.h"
#include "sidecar/hub/position.h"
#include "sidecar/hub/control.h"
#include "sidecar/hub/frame.h"

/* Takes the words, and frees them. */
static struct frame *
make(struct buf *words)
{
	struct frame *frame = words->failed ? NULL : frame_new_control(span_of_buf(words));

	buf_free(words);
	return frame;
}

struct frame *
control_resumed(bool whole)
{
	return frame_new_control(span_of(whole ? "r 1" : "r 0"));
}

struct frame *
control_have(struct mark mark)
{
	struct buf words = BUF_INIT;

	buf_string(&words, "p ");
	position_put_mark(&words, mark);
	return make(&words);
}

struct frame *
control_position(const struct position *position, const uint64_t names[], uint32_t n)
{
	struct buf words = BUF_INIT;

	buf_string(&words, "p ");
	position_put(&words, position);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(&words, "~%016" PRIx64, names[i]);
	return make(&words);
}

struct frame *
control_next_of_all(const struct mark marks[], uint32_t n)
{
	struct buf words = BUF_INIT;

	for (uint32_t i = 0; i < n; i++) {
		buf_string(&words, i == 0 ? "n " : "_");
		position_put_mark(&words, marks[i]);
	}
	return make(&words);
}

struct frame *
control_next(struct mark mark)
{
	return control_next_of_all(&mark, 1);
}

struct frame *
control_next_number(void)
{
	return frame_new_control(span_of("n"));
}

static struct frame *
make_with(const char *verb, struct span words)
{
	struct buf text = BUF_INIT;

	buf_string(&text, verb);
	buf_bytes(&text, words.data, words.len);
	return make(&text);
}

struct frame *
control_here(struct span members)
{
	return make_with("= ", members);
}

struct frame *
control_came(struct span member)
{
	return make_with("+ ", member);
}

struct frame *
control_left(struct span id)
{
	return make_with("- ", id);
}

struct frame *
control_key(uint64_t key, struct span id)
{
	struct buf words = BUF_INIT;

	buf_printf(&words, "k %016" PRIx64 " ", key);
	buf_bytes(&words, id.data, id.len);
	return make(&words);
}

struct span
control_words(const struct frame *control)
{
	return span_from(frame_payload(control), 1);
}

struct frame *
control_answer(uint64_t number, struct span data, bool binary)
{
	struct buf words = BUF_INIT;
	struct frame *frame;

	buf_printf(&words, "a %" PRIu64, number);
	if (!binary) {
		buf_string(&words, " t ");
		buf_bytes(&words, data.data, data.len);
		return make(&words);
	}
	buf_string(&words, " b");
	frame = words.failed ? NULL : frame_new_control_with(span_of_buf(&words), data);
	buf_free(&words);
	return frame;
}

struct frame *
control_answered(uint64_t number)
{
	struct buf words = BUF_INIT;

	buf_printf(&words, "a %" PRIu64, number);
	return make(&words);
}

struct frame *
control_not_answered(uint64_t number, const char *why)
{
	struct buf words = BUF_INIT;

	buf_printf(&words, "a %" PRIu64 " ! %s", number, why);
	return make(&words);
}

struct frame *
control_memory(uint64_t name)
{
	struct buf words = BUF_INIT;

	if (name == 0)
		return frame_new_control(span_of("o"));
	buf_printf(&words, "o %016" PRIx64, name);
	return make(&words);
}

/* " NUMBER" or " NUMBER.LOWEST", where the second is no higher than the first. */
static bool
take_numbers(struct span *text, struct control_question *ret)
{
	if (!take_char(text, ' ') || !take_decimal(text, &ret->number) || ret->number == 0)
		return false;
	if (!take_char(text, '.'))
		return true;
	return take_decimal(text, &ret->lowest) && ret->lowest > 0 && ret->lowest <= ret->number;
}

int
control_read_question(struct span words, struct control_question *ret)
{
	struct control_question question = { 0 };

	if (!take_numbers(&words, &question) || !take_char(&words, ' '))
		return -EBADMSG;
	question.binary = take_char(&words, 'b');
	if (question.binary ? words.len > 0 : !take_char(&words, 't') || !take_char(&words, ' '))
		return -EBADMSG;
	question.data = words;
	*ret = question;
	return 0;
}

int
control_read_key(struct span words, struct wire_id *ret)
{
	struct wire_id id;

	if (!take_char(&words, ' ') || words.len != 2 * sizeof(id.bytes))
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(id.bytes); i++) {
		uint64_t byte;

		if (!take_hex(&words, 2, &byte))
			return -EBADMSG;
		id.bytes[i] = (uint8_t)byte;
	}
	*ret = id;
	return 0;
}

bool
control_take_text(struct span *text)
{
	if (text->len == 0 || text->data[0] != '\0')
		return true;
	if (text->len == 1 || text->data[1] != '\0')
		return false; /* it has no verb that we know */
	text->data++;
	text->len--;
	return true;
}
