#include <stdlib.h>
#include <string.h>

#include "shared/take.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/memory.h"

enum { ID_DIGITS = 16 };

static bool
parse_id(struct span text, uint64_t *ret)
{
	return take_hex(&text, ID_DIGITS, ret) && text.len == 0;
}

static bool
parse_ids(struct span text, struct coming *ret)
{
	while (text.len > 0) {
		const char *tilde = memchr(text.data, '~', text.len);
		struct span id = text;

		if (tilde != NULL)
			id.len = (size_t)(tilde - text.data);
		if (ret->n_names == COMING_NAMES || !parse_id(id, &ret->names[ret->n_names++]))
			return false;
		text = span_from(text, tilde == NULL ? id.len : id.len + 1);
	}
	return true;
}

/* Takes the key off the end. */
static void
take_key(struct span *text, struct coming *ret)
{
	const size_t len = 1 + ID_DIGITS;
	struct span key = text->len >= len ? span_from(*text, text->len - len) : SPAN_EMPTY;

	if (!take_char(&key, '!') || !parse_id(key, &ret->key))
		return;
	ret->lists = true;
	text->len -= len;
}

static bool
parse(struct span text, struct coming *ret)
{
	const char *tilde = text.len > 0 ? memchr(text.data, '~', text.len) : NULL;
	struct span position = text;

	if (tilde != NULL)
		position.len = (size_t)(tilde - text.data);
	if (tilde != NULL && (text.data[text.len - 1] == '~' || !parse_ids(span_from(text, position.len + 1), ret)))
		return false;
	return position_parse(position, &ret->position) == 0;
}

struct coming *
coming_new(struct span text)
{
	struct coming *coming = calloc(1, sizeof(*coming));

	if (coming == NULL)
		return NULL;
	memory_add(sizeof(*coming));
	take_key(&text, coming);
	coming->placed = text.len > 0 || !coming->lists;
	coming->valid = parse(text, coming);
	return coming;
}

bool
coming_was(const struct coming *coming, uint64_t name)
{
	for (uint32_t i = 0; i < coming->n_names; i++)
		if (coming->names[i] == name)
			return true;
	return false;
}

void
coming_free(struct coming *coming)
{
	if (coming == NULL)
		return;
	memory_remove(sizeof(*coming));
	free(coming);
}
