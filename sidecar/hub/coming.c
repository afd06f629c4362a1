#include <stdlib.h>
#include <string.h>

#include "shared/hex.h"
#include "sidecar/hub/coming.h"

enum { ID_DIGITS = 16 };

static bool
parse_id(struct span text, uint64_t *ret)
{
	uint64_t id = 0;

	if (text.len != ID_DIGITS)
		return false;
	for (size_t i = 0; i < ID_DIGITS; i++) {
		int digit = hex_digit(text.data[i]);

		if (digit < 0)
			return false;
		id = id << 4 | (uint64_t)digit;
	}
	*ret = id;
	return true;
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
