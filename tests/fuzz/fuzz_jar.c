/* Input: the value of a Set-Cookie header. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/test/jar.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len);
	struct jar jar = { 0 };
	struct buf header = BUF_INIT;

	if (text == NULL)
		return 0;
	if (jar_take(&jar, text) == 0) {
		jar_put(&jar, "/shop/cart", true, &header);
		assert(header.len <= len);
	}
	buf_free(&header);
	jar_free(&jar);
	free(text);
	return 0;
}
