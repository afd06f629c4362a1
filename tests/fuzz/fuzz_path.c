/* Input: a pattern, a line feed, a decoded path. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/path.h"
#include "tests/fuzz/fuzz.h"

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
		assert(memmem(path, len, "//", 2) == NULL);
		assert(match.n <= PATH_MAX_PARAMS);
		for (size_t i = 0; i < match.n; i++) {
			const struct path_param *param = &match.params[i];

			assert(param->len > 0 && param->value > path && param->value + param->len <= path + len);
			assert(param->type == PATH_REST || memchr(param->value, '/', param->len) == NULL);
		}
	}
	path_pattern_free(pattern);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len);
	char *path = strchr(text, '\n');

	if (path != NULL) {
		*path++ = '\0';
		check_match(text, path, strlen(path));
	}
	free(text);
	return 0;
}
