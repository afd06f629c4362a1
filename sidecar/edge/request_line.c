#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/url.h"
#include "sidecar/edge/request_line.h"

/* True when each escape is one, and none is of a control byte. */
static bool
is_plain_query(const char *query, size_t len)
{
	char decoded[REQUEST_LINE_BYTES + 1];

	for (size_t i = 0; i < len; i++)
		if (query[i] == '%' &&
		    (i + 2 >= len || !isxdigit((unsigned char)query[i + 1]) || !isxdigit((unsigned char)query[i + 2])))
			return false;
	len = url_decode_component(query, len, decoded);
	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)decoded[i]))
			return false;
	return true;
}

/* Splits the target. Returns 0, -EINVAL for one that is refused, or -ENOMEM. */
static int
take_target(struct request_line *line, const char *target, size_t len)
{
	const char *mark = memchr(target, '?', len);
	size_t path_len = mark == NULL ? len : (size_t)(mark - target);
	const char *query = mark == NULL ? target + len : mark + 1;
	size_t query_len = (size_t)(target + len - query);
	int n = url_decode_path(target, path_len, line->path, sizeof(line->path));

	if (n < 0 || !is_plain_query(query, query_len))
		return -EINVAL;
	line->path_len = (size_t)n;
	line->query = strndup(query, query_len);
	return line->query == NULL ? -ENOMEM : 0;
}

struct request_line *
request_line_parse(const char *text, size_t len, const char *ip)
{
	const char *space = memchr(text, ' ', len);
	const char *target = space == NULL ? text : space + 1;
	const char *end = memchr(target, ' ', len - (size_t)(target - text));
	struct request_line *line;

	if (space == NULL || end == NULL || len > REQUEST_LINE_BYTES)
		return NULL;
	line = calloc(1, sizeof(*line));
	if (line == NULL)
		return NULL;
	strncpy(line->ip, ip, sizeof(line->ip) - 1);
	line->is_get = space - text == 3 && memcmp(text, "GET", 3) == 0;
	line->is_post = space - text == 4 && memcmp(text, "POST", 4) == 0;
	if (take_target(line, target, (size_t)(end - target)) == 0)
		return line;
	request_line_free(line);
	return NULL;
}

void
request_line_free(struct request_line *line)
{
	if (line == NULL)
		return;
	token_free(&line->token);
	free(line->query);
	free(line);
}
