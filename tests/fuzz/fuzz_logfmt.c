/* Input: a byte that is the room there is, and a value. What is written is read back as its readers do. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "shared/hex.h"
#include "shared/logfmt.h"
#include "shared/utf8.h"
#include "tests/fuzz/fuzz.h"

/* Reads the byte at text, which is inside quotes; returns how long it is there. */
static size_t
read_byte(const char *text, uint8_t *ret)
{
	if (*text != '\\') {
		*ret = (uint8_t)*text;
		return 1;
	}
	if (text[1] == 'x') {
		*ret = (uint8_t)(hex_digit(text[2]) << 4 | hex_digit(text[3]));
		return 4;
	}
	assert(text[1] == '\\' || text[1] == '"');
	*ret = (uint8_t)text[1];
	return 2;
}

/* It is the value, from its beginning. */
static void
check_value(const char *text, size_t len, const uint8_t *value, size_t value_len)
{
	bool quoted = len > 0 && text[0] == '"';
	size_t i = quoted ? 1 : 0, end = quoted ? len - 1 : len, n = 0;
	uint8_t byte;

	assert(!quoted || (len >= 2 && text[len - 1] == '"'));
	while (i < end) {
		assert(quoted ? text[i] != '"' : strchr(" =\"\\", text[i]) == NULL);
		i += quoted ? read_byte(text + i, &byte) : (byte = (uint8_t)text[i], 1);
		assert(n < value_len && byte == value[n++]);
	}
	assert(i == end);
}

static void
check_text(const char *text, size_t len, size_t room)
{
	assert(len <= room && strlen(text) == len && utf8_valid(text, len));
	for (size_t i = 0; i < len; i++)
		assert((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[256];
	size_t n;

	if (len == 0)
		return 0;
	n = logfmt_escape((const char *)data + 1, len - 1, text, (size_t)data[0] + 1);
	check_text(text, n, data[0]);
	n = logfmt_value((const char *)data + 1, len - 1, text, (size_t)data[0] + 1);
	check_text(text, n, data[0]);
	check_value(text, n, data + 1, len - 1);
	return 0;
}
