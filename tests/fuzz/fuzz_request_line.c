/* Input: what a connection says first, up to the end of its line. */
#include <assert.h>
#include <string.h>

#include "sidecar/edge/request_line.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct request_line *line = request_line_parse((const char *)data, len, "2001:db8::1");

	if (line == NULL)
		return 0;
	assert(strcmp(line->ip, "2001:db8::1") == 0);
	assert(strlen(line->query) <= len);
	assert(line->path[0] == '/' && strlen(line->path) == line->path_len);
	assert(line->path_len <= PATH_MAX_BYTES && line->path_len <= len);
	assert(strstr(line->query, "%0") == NULL);
	request_line_free(line);
	return 0;
}
