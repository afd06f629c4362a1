/* Input: a pattern, a line feed, a raw path with or without a query. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/path.h"
#include "tests/fuzz/fuzz.h"

static size_t
count_slashes(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '/';
	return n;
}

static void
check_match(const char *text, const char *path, size_t len)
{
	struct path_pattern *pattern = NULL;
	struct path_match match;

	if (path_compile(text, &pattern, NULL) < 0) {
		assert(pattern == NULL);
		return;
	}
	assert(strcmp(path_pattern_text(pattern), text) == 0);
	if (path_match(pattern, path, len, &match)) {
		assert(match.n <= PATH_MAX_PARAMS);
		for (size_t i = 0; i < match.n; i++) {
			const struct path_param *param = &match.params[i];

			assert(param->len > 0 && param->value > path && param->value + param->len <= path + len);
			assert(param->type == PATH_REST || memchr(param->value, '/', param->len) == NULL);
		}
	}
	path_pattern_free(pattern);
}

static void
check_query(const char *query)
{
	const char *name, *value;
	size_t name_len, value_len;

	while (path_query_next(&query, &name, &name_len, &value, &value_len)) {
		char *decoded = malloc(value_len + 1);

		assert(value + value_len == query && name + name_len <= value);
		assert(path_decode_component(value, value_len, decoded) <= value_len);
		free(decoded);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len);
	char *raw = strchr(text, '\n');
	char decoded[PATH_MAX_BYTES + 1];
	int n;

	if (raw != NULL) {
		*raw++ = '\0';
		check_query(raw);
		n = path_decode(raw, strlen(raw), decoded, sizeof(decoded));
		if (n >= 0) {
			assert(strlen(decoded) == (size_t)n);
			assert(count_slashes(decoded, (size_t)n) == count_slashes(raw, strlen(raw)));
			check_match(text, decoded, (size_t)n);
		}
	}
	free(text);
	return 0;
}
