/* Input: a Host, an Origin and patterns of the setting, a line each. */
#include <assert.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "shared/list.h"
#include "shared/origin.h"
#include "tests/fuzz/fuzz.h"

/* Cuts the line that *rest begins with off what follows it. */
static const char *
take_line(char **rest)
{
	char *line = *rest;

	*rest += strcspn(line, "\n");
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return line;
}

/* What is compared parses again from its normal form, to itself. */
static void
check_origin(const struct origin *origin)
{
	char text[ORIGIN_SCHEME_MAX + AUTHORITY_HOST_MAX + 16];
	struct origin again;
	int n = snprintf(text, sizeof(text), "%s://%s", origin->scheme, origin->authority.host);

	if (origin->authority.has_port)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ":%u", origin->authority.port);
	assert(origin_parse(text, (size_t)n, &again) && strcmp(again.scheme, origin->scheme) == 0);
	assert(strcmp(again.authority.host, origin->authority.host) == 0);
	assert(again.authority.has_port == origin->authority.has_port);
	assert(origin_is_pattern(text, (size_t)n) && origin_matches(text, origin) && origin_matches("*", origin));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len), *rest = text;
	const char *asked = take_line(&rest), *from = take_line(&rest), *patterns = take_line(&rest);
	struct authority host;
	struct origin origin;
	struct span item;

	if (origin_parse(from, strlen(from), &origin)) {
		check_origin(&origin);
		origin_matches(patterns, &origin);
		if (authority_parse(asked, strlen(asked), &host) && origin_is_same(&origin, &host, false))
			assert(strcmp(host.host, origin.authority.host) == 0 && strncmp(origin.scheme, "http", 4) == 0);
	}
	while (list_next(&patterns, &item))
		origin_is_pattern(item.data, item.len);
	free(text);
	return 0;
}
