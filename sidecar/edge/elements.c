#include <string.h>
#include <strings.h>

#include "sidecar/edge/elements.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The bytes up to the next comma that stands in no quoted string. */
static size_t
element_len(struct span text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"')
			quoted = !quoted;
		else if (text.data[i] == '\\' && quoted)
			i++;
		else if (text.data[i] == ',' && !quoted)
			return i;
	}
	return text.len;
}

static struct span
trim(struct span text)
{
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	while (text.len > 0 && is_blank(text.data[0])) {
		text.data++;
		text.len--;
	}
	return text;
}

bool
element_next(struct span *rest, struct span *ret)
{
	while (rest->len > 0) {
		size_t len = element_len(*rest), past = len + (len < rest->len);
		struct span element = trim((struct span){ rest->data, len });

		rest->data += past;
		rest->len -= past;
		if (element.len > 0) {
			*ret = element;
			return true;
		}
	}
	return false;
}

static bool
is_token_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool
element_is_token(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_token_byte(text.data[i]))
			return false;
	return text.len > 0;
}

bool
element_is(struct span text, const char *word)
{
	return text.len == strlen(word) && strncasecmp(text.data, word, text.len) == 0;
}
