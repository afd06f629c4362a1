#include <errno.h>
#include <string.h>

#include "shared/hex.h"
#include "shared/url.h"
#include "shared/utf8.h"

/* Reads the two digits of an escape whose '%' is at text[0]. Returns the byte, or -1. */
static int
read_escape(const char *text, size_t len)
{
	int high, low;

	if (len < 3)
		return -1;
	high = hex_digit(text[1]);
	low = hex_digit(text[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool
is_control(int byte)
{
	return byte < 0x20 || byte == 0x7f;
}

bool
url_has_dots(const char *path, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t left = len - i - 1, dots = 0;

		if (path[i] != '/')
			continue;
		while (dots < 3 && dots < left && path[i + 1 + dots] == '.')
			dots++;
		if ((dots == 1 || dots == 2) && (dots == left || path[i + 1 + dots] == '/'))
			return true;
	}
	return false;
}

int
url_decode_path(const char *raw, size_t len, char *ret, size_t size)
{
	size_t n = 0;

	if (len == 0 || raw[0] != '/')
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		int byte = (unsigned char)raw[i];

		if (byte == '%') {
			byte = read_escape(raw + i, len - i);
			if (byte < 0 || byte == '/')
				return -EINVAL;
			i += 2;
		}
		if (is_control(byte))
			return -EINVAL;
		if (n + 1 >= size)
			return -E2BIG;
		ret[n++] = (char)byte;
	}
	if (!utf8_valid(ret, n) || url_has_dots(ret, n))
		return -EINVAL;
	ret[n] = '\0';
	return (int)n;
}

size_t
url_decode_component(const char *raw, size_t len, char *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int byte = raw[i] == '%' ? read_escape(raw + i, len - i) : -1;

		if (byte >= 0) {
			ret[n++] = (char)byte;
			i += 2;
		} else {
			ret[n++] = raw[i] == '+' ? ' ' : raw[i];
		}
	}
	ret[n] = '\0';
	return n;
}

bool
url_next_pair(const char **rest, struct span *ret_name, struct span *ret_value)
{
	const char *at = *rest + strspn(*rest, "&");
	size_t len = strcspn(at, "&");
	size_t name_len = strcspn(at, "=&");

	*rest = at + len;
	if (len == 0)
		return false;
	*ret_name = (struct span){ at, name_len };
	*ret_value = span_from((struct span){ at, len }, name_len + (name_len < len));
	return true;
}
