#include <stdlib.h>
#include <string.h>

#include "shared/take.h"
#include "sidecar/hub/coming.h"

enum { ID_DIGITS = 16 };

static bool
parse_id(struct span text, uint64_t *ret)
{
	return take_hex(&text, ID_DIGITS, ret) && text.len == 0;
}

static bool
parse(struct span text, struct coming *ret)
{
	const char *tilde = text.len > 0 ? memchr(text.data, '~', text.len) : NULL;
	struct span position = text;

	if (tilde != NULL)
		position.len = (size_t)(tilde - text.data);
	if (tilde != NULL && !parse_id(span_from(text, position.len + 1), &ret->was))
		return false;
	return position_parse(position, &ret->position) == 0;
}

struct coming *
coming_new(struct span text)
{
	struct coming *coming = calloc(1, sizeof(*coming));

	if (coming != NULL)
		coming->valid = parse(text, coming);
	return coming;
}

void
coming_free(struct coming *coming)
{
	free(coming);
}
