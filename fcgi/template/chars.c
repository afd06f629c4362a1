#include <string.h>

#include "fcgi/template/chars.h"
#include "shared/utf8.h"

size_t
chars_step(struct span text)
{
	size_t step = utf8_step(text.data, text.len);

	return step > 0 || text.len == 0 ? step : 1;
}

size_t
chars_last_step(struct span text)
{
	for (size_t step = 1; step <= 4 && step <= text.len; step++)
		if (utf8_step(text.data + text.len - step, step) == step)
			return step;
	return text.len > 0 ? 1 : 0;
}

size_t
chars_prefix(struct span text, size_t n)
{
	size_t at = 0;

	for (; n > 0 && at < text.len; n--)
		at += chars_step(span_from(text, at));
	return at;
}

size_t
chars_count(struct span text)
{
	size_t n = 0;

	for (size_t at = 0; at < text.len; at += chars_step(span_from(text, at)))
		n++;
	return n;
}

uint32_t
chars_code(struct span text)
{
	size_t step = utf8_step(text.data, text.len);
	uint32_t code;

	if (step == 0)
		return 0xfffd;
	code = (uint8_t)text.data[0];
	if (step > 1)
		code &= 0x7fU >> step;
	for (size_t i = 1; i < step; i++)
		code = code << 6 | (text.data[i] & 0x3f);
	return code;
}

struct span
chars_trim_start(struct span text, struct span drop)
{
	while (text.len > 0 && memchr(drop.data, text.data[0], drop.len) != NULL)
		text = span_from(text, 1);
	return text;
}

struct span
chars_trim_end(struct span text, struct span drop)
{
	while (text.len > 0 && memchr(drop.data, text.data[text.len - 1], drop.len) != NULL)
		text.len--;
	return text;
}
