#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "fcgi/bridge/cgianswer.h"

enum { STATUS_OK = 200, STATUS_DIGITS = 3 };

/* Takes a line, which ends with LF or CRLF. Returns false when there is no whole one. */
static bool
take_line(struct span *rest, struct span *ret)
{
	const char *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;

	if (end == NULL)
		return false;
	*ret = (struct span){ rest->data, (size_t)(end - rest->data) };
	*rest = span_from(*rest, ret->len + 1);
	if (ret->len > 0 && ret->data[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

/* True for a name of a field: characters of a token, RFC 9110 section 5.6.2. */
static bool
is_name(struct span name)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c != '\0' && strchr(others, c) != NULL)))
			return false;
	}
	return name.len > 0;
}

/* "Status: 404 Not Found". */
static int
read_status(struct span value, unsigned *ret)
{
	while (value.len > 0 && (value.data[0] == ' ' || value.data[0] == '\t'))
		value = span_from(value, 1);
	if (value.len < STATUS_DIGITS || strspn(value.data, "0123456789") < STATUS_DIGITS)
		return -EPROTO;
	*ret = (unsigned)((value.data[0] - '0') * 100 + (value.data[1] - '0') * 10 + (value.data[2] - '0'));
	return 0;
}

static int
read_field(struct span line, unsigned *ret_status)
{
	static const char status[] = "Status";
	const char *colon = memchr(line.data, ':', line.len);
	struct span name;

	if (colon == NULL)
		return -EPROTO;
	name = (struct span){ line.data, (size_t)(colon - line.data) };
	if (!is_name(name))
		return -EPROTO;
	if (name.len != strlen(status) || strncasecmp(name.data, status, name.len) != 0)
		return 0;
	return read_status(span_from(line, name.len + 1), ret_status);
}

int
cgianswer_read(struct span text, unsigned *ret_status, struct span *ret_body)
{
	struct span line;
	int r = 0;

	*ret_status = STATUS_OK;
	while (take_line(&text, &line)) {
		if (line.len == 0) {
			*ret_body = text;
			return 0;
		}
		r = read_field(line, ret_status);
		if (r < 0)
			return r;
	}
	return -EPROTO;
}
