#include <errno.h>
#include <string.h>

#include "fcgi/ws/attributes.h"
#include "shared/buf.h"
#include "shared/wire.h"
#include "tests/tap.h"

static bool
is(const struct attributes *attributes, const char *name, const char *value)
{
	const char *found = attributes_get(attributes, name);

	return value == NULL ? found == NULL : found != NULL && strcmp(found, value) == 0;
}

static void
changes_are_seen_at_once(void)
{
	struct attributes attributes = { 0 };

	OK(is(&attributes, "a", NULL), "at first there is none");
	OK(attributes_set(&attributes, "a", "1", 100) == 0 && is(&attributes, "a", "1"), "what is set is there");
	OK(attributes_set(&attributes, "a", "22", 100) == 0 && is(&attributes, "a", "22"), "and set again is another");
	OK(attributes_set(&attributes, "a", NULL, 100) == 0 && is(&attributes, "a", NULL), "NULL unsets it");
	attributes_free(&attributes);
}

static void
changes_are_undone_or_settled(void)
{
	struct attributes attributes = { 0 };
	const char *before;

	attributes_set(&attributes, "a", "1", 100);
	attributes_set(&attributes, "b", "2", 100);
	attributes_settle(&attributes);
	attributes_set(&attributes, "a", "x", 100);
	before = attributes_get(&attributes, "a");
	attributes_set(&attributes, "a", "y", 100);
	attributes_set(&attributes, "b", NULL, 100);
	OK(strcmp(before, "x") == 0, "a string stays where it is until the handler has ended");
	attributes_undo(&attributes);
	OK(is(&attributes, "a", "1") && is(&attributes, "b", "2"), "a failed handler leaves nothing");
	attributes_set(&attributes, "a", "x", 100);
	attributes_set(&attributes, "b", NULL, 100);
	attributes_settle(&attributes);
	attributes_undo(&attributes);
	OK(is(&attributes, "a", "x") && is(&attributes, "b", NULL), "what is settled stays");
	attributes_free(&attributes);
}

static void
bytes_are_limited(void)
{
	struct attributes attributes = { 0 };

	OK(attributes_set(&attributes, "ab", "cd", 4) == 0, "names and values may have so many bytes");
	OK(attributes_set(&attributes, "e", "", 4) == -ENOSPC && is(&attributes, "e", NULL), "and no more");
	OK(attributes_set(&attributes, "ab", "c", 4) == 0 && attributes_set(&attributes, "e", "", 4) == 0,
	    "what becomes shorter makes room");
	OK(attributes_set(&attributes, "ab", NULL, 0) == 0, "unsetting always works");
	attributes_free(&attributes);
}

static void
an_event_brings_them(void)
{
	struct attributes attributes = { 0 };
	struct buf pairs = BUF_INIT;

	wire_put_pair(&pairs, span_of("name"), span_of("Alice"));
	wire_put_pair(&pairs, span_of("role"), span_of(""));
	OK(attributes_load(&attributes, span_of_buf(&pairs)) == 0 && is(&attributes, "name", "Alice") &&
		is(&attributes, "role", ""),
	    "pairs of an event are attributes");
	attributes_undo(&attributes);
	OK(is(&attributes, "name", "Alice"), "that are settled");
	attributes_free(&attributes);
	OK(attributes_load(&attributes, (struct span){ (char *)pairs.data, 3 }) == -EPROTO, "half a pair is none");
	attributes_free(&attributes);
	buf_free(&pairs);
}

int
main(void)
{
	changes_are_seen_at_once();
	changes_are_undone_or_settled();
	bytes_are_limited();
	an_event_brings_them();
	return tap_done();
}
