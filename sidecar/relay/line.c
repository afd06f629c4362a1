#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "sidecar/relay/envelope.h"
#include "sidecar/relay/line.h"

struct line *
lines_find(struct lines *lines, const struct host *host)
{
	struct line *line;

	LL_SEARCH_SCALAR2(lines->first, line, host, host, sibling);
	return line;
}

bool
lines_misses(struct lines *lines, const struct host *host)
{
	const struct line *line = lines_find(lines, host);

	return line != NULL && line->state == LINE_APART;
}

struct line *
lines_find_or_add(struct lines *lines, struct host *host)
{
	struct line *line = lines_find(lines, host);

	if (line != NULL)
		return line;
	line = calloc(1, sizeof(*line));
	if (line == NULL)
		return NULL;
	line->host = host;
	line->lines = lines;
	LL_PREPEND2(lines->first, line, sibling);
	return line;
}

void
lines_remove(struct line *line)
{
	LL_DELETE2(line->lines->first, line, sibling);
	free(line);
}

bool
line_fits(const struct line *line, uint64_t previous)
{
	return line->latest == 0 || previous <= line->latest;
}

enum line_verdict
line_judge(const struct line *line, const struct envelope *command)
{
	bool again = command->flags & ENVELOPE_AGAIN;

	if (command->sequence <= line->latest)
		return LINE_DOUBLE;
	if (line->state == LINE_WHOLE || again)
		return line_fits(line, command->previous) ? LINE_TAKE : LINE_HOLD;
	/* While something may be missing, it must be certain that nothing is between. */
	return command->previous != 0 && command->previous <= line->latest ? LINE_TAKE : LINE_HOLD;
}

int
line_hold(struct line *line, const struct envelope *command, struct span data)
{
	struct held *held, *before = line->held == NULL ? NULL : line->held->prev;

	while (before != NULL && before->sequence > command->sequence)
		before = before == line->held ? NULL : before->prev;
	if (before != NULL && before->sequence == command->sequence)
		return -EEXIST;
	held = malloc(sizeof(*held) + data.len);
	if (held == NULL)
		return -ENOMEM;
	*held = (struct held){ .sequence = command->sequence, .previous = command->previous, .len = data.len };
	memcpy(held->data, data.data, data.len);
	if (before == NULL)
		DL_PREPEND(line->held, held);
	else
		DL_APPEND_ELEM(line->held, before, held);
	return 0;
}

struct held *
line_let_go(struct line *line)
{
	struct held *held = line->held;

	if (held != NULL)
		DL_DELETE(line->held, held);
	return held;
}
