#include <inttypes.h>

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
