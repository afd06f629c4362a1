/* Input: a Content-Type, a line feed, a body. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/http/multipart.h"
#include "tests/fuzz/fuzz.h"

static void
check_parts(const char *type, const char *body, size_t len)
{
	struct multipart multipart;
	struct multipart_part part;
	const char *last = body;
	size_t n = 0;
	int r;

	if (multipart_begin(&multipart, type, body, len) < 0)
		return;
	while ((r = multipart_next(&multipart, &part)) > 0) {
		assert(++n <= MULTIPART_MAX_PARTS);
		assert(part.data >= last && part.data + part.len <= body + len);
		assert(memmem(part.data, part.len, multipart.delimiter, multipart.delimiter_len) == NULL);
		assert(part.name[0] != '\0' && strlen(part.name) < MULTIPART_MAX_NAME);
		assert(part.has_filename || part.filename[0] == '\0');
		last = part.data + part.len;
	}
	assert(r == 0 || r == -EINVAL || r == -E2BIG);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *end = memchr(data, '\n', len);
	char *type;

	if (end == NULL)
		return 0;
	type = strndup((const char *)data, (size_t)(end - data));
	check_parts(type, (const char *)end + 1, len - (size_t)(end + 1 - data));
	free(type);
	return 0;
}
