#include <errno.h>
#include <limits.h>
#include <string.h>

#include "fcgi/template/case.h"
#include "fcgi/template/chars.h"
#include "fcgi/template/filter.h"
#include "fcgi/template/json.h"
#include "fcgi/template/limits.h"
#include "fcgi/template/print.h"
#include "shared/buf.h"

typedef void writer(struct buf *buf, struct span text);

/* What a writer makes of the value's text. */
static int
write_text(struct budget *budget, struct value in, writer *write, struct value *ret)
{
	struct buf buf = BUF_INIT;
	struct span text;
	int r;

	r = print_to_text(budget, in, &text);
	if (r < 0)
		return r;
	write(&buf, text);
	return value_of_buf(budget, &buf, ret);
}

int
filter_default(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	(void)budget;
	*ret = in;
	if (value_is_empty(in))
		*ret = n > 0 ? args[0] : value_of_text(span_of(""));
	return 0;
}

/* --- letters ---------------------------------------------------------------------------- */

int
filter_upper(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	(void)args;
	(void)n;
	return write_text(budget, in, case_put_upper, ret);
}

int
filter_lower(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	(void)args;
	(void)n;
	return write_text(budget, in, case_put_lower, ret);
}

int
filter_capitalize(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	(void)args;
	(void)n;
	return write_text(budget, in, case_put_capital, ret);
}

int
filter_title(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	(void)args;
	(void)n;
	return write_text(budget, in, case_put_title, ret);
}

int
filter_slug(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	(void)args;
	(void)n;
	return write_text(budget, in, case_put_slug, ret);
}

/* What is HTML stays HTML: only its ends are cut. */
int
filter_trim(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct span text, drop = span_of(" \t\r\n\f\v");
	int r;

	r = print_to_text(budget, in, &text);
	if (r == 0)
		r = filter_text_arg(budget, args, n, 0, &drop);
	if (r < 0)
		return r;
	*ret = value_of_text(chars_trim_end(chars_trim_start(text, drop), drop));
	ret->safe = in.safe && n == 0;
	return 0;
}

int
filter_truncate(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct span text, suffix = span_of("...");
	struct buf buf = BUF_INIT;
	int letters = 30, r;
	size_t len;

	r = print_to_text(budget, in, &text);
	if (r == 0)
		r = filter_int_arg(budget, args, n, 0, INT_MAX, &letters);
	if (r == 0)
		r = filter_text_arg(budget, args, n, 1, &suffix);
	if (r < 0)
		return r;
	len = chars_prefix(text, (size_t)letters);
	text_put(&buf, (struct span){ text.data, len });
	if (len < text.len)
		text_put(&buf, suffix);
	return value_of_buf(budget, &buf, ret);
}

int
filter_length(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	size_t count = value_count(in);
	struct span text;
	int r;

	(void)args;
	(void)n;
	*ret = value_of_number((double)count);
	if (value_is_iterable(in))
		return in.is_json ? budget_spend(budget, count / 8) : 0;
	r = print_to_text(budget, in, &text);
	if (r == 0)
		*ret = value_of_number((double)chars_count(text));
	return r;
}

/* --- replace and split --------------------------------------------------------------------- */

/* What stands at the beginning of text and is to be replaced: the longest such key. */
static bool
find_longest(const struct value_pair *pairs, size_t n, struct span text, struct span *ret_key, struct value *ret_item)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		struct span key = pairs[i].key.text;

		if (key.len == 0 || key.len > text.len || memcmp(text.data, key.data, key.len) != 0)
			continue;
		if (found && key.len <= ret_key->len)
			continue;
		*ret_key = key;
		*ret_item = pairs[i].item;
		found = true;
	}
	return found;
}

static void
put_replaced(struct buf *buf, struct span text, const struct value_pair *pairs, size_t n)
{
	struct value item = { .kind = VALUE_UNDEFINED };
	struct span key = { NULL, 0 };

	while (text.len > 0 && !buf->failed) {
		if (find_longest(pairs, n, text, &key, &item)) {
			text_put(buf, item.text);
		} else {
			key.len = chars_step(text);
			text_put(buf, (struct span){ text.data, key.len });
		}
		text = span_from(text, key.len);
	}
}

