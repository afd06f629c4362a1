/*
 * Input: the source of a template, which is rendered with fixed data. Behind a
 * line of "----" is that of "part.html", which the first may include or extend.
 */
#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "fcgi/template/limits.h"
#include "fcgi/template/render.h"
#include "fcgi/template/template.h"
#include "shared/buf.h"
#include "tests/fuzz/fuzz.h"

static const char data_text[] =
    "{\"name\": \"<Ada> & 'co' \\\"x\\\" \\u2028\", \"n\": 3, \"f\": -2.5, \"yes\": true, \"no\": false, \"null\": "
    "null,"
    " \"list\": [3, 1, \"2\", [1, 2], {\"k\": \"v\"}, null], \"dict\": {\"a\": 1, \"b\": {\"c\": [1, 2, 3]}},"
    " \"date\": \"2026-11-22T10:30:00Z\", \"part\": \"part.html\", \"text\": \"one\\ntwo  Cr\\u00e8me "
    "\\u65e5\\u672c\"}";

struct sources {
	struct span page, part;
};

static int
find(void *context, const char *name, struct template **ret, struct buf *error)
{
	const struct sources *sources = context;

	if (strcmp(name, "page.html") == 0)
		return template_parse(name, sources->page, ret, error);
	if (strcmp(name, "part.html") == 0 && sources->part.data != NULL)
		return template_parse(name, sources->part, ret, error);
	return -ENOENT;
}

static struct sources
split(const uint8_t *data, size_t len)
{
	struct span whole = { (const char *)data, len };
	size_t at = span_find(whole, 0, span_of("----\n"));

	if (at == len)
		return (struct sources){ .page = whole };
	return (struct sources){ .page = { whole.data, at }, .part = span_from(whole, at + 5) };
}

static int
form_token(void *context, const char **ret)
{
	(void)context;
	*ret = "token";
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct render_input input = { .form_token = form_token, .form_field = "field" };
	static cJSON *json;
	struct sources sources = split(data, len);
	struct buf out = BUF_INIT, error = BUF_INIT;
	int r;

	if (json == NULL)
		json = cJSON_Parse(data_text);
	assert(json != NULL);
	input.data = json;
	buf_string(&out, "before");
	r = render_template(find, &sources, "page.html", &input, &out, &error);
	assert(!out.failed && out.len <= TEMPLATE_MAX_OUTPUT);
	if (r < 0)
		assert(out.len == 6 && error.len > 0);
	else
		assert(error.len == 0 && memcmp(out.data, "before", 6) == 0);
	buf_free(&error);
	buf_free(&out);
	return 0;
}
