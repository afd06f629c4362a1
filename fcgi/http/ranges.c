#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "fcgi/http/ranges.h"

/* Reads digits; what 64 bits do not hold is past every file. Returns false when there are none. */
static bool
read_number(const char **at, uint64_t *ret)
{
	const char *from = *at;
	uint64_t value = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++) {
		uint64_t digit = (uint64_t)(**at - '0');

		value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : 10 * value + digit;
	}
	*ret = value;
	return *at > from;
}

/* What one range-spec says, of a file of so many bytes. len is 0 for none of it. Returns false when it is malformed. */
static bool
read_spec(const char **at, uint64_t bytes, struct range *ret)
{
	uint64_t first = 0, last = UINT64_MAX;
	bool has_first = read_number(at, &first), has_last;

	if (*(*at)++ != '-')
		return false;
	has_last = read_number(at, &last);
	if (!has_first && !has_last)
		return false;
	if (!has_first) { /* the last bytes */
		ret->len = last < bytes ? last : bytes;
		ret->from = bytes - ret->len;
		return true;
	}
	if (has_last && last < first)
		return false;
	if (!has_last || last >= bytes)
		last = bytes == 0 ? 0 : bytes - 1;
	*ret = (struct range){ first, first < bytes ? last - first + 1 : 0 };
	return true;
}

/* True when there is no byte between two ranges. */
static bool
touch(const struct range *a, const struct range *b)
{
	return a->from <= b->from + b->len && b->from <= a->from + a->len;
}

/* Adds one, which swallows those that it touches. Returns false when there are too many. */
static bool
add(struct ranges *ranges, struct range new)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < ranges->n; i++) {
		const struct range *old = &ranges->all[i];

		if (touch(old, &new)) {
			uint64_t end =
			    old->from + old->len > new.from + new.len ? old->from + old->len : new.from + new.len;

			new.from = old->from < new.from ? old->from : new.from;
			new.len = end - new.from;
		} else {
			ranges->all[kept++] = *old;
		}
	}
	ranges->n = kept;
	if (ranges->n == RANGES_MAX)
		return false;
	ranges->all[ranges->n++] = new;
	return true;
}

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

enum ranges_verdict
ranges_read(const char *header, uint64_t bytes, struct ranges *ret)
{
	struct ranges ranges = { 0 };
	struct range range;
	unsigned specs = 0;

	if (strncasecmp(header, "bytes=", 6) != 0)
		return RANGES_WHOLE;
	for (header += 6; *(header = skip_blanks(header)) != '\0';) {
		if (*header == ',') { /* an empty element */
			header++;
			continue;
		}
		if (++specs > RANGES_MAX || !read_spec(&header, bytes, &range))
			return RANGES_WHOLE;
		header = skip_blanks(header);
		if (*header != ',' && *header != '\0')
			return RANGES_WHOLE;
		if (range.len > 0 && !add(&ranges, range))
			return RANGES_WHOLE;
	}
	if (specs == 0)
		return RANGES_WHOLE;
	if (ranges.n == 0)
		return RANGES_NONE;
	*ret = ranges;
	return RANGES_PARTS;
}
