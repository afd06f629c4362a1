/* Input: the first bytes of a connection. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "sidecar/edge/head.h"
#include "tests/fuzz/fuzz.h"

static void
check_span(const struct head *head, struct span span)
{
	assert(span.data != NULL);
	assert(span.len == 0 || (span.len == 1 && span.data[0] == '/') ||
	    (span.data >= head->bytes && span.data + span.len <= head->bytes + head->len));
	assert(memchr(span.data, '\n', span.len) == NULL && memchr(span.data, '\r', span.len) == NULL &&
	    memchr(span.data, '\0', span.len) == NULL);
}

static void
check_whole(const struct head *head, size_t len)
{
	struct buf joined = BUF_INIT;

	assert(head->len <= len && memcmp(head->bytes + head->len - 4, "\r\n\r\n", 4) == 0);
	check_span(head, head_method(head));
	check_span(head, head_path(head));
	check_span(head, head_query(head));
	check_span(head, head_host(head));
	assert(head_path(head).data[0] == '/' || head->asterisk);
	for (size_t i = 0; i < head->n_fields; i++) {
		struct head_list list;
		struct span name = head_name(head, i), element;
		char *text = strndup(name.data, name.len);

		check_span(head, name);
		check_span(head, head_value(head, i));
		assert(head_count(head, text) > 0 && head_join(head, text, &joined) == head_count(head, text));
		list = head_list(head, text);
		while (head_list_next(&list, &element)) {
			check_span(head, element);
			assert(element.len > 0);
		}
		free(text);
	}
	assert(head_count(head, "host") == 1 || head->minor == 0);
	assert(head_count(head, "content-length") <= 1 && !(head->has_length && head->chunked));
	buf_free(&joined);
}

/* In pieces it must come to the same. */
static void
check_pieces(const struct head *whole, const uint8_t *data, size_t len)
{
	struct head head;
	bool over = false;

	head_init(&head);
	for (size_t n = 0; n < len && !over; n += 1 + n / 8) {
		char *moved = malloc(n + 1);

		memcpy(moved, data, n);
		over = head_read(&head, moved, n);
		assert(!over || head.whole == whole->whole || head.refusal != REFUSAL_NONE);
		free(moved);
	}
	over = head_read(&head, (const char *)data, len);
	assert(over == (whole->whole || whole->refusal != REFUSAL_NONE));
	assert(head.whole == whole->whole && head.len == whole->len && head.n_fields == whole->n_fields);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct head head;
	bool over;

	head_init(&head);
	over = head_read(&head, (const char *)data, len);
	assert(over == (head.whole || head.refusal != REFUSAL_NONE));
	assert(!(head.whole && head.refusal != REFUSAL_NONE));
	assert(over || len < HEAD_MAX_BYTES);
	if (head.whole)
		check_whole(&head, len);
	check_pieces(&head, data, len);
	return 0;
}
