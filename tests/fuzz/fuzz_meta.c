/* Input: the metadata of an OPEN, as a sidecar would send it; with a text of lines it is made of them first. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/ws/meta.h"
#include "shared/buf.h"
#include "shared/path.h"
#include "tests/fuzz/fuzz.h"

static const char *const patterns[] = { "/ws/echo", "/ws/chat/{room}/{n:int}", "/f/{a:float}/{rest:path}" };

/* Looks at all of a string. */
static void
look_at(const char *text)
{
	static volatile size_t seen;

	if (text != NULL)
		seen = strlen(text);
	(void)seen;
}

static void
ask(struct meta *meta)
{
	assert(meta_path(meta) != NULL && meta_ip(meta) != NULL);
	for (size_t i = 0; i < 3; i++) {
		look_at(meta_param(meta, "room", i));
		look_at(meta_param(meta, "", i));
		look_at(meta_header_at(meta, "HOST", i));
		look_at(meta_header(meta, "host"));
		look_at(meta_cookie(meta, "jwt", i));
	}
	meta_user(meta);
}

static void
check(struct span from)
{
	struct path_pattern *pattern = NULL;
	struct wire_meta wire;
	struct meta *meta;

	if (wire_get_meta(from, &wire) < 0)
		return;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		int r;

		meta = NULL;
		if (path_compile(patterns[i], &pattern, NULL) < 0)
			abort();
		r = meta_new(&meta, pattern, &wire);
		assert(r == 0 || r == -EPROTO || r == -EINVAL || r == -ENOBUFS);
		assert((meta != NULL) == (r == 0));
		if (r == 0)
			ask(meta);
		meta_free(meta);
		path_pattern_free(pattern);
	}
}

/* Takes a line off what is left. */
static struct span
take_line(struct span *rest)
{
	const char *end = memchr(rest->data, '\n', rest->len);
	size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
	struct span line = { rest->data, len };

	rest->data += len + (end != NULL);
	rest->len -= len + (end != NULL);
	return line;
}

/* Path, query, address, claims and user, then a header's name and value each. */
static void
check_lines(struct span rest)
{
	struct wire_meta wire = { .pattern = span_of(patterns[0]) };
	struct buf made = BUF_INIT;

	wire.path = take_line(&rest);
	wire.query = take_line(&rest);
	wire.ip = take_line(&rest);
	wire.claims = take_line(&rest);
	wire.user = take_line(&rest);
	wire_put_meta(&made, &wire);
	while (rest.len > 0) {
		struct span name = take_line(&rest), value = take_line(&rest);

		wire_put_pair(&made, name, value);
	}
	if (!made.failed)
		check(span_of_buf(&made));
	buf_free(&made);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span input = { (const char *)data, len };

	check(input);
	if (len > 0)
		check_lines(input);
	return 0;
}