/* Makes the items text too. */
static int
items_to_text(struct budget *budget, struct value_pair *pairs, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = print_to_text(budget, pairs[i].item, &pairs[i].item.text);
	return r;
}

/* replace("a", "b") is one pair, replace({"a": "b"}) as many as there are. */
static int
replacements(struct budget *budget, const struct value *args, unsigned n, struct value_pair **ret, size_t *ret_n)
{
	int r;

	if (n == 1 && args[0].kind != VALUE_DICT)
		return budget_fail(budget, -EINVAL, "expected a dict or two strings for 'replace', found %s",
		    value_kind_name(args[0].kind));
	if (n == 1)
		return value_to_pairs(budget, args[0], ret, ret_n);
	*ret = arena_alloc(&budget->arena, sizeof(**ret));
	if (*ret == NULL)
		return budget_no_memory(budget);
	*ret_n = 1;
	(*ret)->item = args[1];
	r = print_to_text(budget, args[0], &(*ret)->key.text);
	return r;
}

int
filter_replace(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct buf buf = BUF_INIT;
	struct value_pair *pairs;
	struct span text;
	size_t n_pairs;
	int r;

	r = print_to_text(budget, in, &text);
	if (r == 0)
		r = replacements(budget, args, n, &pairs, &n_pairs);
	if (r == 0)
		r = items_to_text(budget, pairs, n_pairs);
	if (r == 0)
		r = budget_spend(budget, text.len * n_pairs / TEMPLATE_STEP_BYTES);
	if (r < 0)
		return r;
	put_replaced(&buf, text, pairs, n_pairs);
	return value_of_buf(budget, &buf, ret);
}

/* The bytes of text up to the delimiter; each character alone when there is no delimiter. */
static size_t
part_of(struct span text, struct span delimiter)
{
	return delimiter.len > 0 ? span_find(text, 0, delimiter) : chars_step(text);
}

static size_t
count_parts(struct span text, struct span delimiter)
{
	size_t n = 0, part;

	for (; text.len > 0; n++) {
		part = part_of(text, delimiter);
		if (part == text.len)
			return n + 1;
		text = span_from(text, part + delimiter.len);
	}
	return delimiter.len > 0 ? n + 1 : n;
}

int
filter_split(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct span text, delimiter = { NULL, 0 };
	struct value_pair *pairs;
	size_t n_parts;
	int r;

	r = print_to_text(budget, in, &text);
	if (r == 0)
		r = filter_text_arg(budget, args, n, 0, &delimiter);
	if (r < 0)
		return r;
	n_parts = count_parts(text, delimiter);
	pairs = arena_alloc(&budget->arena, n_parts * sizeof(*pairs));
	if (pairs == NULL)
		return budget_no_memory(budget);
	for (size_t i = 0; i < n_parts; i++) {
		struct span part = { text.data, text.len > 0 ? part_of(text, delimiter) : 0 };

		pairs[i].key = value_of_number((double)i);
		pairs[i].item = value_of_text(part);
		if (i + 1 < n_parts)
			text = span_from(text, part.len + delimiter.len);
	}
	return value_of_pairs(budget, VALUE_LIST, pairs, n_parts, ret);
}

/* --- escaping --------------------------------------------------------------------------------- */

int
filter_raw(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct span text;
	int r;

	(void)args;
	(void)n;
	r = print_to_text(budget, in, &text);
	if (r == 0)
		*ret = value_of_text(text);
	ret->safe = true;
	return r;
}

/* The writer that a strategy's name means, or NULL. */
static writer *
strategy(struct span name)
{
	if (span_is(name, "html"))
		return text_put_html;
	if (span_is(name, "js"))
		return text_put_js;
	if (span_is(name, "css"))
		return text_put_css;
	if (span_is(name, "html_attr"))
		return text_put_attribute;
	if (span_is(name, "url"))
		return text_put_url;
	return NULL;
}

