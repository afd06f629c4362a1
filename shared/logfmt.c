#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "shared/logfmt.h"
#include "shared/utf8.h"

/* What is written to. Room for the NUL is kept. */
struct out {
	char *data;
	size_t len;
	size_t room; /* without the NUL */
};

enum size { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_LONG_LONG, SIZE_MAX_T, SIZE_SIZE, SIZE_PTRDIFF };

/* One "%-8.3lu". */
struct conversion {
	char flags[8];
	int width;     /* 0 is none */
	int precision; /* negative is none */
	enum size size;
	bool long_double;
	char letter;
};

/* va_list may be an array, which a struct lets pass to a function and come back changed. */
struct arguments {
	va_list list;
};

/* --- values ---------------------------------------------------------------------------------- */

/* True for the characters U+0000 to U+001F and U+007F to U+009F. */
static bool
is_control(const unsigned char *character, size_t len)
{
	if (len == 1)
		return character[0] < 0x20 || character[0] == 0x7f;
	return character[0] == 0xc2 && character[1] < 0xa0;
}

/* Counts the bytes that can be shown as they are: one character, or none. */
static size_t
plain_bytes(const char *text, size_t len)
{
	size_t step = utf8_step(text, len);

	return step > 0 && is_control((const unsigned char *)text, step) ? 0 : step;
}

/* Puts all of these bytes, or none and returns false. */
static bool
put(struct out *out, const char *bytes, size_t n)
{
	if (n > out->room - out->len)
		return false;
	memcpy(out->data + out->len, bytes, n);
	out->len += n;
	return true;
}

/* Puts what text[len] begins with, and returns how much of it that was; 0 when there is no room. */
static size_t
put_character(struct out *out, const char *text, size_t len, bool quoted)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char byte = (unsigned char)*text;
	size_t plain = plain_bytes(text, len);

	if (plain == 0)
		return put(out, (const char[]){ '\\', 'x', digits[byte >> 4], digits[byte & 15] }, 4) ? 1 : 0;
	if (quoted && (byte == '"' || byte == '\\'))
		return put(out, (const char[]){ '\\', *text }, 2) ? 1 : 0;
	return put(out, text, plain) ? plain : 0;
}

static void
put_text(struct out *out, const char *text, size_t len, bool quoted)
{
	size_t step = 1;

	for (size_t i = 0; step > 0 && i < len; i += step)
		step = put_character(out, text + i, len - i, quoted);
}

/* True when the text, as it is, reads as one value. */
static bool
is_bare(const char *text, size_t len)
{
	size_t step;

	for (size_t i = 0; i < len; i += step) {
		step = plain_bytes(text + i, len - i);
		if (step == 0 || memchr(" =\"\\", text[i], 4) != NULL)
			return false;
	}
	return len > 0;
}

static void
put_value(struct out *out, const char *text, size_t len)
{
	struct out inner = *out;

	if (inner.room - inner.len > LOGFMT_MAX_VALUE_BYTES)
		inner.room = inner.len + LOGFMT_MAX_VALUE_BYTES;
	if (is_bare(text, len)) {
		put_text(&inner, text, len, false);
	} else if (inner.room - inner.len >= 2) {
		inner.data[inner.len++] = '"';
		inner.room--; /* of the second one */
		put_text(&inner, text, len, true);
		inner.data[inner.len++] = '"';
	}
	out->len = inner.len;
}

/* --- conversions ------------------------------------------------------------------------------- */

/* A number, or '*' and an argument; unset when there is none. */
static const char *
read_number(const char *at, struct arguments *args, int *ret)
{
	int n = 0;

	if (*at == '*') {
		*ret = va_arg(args->list, int);
		return at + 1;
	}
	for (; *at >= '0' && *at <= '9'; at++)
		n = n < 10000 ? n * 10 + (*at - '0') : n;
	*ret = n;
	return at;
}

static const char *
read_size(const char *at, struct conversion *ret)
{
	static const struct {
		const char *name;
		enum size size;
	} sizes[] = {
		{ "hh", SIZE_CHAR },
		{ "h", SIZE_SHORT },
		{ "ll", SIZE_LONG_LONG },
		{ "l", SIZE_LONG },
		{ "j", SIZE_MAX_T },
		{ "z", SIZE_SIZE },
		{ "t", SIZE_PTRDIFF },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t len = strlen(sizes[i].name);

		if (strncmp(at, sizes[i].name, len) == 0) {
			ret->size = sizes[i].size;
			return at + len;
		}
	}
	ret->long_double = *at == 'L';
	return ret->long_double ? at + 1 : at;
}

/* Reads what follows a '%'. Returns where its letter is. */
static const char *
read_conversion(const char *at, struct arguments *args, struct conversion *ret)
{
	size_t n_flags = 0;

	*ret = (struct conversion){ .precision = -1 };
	for (; *at != '\0' && strchr("-+ #0'", *at) != NULL; at++)
		if (n_flags < sizeof(ret->flags) - 1)
			ret->flags[n_flags++] = *at;
	at = read_number(at, args, &ret->width);
	if (*at == '.')
		at = read_number(at + 1, args, &ret->precision);
	at = read_size(at, ret);
	ret->letter = *at;
	return at;
}

