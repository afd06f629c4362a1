#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/hex.h"
#include "shared/numeral.h"
#include "shared/path.h"

/* What stands between two slashes of a pattern. */
struct segment {
	bool is_param;
	enum path_type type;
	const char *text; /* a parameter's name, terminated, or a literal, not terminated */
	size_t len;
};

struct path_pattern {
	char *text;
	char *names; /* the same text, cut into names */
	size_t n;
	struct segment segments[];
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_letter(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

/* Finds where the segment that begins at `at` ends: at a slash or at the end. */
static const char *
segment_end(const char *at, const char *end)
{
	const char *slash = memchr(at, '/', (size_t)(end - at));

	return slash != NULL ? slash : end;
}

/* --- patterns ---------------------------------------------------------------- */

static const struct {
	const char *name;
	enum path_type type;
} types[] = {
	{ "int", PATH_INT },
	{ "float", PATH_FLOAT },
	{ "alpha", PATH_ALPHA },
	{ "alnum", PATH_ALNUM },
	{ "slug", PATH_SLUG },
	{ "uuid", PATH_UUID },
	{ "path", PATH_REST },
};

static bool
find_type(const char *name, enum path_type *ret)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) == 0) {
			*ret = types[i].type;
			return true;
		}
	}
	return false;
}

static bool
is_name(const char *name)
{
	if (!is_letter(*name) && *name != '_')
		return false;
	while (is_letter(*name) || is_digit(*name) || *name == '_')
		name++;
	return *name == '\0';
}

static bool
has_param(const struct path_pattern *pattern, const char *name)
{
	for (size_t i = 0; i < pattern->n; i++)
		if (pattern->segments[i].is_param && strcmp(pattern->segments[i].text, name) == 0)
			return true;
	return false;
}

/* Compiles "name" or "name:type", which it cuts in two. Returns NULL, or why not. */
static const char *
compile_param(const struct path_pattern *pattern, char *text, struct segment *ret)
{
	char *type = strchr(text, ':');

	*ret = (struct segment){ .is_param = true, .type = PATH_STRING, .text = text };
	if (type != NULL) {
		*type++ = '\0';
		if (!find_type(type, &ret->type))
			return "an unknown type: known are int, float, alpha, alnum, slug, uuid and path";
	}
	if (!is_name(text))
		return "a parameter's name must be a letter or _ and then letters, digits or _";
	if (has_param(pattern, text))
		return "a parameter's name comes twice";
	ret->len = strlen(text);
	return NULL;
}

/* Compiles what stands between two slashes. Returns NULL, or why not. */
static const char *
compile_segment(const struct path_pattern *pattern, char *text, size_t len, struct segment *ret)
{
	size_t plain = strcspn(text, "{}");

	if (plain >= len) {
		*ret = (struct segment){ .text = text, .len = len };
		return NULL;
	}
	if (plain > 0 || text[0] != '{' || 1 + strcspn(text + 1, "{}") != len - 1 || text[len - 1] != '}')
		return "braces must fill a segment, as in /{name}/";
	text[len - 1] = '\0';
	return compile_param(pattern, text + 1, ret);
}

/* Compiles pattern->names, segment by segment. Returns 0, -EINVAL or -E2BIG. */
static int
compile_segments(struct path_pattern *pattern, const char **ret_why)
{
	char *at = pattern->names;
	size_t n_params = 0;

	while (*at == '/') {
		struct segment *segment = &pattern->segments[pattern->n];
		size_t len = strcspn(++at, "/");
		bool is_last = at[len] == '\0';

		*ret_why = len == 0 && !is_last ? "an empty segment, which matches nothing"
						: compile_segment(pattern, at, len, segment);
		if (*ret_why != NULL)
			return -EINVAL;
		if (segment->type == PATH_REST && !is_last) {
			*ret_why = "a parameter of type path must be the last segment";
			return -EINVAL;
		}
		n_params += segment->is_param;
		if (n_params > PATH_MAX_PARAMS) {
			*ret_why = "it has too many parameters";
			return -E2BIG;
		}
		pattern->n++;
		at += len;
	}
	return 0;
}

static size_t
count_slashes(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '/';
	return n;
}

