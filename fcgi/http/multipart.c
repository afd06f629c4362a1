#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "fcgi/http/multipart.h"
#include "shared/hex.h"
#include "shared/utf8.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *
skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

/* Compares a span with a word, without case. */
static bool
is_word(const char *at, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(at, word, len) == 0;
}

/* True when a quote at `at` ends its string: another parameter follows, or nothing. */
static bool
is_last_quote(const char *at, const char *end)
{
	at = skip_blanks(at + 1, end);
	return at == end || *at == ';';
}

/* What a browser writes for a character that may not stand in quotes; '\0' for another. */
static char
unescape(const char *at, const char *end)
{
	static const struct {
		char code[4], meaning;
	} escapes[] = { { "%22", '"' }, { "%0D", '\r' }, { "%0A", '\n' } };

	for (size_t i = 0; end - at >= 3 && i < sizeof(escapes) / sizeof(escapes[0]); i++)
		if (memcmp(at, escapes[i].code, 3) == 0)
			return escapes[i].meaning;
	return '\0';
}

/*
 * A quoted string without its quotes, as browsers write it (HTML, "multipart/
 * form-data encoding algorithm"): three characters are escaped with a percent sign,
 * and a backslash is a backslash, also as the last character of a file's name.
 * Before a quote within the string it is the escape of other clients.
 */
static int
get_quoted(const char **at, const char *end, char *ret, size_t size)
{
	const char *from = *at + 1;
	size_t len = 0;

	for (; from < end; from++) {
		char c = *from, meant = unescape(from, end);

		if (c == '"' && (is_last_quote(from, end) || len == 0 || ret[len - 1] != '\\'))
			break;
		if (c == '"')
			len--; /* the backslash was its escape */
		if (meant != '\0') {
			c = meant;
			from += 2;
		}
		if (len == size - 1)
			return -E2BIG;
		ret[len++] = c;
	}
	if (from == end)
		return -EINVAL;
	ret[len] = '\0';
	*at = from + 1;
	return 0;
}

static int
get_token(const char **at, const char *end, char *ret, size_t size)
{
	size_t len = 0;

	while (*at + len < end && (*at)[len] != ';' && !is_blank((*at)[len]))
		len++;
	if (len == 0)
		return -EINVAL;
	if (len >= size)
		return -E2BIG;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len;
	return 0;
}

struct param {
	const char *name; /* not terminated */
	size_t name_len;
	char value[MULTIPART_MAX_NAME];
};

/* Steps through `; name=value; name="value"`. Returns 1, 0 at the end, -EINVAL or -E2BIG. */
static int
next_param(const char **at, const char *end, struct param *ret)
{
	int r;

	*at = skip_blanks(*at, end);
	if (*at == end)
		return 0;
	if (**at != ';')
		return -EINVAL;
	*at = skip_blanks(*at + 1, end);
	if (*at == end)
		return 0;

	ret->name = *at;
	while (*at < end && **at != '=' && **at != ';' && !is_blank(**at))
		(*at)++;
	ret->name_len = (size_t)(*at - ret->name);
	if (*at == end || **at != '=')
		return -EINVAL;
	(*at)++;

	if (*at < end && **at == '"')
		r = get_quoted(at, end, ret->value, sizeof(ret->value));
	else
		r = get_token(at, end, ret->value, sizeof(ret->value));
	return r < 0 ? r : 1;
}

static int
find_boundary(const char *content_type, struct param *ret)
{
	const char *end = content_type + strlen(content_type);
	const char *at = content_type + strcspn(content_type, "; \t");
	int r;

	while ((r = next_param(&at, end, ret)) > 0)
		if (is_word(ret->name, ret->name_len, "boundary"))
			return 0;
	return -EINVAL;
}

/* Finds the next delimiter. Returns NULL when there is none. */
static const char *
find_delimiter(const struct multipart *multipart, const char *from)
{
	return memmem(from, (size_t)(multipart->end - from), multipart->delimiter, multipart->delimiter_len);
}

int
multipart_begin(struct multipart *multipart, const char *content_type, const void *body, size_t len)
{
	struct param boundary;
	size_t first;

	if (find_boundary(content_type, &boundary) < 0)
		return -EINVAL;
	if (boundary.value[0] == '\0' || strlen(boundary.value) > MULTIPART_MAX_BOUNDARY)
		return -EINVAL;

	*multipart = (struct multipart){ .at = body, .end = (const char *)body + len };
	strcpy(stpcpy(multipart->delimiter, "\r\n--"), boundary.value);
	multipart->delimiter_len = strlen(multipart->delimiter);

	/* The first one may lack the line end in front. */
	first = multipart->delimiter_len - 2;
	if (len >= first && memcmp(body, multipart->delimiter + 2, first) == 0) {
		multipart->at += first;
		return 0;
	}
	multipart->at = find_delimiter(multipart, multipart->at);
	if (multipart->at == NULL)
		return -EINVAL;
	multipart->at += multipart->delimiter_len;
	return 0;
}