static intmax_t
next_signed(struct arguments *args, enum size size)
{
	switch (size) {
	case SIZE_INT:
		return va_arg(args->list, int);
	case SIZE_CHAR:
		return (signed char)va_arg(args->list, int);
	case SIZE_SHORT:
		return (short)va_arg(args->list, int);
	case SIZE_LONG:
		return va_arg(args->list, long);
	case SIZE_LONG_LONG:
		return va_arg(args->list, long long);
	case SIZE_MAX_T:
		return va_arg(args->list, intmax_t);
	case SIZE_SIZE:
		return va_arg(args->list, ssize_t);
	case SIZE_PTRDIFF:
		return va_arg(args->list, ptrdiff_t);
	}
	return 0;
}

static uintmax_t
next_unsigned(struct arguments *args, enum size size)
{
	switch (size) {
	case SIZE_INT:
		return va_arg(args->list, unsigned);
	case SIZE_CHAR:
		return (unsigned char)va_arg(args->list, int);
	case SIZE_SHORT:
		return (unsigned short)va_arg(args->list, int);
	case SIZE_LONG:
		return va_arg(args->list, unsigned long);
	case SIZE_LONG_LONG:
		return va_arg(args->list, unsigned long long);
	case SIZE_MAX_T:
		return va_arg(args->list, uintmax_t);
	case SIZE_SIZE:
		return va_arg(args->list, size_t);
	case SIZE_PTRDIFF:
		return (uintmax_t)va_arg(args->list, ptrdiff_t);
	}
	return 0;
}

/* Writes it anew for snprintf(), which gets width and precision as arguments. Returns ret. */
static const char *
write_format(const struct conversion *conversion, const char *modifier, char ret[16])
{
	snprintf(ret, 16, "%%%s*.*%s%c", conversion->flags, modifier, conversion->letter);
	return ret;
}

/* Prints what is no string as printf() does, and returns snprintf()'s result; -1 for what there is not. */
static int
print_number(const struct conversion *conversion, struct arguments *args, char *ret, size_t size)
{
	int width = conversion->width, precision = conversion->precision;
	char format[16];

	switch (conversion->letter) {
	case 'd':
	case 'i':
		return snprintf(ret, size, write_format(conversion, "j", format), width, precision,
		    next_signed(args, conversion->size));
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		return snprintf(ret, size, write_format(conversion, "j", format), width, precision,
		    next_unsigned(args, conversion->size));
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
	case 'a':
	case 'A':
		if (conversion->long_double)
			return snprintf(ret, size, write_format(conversion, "L", format), width, precision,
			    va_arg(args->list, long double));
		return snprintf(
		    ret, size, write_format(conversion, "", format), width, precision, va_arg(args->list, double));
	case 'p':
		return snprintf(ret, size, "%p", va_arg(args->list, void *));
	}
	return -1;
}

static bool
put_number(struct out *out, const struct conversion *conversion, struct arguments *args)
{
	char number[LOGFMT_MAX_VALUE_BYTES + 1];
	int n = print_number(conversion, args, number, sizeof(number));

	if (n < 0)
		return false;
	put_text(out, number, strlen(number), false);
	return true;
}

/* Width and flags mean nothing here. */
static void
put_string(struct out *out, int precision, const char *text)
{
	if (text == NULL)
		text = "(null)";
	put_value(out, text, precision < 0 ? strlen(text) : strnlen(text, (size_t)precision));
}

/* Returns false for a conversion whose argument nobody can tell. */
static bool
put_conversion(struct out *out, const struct conversion *conversion, struct arguments *args)
{
	char character;

	if (conversion->letter == '%') {
		put(out, "%", 1);
		return true;
	}
	if (conversion->letter == 'm') {
		put_string(out, -1, strerror(errno));
		return true;
	}
	if (conversion->letter == 's' && conversion->size == SIZE_INT) {
		put_string(out, conversion->precision, va_arg(args->list, const char *));
		return true;
	}
	if (conversion->letter == 'c' && conversion->size == SIZE_INT) {
		character = (char)va_arg(args->list, int);
		put_value(out, &character, 1);
		return true;
	}
	return put_number(out, conversion, args);
}

/* --- lines ------------------------------------------------------------------------------------- */

static struct out
open_out(char *ret, size_t size)
{
	return (struct out){ .data = ret, .room = size - 1 };
}

static size_t
close_out(struct out *out)
{
	out->data[out->len] = '\0';
	return out->len;
}

size_t
logfmt_print(const char *format, va_list list, char *ret, size_t size)
{
	struct out out = open_out(ret, size);
	struct conversion conversion;
	struct arguments args;
	bool known = true;

	va_copy(args.list, list);
	while (known && *format != '\0') {
		size_t literal = strcspn(format, "%");

		put_text(&out, format, literal, false);
		format += literal;
		if (*format == '%') {
			format = read_conversion(format + 1, &args, &conversion);
			known = put_conversion(&out, &conversion, &args);
			format += known ? 1 : 0;
		}
	}
	va_end(args.list);
	return close_out(&out);
}

size_t
logfmt_value(const char *text, size_t len, char *ret, size_t size)
{
	struct out out = open_out(ret, size);

	put_value(&out, text, len);
	return close_out(&out);
}

size_t
logfmt_escape(const char *text, size_t len, char *ret, size_t size)
{
	struct out out = open_out(ret, size);

	put_text(&out, text, len, false);
	return close_out(&out);
}