/* What is HTML already is not escaped for HTML again. */
int
filter_escape(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct span name = span_of("html");
	writer *write;
	int r;

	r = filter_text_arg(budget, args, n, 0, &name);
	if (r < 0)
		return r;
	write = strategy(name);
	if (write == NULL)
		return budget_fail(budget, -EINVAL, "expected 'html', 'html_attr', 'js', 'css' or 'url' for 'escape'");
	if (write == text_put_html && in.safe)
		*ret = in;
	else
		r = write_text(budget, in, write, ret);
	ret->safe = true;
	return r;
}

/* A query that is being made: a=1&b%5Bc%5D=2, as forms of PHP have it. */
struct query {
	struct budget *budget;
	struct buf buf;
};

static int put_pairs(struct query *query, struct span within, struct value in);

/* The name of a pair, in full: outer[name]. within is escaped already, and empty at the top. */
static int
name_pair(struct query *query, struct span within, struct value key, struct span *ret)
{
	struct buf buf = BUF_INIT;
	struct value name;
	struct span text;
	int r = print_to_text(query->budget, key, &text);

	if (r < 0)
		return r;
	text_put(&buf, within);
	text_put(&buf, span_of(within.len > 0 ? "%5B" : ""));
	text_put_url(&buf, text);
	text_put(&buf, span_of(within.len > 0 ? "%5D" : ""));
	r = value_of_buf(query->budget, &buf, &name);
	buf_free(&buf);
	*ret = name.text;
	return r;
}

/* False is 0 in a query, where nothing would be true. */
static int
put_pair(struct query *query, struct span name, struct value item)
{
	struct span text;
	int r;

	if (value_is_iterable(item))
		return put_pairs(query, name, item);
	if (item.kind == VALUE_BOOL)
		item = value_of_number(item.boolean);
	r = print_to_text(query->budget, item, &text);
	if (r == 0)
		r = budget_spend(query->budget, 1 + text.len / TEMPLATE_STEP_BYTES);
	if (r < 0)
		return r;
	text_put(&query->buf, span_of(query->buf.len > 0 ? "&" : ""));
	text_put(&query->buf, name);
	text_put(&query->buf, span_of("="));
	text_put_url(&query->buf, text);
	return 0;
}

/* What is null is left out. */
static int
put_pairs(struct query *query, struct span within, struct value in)
{
	struct value_walk walk = value_walk(in);
	struct value key, item;
	struct span name;
	int r = budget_enter(query->budget);

	if (r < 0)
		return r;
	while (r == 0 && value_next(&walk, &key, &item)) {
		if (value_is_missing(item))
			continue;
		r = name_pair(query, within, key, &name);
		if (r == 0)
			r = put_pair(query, name, item);
	}
	budget_leave(query->budget);
	return r;
}

int
filter_url_encode(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct query query = { budget, BUF_INIT };
	int r;

	(void)args;
	(void)n;
	if (!value_is_iterable(in))
		return write_text(budget, in, text_put_url, ret);
	r = put_pairs(&query, span_of(""), in);
	if (r == 0)
		r = value_of_buf(budget, &query.buf, ret);
	buf_free(&query.buf);
	return r;
}

int
filter_json(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct buf buf = BUF_INIT;
	int r;

	(void)args;
	(void)n;
	r = json_put(budget, &buf, in);
	if (r == 0)
		r = value_of_buf(budget, &buf, ret);
	ret->safe = true;
	buf_free(&buf);
	return r;
}

static void
put_lines(struct buf *buf, struct span text, writer *write)
{
	for (;;) {
		size_t end = span_find(text, 0, span_of("\n"));

		write(buf, (struct span){ text.data, end });
		if (end == text.len)
			return;
		text_put(buf, span_of("<br>\n"));
		text = span_from(text, end + 1);
	}
}

int
filter_nl2br(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct buf buf = BUF_INIT;
	struct span text;
	int r;

	(void)args;
	(void)n;
	r = print_to_text(budget, in, &text);
	if (r < 0)
		return r;
	put_lines(&buf, text, in.safe ? text_put : text_put_html);
	r = value_of_buf(budget, &buf, ret);
	ret->safe = true;
	return r;
}
