#include <errno.h>
#include <string.h>

#include "shared/numeral.h"
#include "shared/protocols.h"
#include "shared/routetext.h"

/* NAME=NUMBER */
static bool
take_number(struct span option, const char *name, uint32_t *ret)
{
	size_t len = strlen(name);
	int64_t number;

	if (option.len <= len + 1 || memcmp(option.data, name, len) != 0 || option.data[len] != '=')
		return false;
	if (numeral_int(option.data + len + 1, option.len - len - 1, &number) < 0 || number < 1 || number > UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* protocols=NAME:NAME */
static bool
take_protocols(struct span option, struct span *ret)
{
	static const char name[] = "protocols=";
	struct span list;

	if (option.len <= strlen(name) || memcmp(option.data, name, strlen(name)) != 0)
		return false;
	list = span_from(option, strlen(name));
	if (protocols_fault(list) != NULL)
		return false;
	*ret = list;
	return true;
}

static bool
take_option(struct span option, struct routetext *ret)
{
	if (span_is(option, "secure"))
		return ret->secure = true;
	if (span_is(option, "push-only"))
		return ret->push_only = true;
	return take_number(option, "history", &ret->history) ||
	    take_number(option, "history_seconds", &ret->history_seconds) || take_protocols(option, &ret->protocols);
}

/* Takes what stands before the next mark off the front. */
static struct span
next_part(struct span *text, char mark)
{
	const char *end = text->len > 0 ? memchr(text->data, mark, text->len) : NULL;
	struct span part = { text->data, end == NULL ? text->len : (size_t)(end - text->data) };

	*text = span_from(*text, end == NULL ? text->len : part.len + 1);
	return part;
}

int
routetext_parse(struct span text, char mark, struct routetext *ret)
{
	struct routetext route = { .pattern = next_part(&text, mark), .protocols = SPAN_EMPTY };

	while (text.len > 0)
		if (!take_option(next_part(&text, mark), &route))
			return -EINVAL;
	*ret = route;
	return 0;
}