/*
 * The value of filename*, RFC 8187: charset'language'percent-encoded. Nobody
 * should send it in a form (RFC 7578 section 4.2), but some clients send nothing else.
 */
static int
decode_extended(const char *value, char ret[static MULTIPART_MAX_NAME])
{
	const char *quote = strchr(value, '\'');
	const char *text = quote == NULL ? NULL : strchr(quote + 1, '\'');
	size_t len = 0;

	if (text == NULL || !is_word(value, (size_t)(quote - value), "UTF-8"))
		return -EINVAL;
	for (text++; *text != '\0'; text++) {
		int high = *text == '%' ? hex_digit(text[1]) : -1;
		int low = high < 0 ? -1 : hex_digit(text[2]);

		if (*text == '%' && (low < 0 || high * 16 + low == 0))
			return -EINVAL;
		ret[len++] = low < 0 ? *text : (char)(high * 16 + low);
		text += low < 0 ? 0 : 2;
	}
	ret[len] = '\0';
	return utf8_valid(ret, len) ? 0 : -EINVAL;
}

static int
parse_disposition(const char *at, const char *end, struct multipart_part *ret)
{
	const char *type = at;
	struct param param;
	int r;

	while (at < end && *at != ';' && !is_blank(*at))
		at++;
	if (!is_word(type, (size_t)(at - type), "form-data"))
		return -EINVAL;

	while ((r = next_param(&at, end, &param)) > 0) {
		if (is_word(param.name, param.name_len, "name"))
			strcpy(ret->name, param.value);
		if (is_word(param.name, param.name_len, "filename")) {
			strcpy(ret->filename, param.value);
			ret->has_filename = true;
		}
		if (is_word(param.name, param.name_len, "filename*") && !ret->has_filename) {
			if (decode_extended(param.value, ret->filename) < 0)
				return -EINVAL;
			ret->has_filename = true;
		}
	}
	return r;
}

static int
parse_type(const char *at, const char *end, struct multipart_part *ret)
{
	if ((size_t)(end - at) >= sizeof(ret->type))
		return -E2BIG;
	memcpy(ret->type, at, (size_t)(end - at));
	ret->type[end - at] = '\0';
	return 0;
}

static int
parse_line(const char *at, const char *end, struct multipart_part *ret)
{
	const char *colon = memchr(at, ':', (size_t)(end - at));
	const char *value;

	if (colon == NULL || colon == at || is_blank(*at))
		return -EINVAL;
	value = skip_blanks(colon + 1, end);
	while (end > value && is_blank(end[-1]))
		end--;
	for (const char *c = value; c < end; c++)
		if ((unsigned char)*c < ' ' && *c != '\t')
			return -EINVAL;

	if (is_word(at, (size_t)(colon - at), "Content-Disposition"))
		return parse_disposition(value, end, ret);
	if (is_word(at, (size_t)(colon - at), "Content-Type"))
		return parse_type(value, end, ret);
	return 0;
}

/* Reads the lines of a header up to its empty line, and steps behind that. */
static int
parse_header(struct multipart *multipart, struct multipart_part *ret)
{
	size_t left = (size_t)(multipart->end - multipart->at);
	const char *limit = multipart->at + (left < MULTIPART_MAX_HEADER ? left : MULTIPART_MAX_HEADER);

	for (;;) {
		const char *line = multipart->at;
		const char *end = memmem(line, (size_t)(limit - line), "\r\n", 2);
		int r;

		if (end == NULL)
			return limit < multipart->end ? -E2BIG : -EINVAL;
		multipart->at = end + 2;
		if (end == line)
			return ret->name[0] != '\0' ? 0 : -EINVAL;
		r = parse_line(line, end, ret);
		if (r < 0)
			return r;
	}
}

/* Steps behind the rest of a delimiter's line. Returns 1, 0 when it was the last one, or -EINVAL. */
static int
end_delimiter(struct multipart *multipart)
{
	const char *at = multipart->at, *end = multipart->end;

	if (end - at >= 2 && at[0] == '-' && at[1] == '-')
		return 0;
	at = skip_blanks(at, end);
	if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
		return -EINVAL;
	multipart->at = at + 2;
	return 1;
}

int
multipart_next(struct multipart *multipart, struct multipart_part *ret)
{
	const char *delimiter;
	int r;

	r = end_delimiter(multipart);
	if (r <= 0)
		return r;
	if (multipart->parts++ == MULTIPART_MAX_PARTS)
		return -E2BIG;

	ret->name[0] = ret->filename[0] = ret->type[0] = '\0';
	ret->has_filename = false;
	r = parse_header(multipart, ret);
	if (r < 0)
		return r;

	/* Empty data may share the header's last line end with the delimiter. */
	delimiter = find_delimiter(multipart, multipart->at - 2);
	if (delimiter == NULL)
		return -EINVAL;
	ret->data = multipart->at;
	ret->len = delimiter < multipart->at ? 0 : (size_t)(delimiter - multipart->at);
	multipart->at = delimiter + multipart->delimiter_len;
	return 1;
}
