#include <errno.h>
#include <inttypes.h>

#include "shared/hash.h"
#include "shared/take.h"
#include "sidecar/hub/position.h"

enum {
	TAG_DIGITS = 8,
	TIME_DIGITS = 12,
	ORIGIN_DIGITS = 16,
	NUMBER_DIGITS = 20, /* of 64 bits */
};

struct position
position_of(struct span path, uint64_t at_ms)
{
	static const uint64_t key[2] = { 0, 0 }; /* the same at every host; nothing is looked up by it */

	return (struct position){ .tag = (uint32_t)hash_siphash(key, path.data, path.len), .at_ms = at_ms };
}

const struct mark *
position_find(const struct position *position, uint64_t origin)
{
	for (uint32_t i = 0; i < position->n; i++)
		if (position->marks[i].origin == origin)
			return &position->marks[i];
	return NULL;
}

void
position_add(struct position *position, struct mark mark)
{
	if (position->n < POSITION_ORIGINS)
		position->marks[position->n++] = mark;
}

void
position_set(struct position *position, struct mark mark)
{
	struct mark *found = (struct mark *)position_find(position, mark.origin);

	if (found == NULL)
		position_add(position, mark);
	else
		found->number = mark.number;
}

void
position_raise(struct position *position, struct mark mark)
{
	struct mark *found = (struct mark *)position_find(position, mark.origin);

	if (found == NULL)
		position_add(position, mark);
	else if (found->number < mark.number)
		found->number = mark.number;
}

void
position_add_others(struct position *position, const struct position *more)
{
	uint32_t room = POSITION_ORIGINS - position->n, others = 0;

	for (uint32_t i = 0; i < more->n; i++)
		others += position_find(position, more->marks[i].origin) == NULL;
	for (uint32_t i = 0; i < more->n && others > 0; i++) {
		if (position_find(position, more->marks[i].origin) != NULL)
			continue;
		if (others-- <= room)
			position_add(position, more->marks[i]);
	}
}

void
position_join(struct position *position, const struct position *other)
{
	for (uint32_t i = 0; i < other->n; i++)
		if (position_find(position, other->marks[i].origin) != NULL)
			position_raise(position, other->marks[i]);
	position_add_others(position, other);
}

bool
position_covers(const struct position *position, struct mark mark)
{
	const struct mark *found = position_find(position, mark.origin);

	return found != NULL && found->number >= mark.number;
}

void
position_put_mark(struct buf *buf, struct mark mark)
{
	buf_printf(buf, "%016" PRIx64 ".%" PRIu64, mark.origin, mark.number);
}

void
position_put(struct buf *buf, const struct position *position)
{
	buf_printf(buf, "%08" PRIx32 ".%012" PRIx64, position->tag, position->at_ms);
	for (uint32_t i = 0; i < position->n; i++) {
		buf_u8(buf, '_');
		position_put_mark(buf, position->marks[i]);
	}
}

static bool
take_mark(struct span *text, struct mark *ret)
{
	return take_char(text, '_') && take_hex(text, ORIGIN_DIGITS, &ret->origin) && take_char(text, '.') &&
	    take_decimal(text, &ret->number);
}

int
position_parse(struct span text, struct position *ret)
{
	struct position position = { 0 };
	struct mark mark;
	uint64_t tag;

	if (!take_hex(&text, TAG_DIGITS, &tag) || !take_char(&text, '.') ||
	    !take_hex(&text, TIME_DIGITS, &position.at_ms))
		return -EINVAL;
	position.tag = (uint32_t)tag;
	while (text.len > 0) {
		if (position.n == POSITION_ORIGINS || !take_mark(&text, &mark) ||
		    position_find(&position, mark.origin) != NULL)
			return -EINVAL;
		position_add(&position, mark);
	}
	*ret = position;
	return 0;
}
