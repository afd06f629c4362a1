/* Input: a raw path with or without a query. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/url.h"
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
check_path(const char *raw)
{
	char decoded[256];
	int n = url_decode_path(raw, strcspn(raw, "?"), decoded, sizeof(decoded));

	if (n < 0)
		return;
	assert(strlen(decoded) == (size_t)n);
	assert(strstr(decoded, "/../") == NULL && strstr(decoded, "/./") == NULL);
	assert(count_slashes(decoded, (size_t)n) == count_slashes(raw, strcspn(raw, "?")));
}

static void
check_query(const char *query)
{
	struct span name, value;

	while (url_next_pair(&query, &name, &value)) {
		char *decoded = malloc(value.len + 1);

		assert(value.data + value.len == query && name.data + name.len <= value.data);
		assert(url_decode_component(value.data, value.len, decoded) <= value.len);
		free(decoded);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *raw = strndup((const char *)data, len);
	char *query = strchr(raw, '?');

	check_path(raw);
	check_query(query != NULL ? query + 1 : raw);
	free(raw);
	return 0;
}
