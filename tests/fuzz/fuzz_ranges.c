/* Input: the size of a file, a byte long or 8, and a Range header. What is read lies in the file, and apart. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/http/ranges.h"
#include "tests/fuzz/fuzz.h"

static void
check(const struct ranges *ranges, uint64_t bytes)
{
	assert(ranges->n > 0 && ranges->n <= RANGES_MAX);
	for (unsigned i = 0; i < ranges->n; i++) {
		const struct range *a = &ranges->all[i];

		assert(a->len > 0 && a->from < bytes && a->len <= bytes - a->from);
		for (unsigned j = 0; j < i; j++) {
			const struct range *b = &ranges->all[j];

			assert(a->from > b->from + b->len || b->from > a->from + a->len);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ranges ranges;
	uint64_t bytes = 0;
	size_t size;
	char *header;

	if (len < 9)
		return 0;
	size = data[0] % 2 == 0 ? 1 : 8;
	for (size_t i = 0; i < size; i++)
		bytes = bytes << 8 | data[1 + i];
	bytes &= INT64_MAX; /* as off_t */
	header = strndup((const char *)data + 9, len - 9);
	if (header != NULL && ranges_read(header, bytes, &ranges) == RANGES_PARTS)
		check(&ranges, bytes);
	free(header);
	return 0;
}
