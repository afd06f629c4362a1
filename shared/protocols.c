#include <stddef.h>
#include <string.h>

#include "shared/protocols.h"

/* Names that begin so are frond.js' own. */
static const char OURS[] = "frond.";

/* RFC 6455 section 4.1: what may stand in a token of RFC 9110 section 5.6.2. */
static const char ALLOWED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

static bool
is_between(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ':';
}

bool
protocols_next(struct span *list, struct span *ret_name)
{
	size_t from = 0, to;

	while (from < list->len && is_between(list->data[from]))
		from++;
	for (to = from; to < list->len && !is_between(list->data[to]);)
		to++;
	if (from == to)
		return false;
	*ret_name = (struct span){ list->data + from, to - from };
	*list = span_from(*list, to);
	return true;
}

static const char *
name_fault(struct span name)
{
	char text[PROTOCOLS_NAME_BYTES + 1];

	if (name.len > PROTOCOLS_NAME_BYTES)
		return "one of its subprotocols is longer than 64 bytes";
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	if (strspn(text, ALLOWED) != name.len)
		return "one of its subprotocols has a character that none may have";
	if (span_is(name, PROTOCOLS_BEARER) || (name.len >= strlen(OURS) && memcmp(name.data, OURS, strlen(OURS)) == 0))
		return "\"bearer\" and names that begin with \"frond.\" are no subprotocols of an app";
	return NULL;
}

const char *
protocols_fault(struct span list)
{
	const char *fault = list.len > PROTOCOLS_LIST_BYTES ? "its list of subprotocols is too long" : NULL;
	struct span name;
	int n = 0;

	while (fault == NULL && protocols_next(&list, &name))
		fault = ++n > PROTOCOLS_MAX ? "it has more than 16 subprotocols" : name_fault(name);
	return fault;
}

bool
protocols_have(struct span list, struct span name)
{
	struct span own;

	while (protocols_next(&list, &own))
		if (own.len == name.len && memcmp(own.data, name.data, own.len) == 0)
			return true;
	return false;
}
