#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "fcgi/jsonf.h"
#include "shared/jsontext.h"
#include "shared/jsonprint.h"

enum size { SIZE_INT, SIZE_LONG, SIZE_LONG_LONG, SIZE_T };

/* "%", a size and a letter, as far as we know them. */
struct conversion {
	enum size size;
	char letter;
};

/* va_list may be an array, which a struct lets pass to a function and come back changed. */
struct arguments {
	va_list list;
};

static const char *
read_conversion(const char *at, struct conversion *ret)
{
	ret->size = SIZE_INT;
	if (*at == 'z') {
		ret->size = SIZE_T;
		at++;
	} else if (at[0] == 'l') {
		ret->size = at[1] == 'l' ? SIZE_LONG_LONG : SIZE_LONG;
		at += ret->size == SIZE_LONG_LONG ? 2 : 1;
	}
	ret->letter = *at;
	return at;
}

static long long
next_signed(struct arguments *args, enum size size)
{
	switch (size) {
	case SIZE_INT:
		return va_arg(args->list, int);
	case SIZE_LONG:
		return va_arg(args->list, long);
	case SIZE_LONG_LONG:
		return va_arg(args->list, long long);
	case SIZE_T:
		return va_arg(args->list, ssize_t);
	}
	return 0;
}

static unsigned long long
next_unsigned(struct arguments *args, enum size size)
{
	switch (size) {
	case SIZE_INT:
		return va_arg(args->list, unsigned);
	case SIZE_LONG:
		return va_arg(args->list, unsigned long);
	case SIZE_LONG_LONG:
		return va_arg(args->list, unsigned long long);
	case SIZE_T:
		return va_arg(args->list, size_t);
	}
	return 0;
}

/* cJSON escapes the string; between the format's quotes its own are left out. */
static int
put_string(struct buf *buf, const char *string, bool quoted)
{
	cJSON *item = string == NULL && !quoted ? cJSON_CreateNull() : cJSON_CreateString(string == NULL ? "" : string);
	char *text = jsonprint(item);
	size_t skip = quoted ? 1 : 0;

	if (text != NULL)
		buf_bytes(buf, text + skip, strlen(text) - 2 * skip);
	cJSON_free(text);
	cJSON_Delete(item);
	return text == NULL ? -ENOMEM : 0;
}

/* cJSON's numbers do not depend on the locale, and one that is not finite is null. */
static int
put_double(struct buf *buf, double value)
{
	cJSON *item = cJSON_CreateNumber(value);
	char *text = jsonprint(item);

	if (text != NULL)
		buf_string(buf, text);
	cJSON_free(text);
	cJSON_Delete(item);
	return text == NULL ? -ENOMEM : 0;
}

static int
put_conversion(struct buf *buf, struct conversion conversion, struct arguments *args, bool quoted)
{
	switch (conversion.letter) {
	case 's':
		return put_string(buf, va_arg(args->list, const char *), quoted);
	case 'd':
	case 'i':
		buf_printf(buf, "%lld", next_signed(args, conversion.size));
		return 0;
	case 'u':
		buf_printf(buf, "%llu", next_unsigned(args, conversion.size));
		return 0;
	case 'f':
	case 'g':
		return put_double(buf, va_arg(args->list, double));
	case '%':
		buf_u8(buf, '%');
		return 0;
	}
	return -EINVAL;
}

static int
put_all(struct buf *buf, const char *format, struct arguments *args)
{
	struct conversion conversion;
	bool quoted = false;
	int r = 0;

	for (const char *at = format; r == 0 && *at != '\0'; at++) {
		if (*at == '%') {
			at = read_conversion(at + 1, &conversion);
			r = put_conversion(buf, conversion, args, quoted);
		} else if (*at == '\'') {
			quoted = !quoted;
			buf_u8(buf, '"');
		} else {
			buf_u8(buf, (uint8_t)*at);
		}
	}
	return r == 0 && quoted ? -EINVAL : r;
}

int
vjsonf(struct buf *buf, const char *format, va_list args)
{
	size_t begin = buf->len;
	struct arguments copy;
	int r;

	va_copy(copy.list, args);
	r = put_all(buf, format, &copy);
	va_end(copy.list);
	if (r == 0 && buf->failed)
		r = -ENOMEM;
	if (r == 0 && !jsontext_is_whole(buf->data + begin, buf->len - begin))
		r = -EINVAL;
	if (r < 0)
		buf->len = begin;
	return r;
}

int
jsonf(struct buf *buf, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = vjsonf(buf, format, args);
	va_end(args);
	return r;
}