static struct path_pattern *
pattern_new(const char *text)
{
	struct path_pattern *pattern;

	pattern = calloc(1, sizeof(*pattern) + count_slashes(text) * sizeof(pattern->segments[0]));
	if (pattern == NULL)
		return NULL;
	pattern->text = strdup(text);
	pattern->names = strdup(text);
	if (pattern->text == NULL || pattern->names == NULL) {
		path_pattern_free(pattern);
		return NULL;
	}
	return pattern;
}

int
path_compile(const char *text, struct path_pattern **ret, const char **ret_why)
{
	struct path_pattern *pattern = NULL;
	const char *why = "out of memory";
	int r = -ENOMEM;

	if (text[0] != '/') {
		why = "it must begin with a slash";
		r = -EINVAL;
		goto out;
	}
	if (strlen(text) > PATH_MAX_BYTES) {
		why = "it is too long";
		r = -E2BIG;
		goto out;
	}
	pattern = pattern_new(text);
	if (pattern == NULL)
		goto out;

	r = compile_segments(pattern, &why);
	if (r < 0)
		goto out;
	*ret = pattern;
	pattern = NULL;
out:
	path_pattern_free(pattern);
	if (r < 0 && ret_why != NULL)
		*ret_why = why;
	return r;
}

void
path_pattern_free(struct path_pattern *pattern)
{
	if (pattern == NULL)
		return;
	free(pattern->names);
	free(pattern->text);
	free(pattern);
}

const char *
path_pattern_text(const struct path_pattern *pattern)
{
	return pattern->text;
}

/* --- matching ---------------------------------------------------------------- */

static bool
all_of(const char *text, size_t len, bool (*is_good)(char))
{
	for (size_t i = 0; i < len; i++)
		if (!is_good(text[i]))
			return false;
	return len > 0;
}

static bool
is_letter_or_digit(char c)
{
	return is_letter(c) || is_digit(c);
}

static bool
is_slug(const char *text, size_t len)
{
	char before = '-';

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '-' ? before == '-' : !is_lower(text[i]) && !is_digit(text[i]))
			return false;
		before = text[i];
	}
	return before != '-';
}

static bool
is_uuid(const char *text, size_t len)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (len != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < len; i++)
		if (form[i] == 'x' ? hex_digit(text[i]) < 0 : text[i] != form[i])
			return false;
	return true;
}

static bool
match_value(const char *text, size_t len, struct path_param *param)
{
	switch (param->type) {
	case PATH_STRING:
		return len > 0;
	case PATH_INT:
		return numeral_int(text, len, &param->integer) == 0;
	case PATH_FLOAT:
		return numeral_float(text, len, &param->real) == 0;
	case PATH_ALPHA:
		return all_of(text, len, is_letter);
	case PATH_ALNUM:
		return all_of(text, len, is_letter_or_digit);
	case PATH_SLUG:
		return is_slug(text, len);
	case PATH_UUID:
		return is_uuid(text, len);
	case PATH_REST:
		return len > 0 && text[0] != '/' && memmem(text, len, "//", 2) == NULL;
	}
	return false;
}

static bool
match_param(const struct segment *segment, const char *text, size_t len, struct path_match *match)
{
	struct path_param *param = &match->params[match->n];

	*param = (struct path_param){
		.name = segment->text,
		.type = segment->type,
		.value = text,
		.len = len,
	};
	if (!match_value(text, len, param))
		return false;
	match->n++;
	return true;
}

static bool
match_segment(const struct segment *segment, const char *text, size_t len, struct path_match *match)
{
	if (segment->is_param)
		return match_param(segment, text, len, match);
	return len == segment->len && memcmp(text, segment->text, len) == 0;
}

bool
path_match(const struct path_pattern *pattern, const char *path, size_t len, struct path_match *ret)
{
	const char *at = path, *end = path + len;
	struct path_match match;

	if (len == 0 || len > PATH_MAX_BYTES || path[0] != '/')
		return false;

	match.n = 0;
	for (size_t i = 0; i < pattern->n; i++) {
		const struct segment *segment = &pattern->segments[i];
		const char *stop;

		if (at == end)
			return false;
		at++; /* the slash */
		stop = segment->type == PATH_REST ? end : segment_end(at, end);
		if (!match_segment(segment, at, (size_t)(stop - at), &match))
			return false;
		at = stop;
	}
	if (at != end)
		return false;

	if (ret != NULL) {
		ret->n = match.n;
		memcpy(ret->params, match.params, match.n * sizeof(match.params[0]));
	}
	return true;
}
