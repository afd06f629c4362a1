#include <string.h>

#include "fcgi/jsontext.h"
#include "shared/hex.h"

struct scan {
	const char *at;
	const char *end;
	unsigned depth;
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

/* What stands behind a backslash. */
static bool
skip_escape(struct scan *scan)
{
	if (!skip_char(scan, 'u')) {
		if (scan->at == scan->end || *scan->at == '\0' || strchr("\"\\/bfnrt", *scan->at) == NULL)
			return false;
		scan->at++;
		return true;
	}
	for (int i = 0; i < 4; i++, scan->at++)
		if (scan->at == scan->end || hex_digit(*scan->at) < 0)
			return false;
	return true;
}

static bool
skip_string(struct scan *scan)
{
	if (!skip_char(scan, '"'))
		return false;
	while (scan->at < scan->end && *scan->at != '"') {
		if ((unsigned char)*scan->at < ' ')
			return false;
		if (*scan->at++ == '\\' && !skip_escape(scan))
			return false;
	}
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
	skip_blanks(scan);
	return good;
}

bool
jsontext_is_whole(const void *text, size_t len)
{
	struct scan scan = { .at = text, .end = (const char *)text + len };

	return skip_value(&scan) && scan.at == scan.end;
}
