#include <string.h>

#include "shared/jsontext.h"
#include "shared/hex.h"
#include "shared/utf8.h"

enum {
	UTF16_HIGH = 0xd800, /* the first half of a surrogate pair: to 0xdbff */
	UTF16_LOW = 0xdc00,  /* the second: to 0xdfff */
	UTF16_HALF = 0xfc00, /* the bits that tell them */
};

struct scan {
	const char *at;
	const char *end;
	unsigned depth;
	bool high;                  /* the character before, an escape, is the first half of a pair */
	struct jsontext_fault hard; /* the first of a string that is right, but not to be held; why is NULL for none */
	const char *begin;
};

static bool skip_value(struct scan *scan);

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end && strchr(" \t\r\n", *scan->at) != NULL && *scan->at != '\0')
		scan->at++;
}

/* Steps behind a character when it comes next. */
static bool
skip_char(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static bool
skip_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, word, len) != 0)
		return false;
	scan->at += len;
	return true;
}

static bool
skip_digits(struct scan *scan)
{
	const char *from = scan->at;

	while (scan->at < scan->end && is_digit(*scan->at))
		scan->at++;
	return scan->at > from;
}

/* RFC 8259 section 6: no zero in front of other digits. */
static bool
skip_number(struct scan *scan)
{
	skip_char(scan, '-');
	if (!skip_char(scan, '0') && !skip_digits(scan))
		return false;
	if (skip_char(scan, '.') && !skip_digits(scan))
		return false;
	if (!skip_char(scan, 'e') && !skip_char(scan, 'E'))
		return true;
	if (!skip_char(scan, '+'))
		skip_char(scan, '-');
	return skip_digits(scan);
}

static void
note_hard(struct scan *scan, const char *why)
{
	if (scan->hard.why == NULL)
		scan->hard = (struct jsontext_fault){ (size_t)(scan->at - scan->begin), why };
}

/* The next character is no second half: the one before must not be a first. */
static void
end_pair(struct scan *scan)
{
	if (scan->high)
		note_hard(scan, "has half of a surrogate pair");
	scan->high = false;
}

static void
note_unit(struct scan *scan, unsigned unit)
{
	bool low = (unit & UTF16_HALF) == UTF16_LOW;

	if (scan->high && low) {
		scan->high = false;
		return;
	}
	end_pair(scan);
	if (low)
		note_hard(scan, "has half of a surrogate pair");
	if (unit == 0)
		note_hard(scan, "has a NUL character");
	scan->high = (unit & UTF16_HALF) == UTF16_HIGH;
}

/* What stands behind a backslash. */
static bool
skip_escape(struct scan *scan)
{
	unsigned unit = 0;

	if (!skip_char(scan, 'u')) {
		end_pair(scan);
		if (scan->at == scan->end || *scan->at == '\0' || strchr("\"\\/bfnrt", *scan->at) == NULL)
			return false;
		scan->at++;
		return true;
	}
	for (int i = 0; i < 4; i++, scan->at++) {
		int digit = scan->at == scan->end ? -1 : hex_digit(*scan->at);

		if (digit < 0)
			return false;
		unit = unit << 4 | (unsigned)digit;
	}
	note_unit(scan, unit);
	return true;
}

/* Steps over characters of a string that mean themselves: most are such. */
static void
skip_plain(struct scan *scan)
{
	while (scan->at < scan->end && (unsigned char)*scan->at >= ' ' && *scan->at != '"' && *scan->at != '\\')
		scan->at++;
}

static bool
skip_string(struct scan *scan)
{
	if (!skip_char(scan, '"'))
		return false;
	while (scan->at < scan->end && *scan->at != '"') {
		if ((unsigned char)*scan->at < ' ')
			return false;
		if (skip_char(scan, '\\')) {
			if (!skip_escape(scan))
				return false;
		} else {
			end_pair(scan);
			skip_plain(scan);
		}
	}
	end_pair(scan);
	return skip_char(scan, '"');
}

static bool
skip_member(struct scan *scan)
{
	skip_blanks(scan);
	if (!skip_string(scan))
		return false;
	skip_blanks(scan);
	return skip_char(scan, ':') && skip_value(scan);
}

/* The rest of an array or object, behind its first bracket. */
static bool
skip_list(struct scan *scan, bool (*skip_item)(struct scan *), char last)
{
	if (++scan->depth > JSONTEXT_MAX_DEPTH)
		return false;
	skip_blanks(scan);
	if (!skip_char(scan, last)) {
		do
			if (!skip_item(scan))
				return false;
		while (skip_char(scan, ','));
		if (!skip_char(scan, last))
			return false;
	}
	scan->depth--;
	return true;
}

/* A value and the blanks around it. */
static bool
skip_value(struct scan *scan)
{
	bool good;

	skip_blanks(scan);
	if (skip_char(scan, '{'))
		good = skip_list(scan, skip_member, '}');
	else if (skip_char(scan, '['))
		good = skip_list(scan, skip_value, ']');
	else if (scan->at < scan->end && *scan->at == '"')
		good = skip_string(scan);
	else
		good =
		    skip_word(scan, "true") || skip_word(scan, "false") || skip_word(scan, "null") || skip_number(scan);
	if (good)
		skip_blanks(scan);
	return good;
}

/* Scans the whole text. Returns true when it is one value. */
static bool
scan_all(struct scan *scan, const void *text, size_t len)
{
	*scan = (struct scan){ .at = text, .begin = text, .end = (const char *)text + len };
	return skip_value(scan) && scan->at == scan->end;
}

bool
jsontext_is_whole(const void *text, size_t len)
{
	struct scan scan;

	return scan_all(&scan, text, len);
}

/* The offset of the first byte that is not UTF-8. */
static size_t
utf8_length(const char *text, size_t len)
{
	size_t at = 0, step;

	while (at < len && (step = utf8_step(text + at, len - at)) > 0)
		at += step;
	return at;
}

bool
jsontext_check(const void *text, size_t len, struct jsontext_fault *ret)
{
	size_t valid = utf8_valid(text, len) ? len : utf8_length(text, len);
	struct scan scan;
	size_t stopped;

	if (scan_all(&scan, text, len) && valid == len && scan.hard.why == NULL)
		return true;
	stopped = (size_t)(scan.at - scan.begin);
	if (scan.hard.why != NULL && scan.hard.at <= valid)
		*ret = scan.hard;
	else if (valid < len && valid <= stopped)
		*ret = (struct jsontext_fault){ valid, "is not UTF-8" };
	else
		*ret = (struct jsontext_fault){ stopped, "is not JSON" };
	return false;
}

bool
jsontext_is_object(const void *text, size_t len)
{
	struct scan scan = { .at = text, .end = (const char *)text + len };
	struct jsontext_fault fault;

	skip_blanks(&scan);
	return scan.at < scan.end && *scan.at == '{' && jsontext_check(text, len, &fault);
}
