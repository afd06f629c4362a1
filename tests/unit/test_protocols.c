#include <stdio.h>

#include "shared/protocols.h"
#include "tests/tap.h"

static bool
is_fine(const char *list)
{
	return protocols_fault(span_of(list)) == NULL;
}

/* A list of that many names of that length. */
static bool
takes(int n, int len)
{
	char list[4096];
	int at = 0;

	for (int i = 0; i < n; i++)
		at += snprintf(list + at, sizeof(list) - (size_t)at, "%0*d ", len, i);
	return is_fine(list);
}

static void
names_stand_between_separators(void)
{
	struct span list = span_of(" mqtt,,chat.v2:\tstomp "), name;

	OK(protocols_next(&list, &name) && span_is(name, "mqtt"), "blanks may stand before a name");
	OK(protocols_next(&list, &name) && span_is(name, "chat.v2"), "an empty name is none");
	OK(protocols_next(&list, &name) && span_is(name, "stomp"), "a colon and a tab separate as well");
	OK(!protocols_next(&list, &name), "then the list ends");
	OK(protocols_have(span_of("a:bc"), span_of("bc")) && !protocols_have(span_of("a:bc"), span_of("b")) &&
		!protocols_have(span_of("a:bc"), span_of("BC")),
	    "a whole name is there, in its case");
}

static void
what_cannot_be_offered_is_refused(void)
{
	static const char *const bad[] = { "a/b", "a;b", "\"a\"", "gr\xc3\xbc\xc3\x9f", "bearer", "mqtt bearer",
		"frond.1", "frond.at.1" };

	OK(is_fine("") && is_fine(" , ") && is_fine("graphql-transport-ws, mqtt") && is_fine("Bearer frond"),
	    "names that a client may offer will do, and so does an empty list");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		OK(!is_fine(bad[i]), "what is no token of HTTP, or ours, does not");
	OK(protocols_fault((struct span){ "a\0b", 3 }) != NULL, "nor does a NUL");
	OK(takes(PROTOCOLS_MAX, PROTOCOLS_NAME_BYTES) && !takes(PROTOCOLS_MAX + 1, 3) &&
		!takes(1, PROTOCOLS_NAME_BYTES + 1),
	    "their number and their length have a limit");
}

int
main(void)
{
	names_stand_between_separators();
	what_cannot_be_offered_is_refused();
	return tap_done();
}
