#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/take.h"
#include "sidecar/hub/member.h"
#include "tests/unit/people.h"

enum { WAS_BYTES = 9 + MEMBER_ID_DIGITS }; /* of ,"was":"ID" */

static int
find(const struct people *people, struct span id)
{
	for (unsigned i = 0; i < people->n; i++)
		if (span_equal(member_id(span_of(people->all[i])), id))
			return (int)i;
	return -1;
}

static void
take_out(struct people *people, int i)
{
	free(people->all[i]);
	people->all[i] = people->all[--people->n];
}

void
people_clear(struct people *people)
{
	while (people->n > 0)
		take_out(people, 0);
}

/* Cuts out whom it was; *ret_was is empty for nobody. */
static char *
cut(struct span text, struct span *ret_was)
{
	size_t at = span_find(text, 0, span_of(",\"was\":\""));
	char *copy = strndup(text.data, text.len);

	*ret_was = SPAN_EMPTY;
	if (at == text.len)
		return copy;
	*ret_was = (struct span){ text.data + at + 8, MEMBER_ID_DIGITS };
	memmove(copy + at, copy + at + WAS_BYTES, text.len - at - WAS_BYTES + 1);
	return copy;
}

static void
come(struct people *people, struct span text, bool in_list)
{
	struct span was;
	char *copy;
	int at, earlier;

	if (!member_is_valid(text)) {
		people->wrong = "a text that is no member's";
		return;
	}
	copy = cut(text, &was);
	at = find(people, member_id(text));
	earlier = was.len > 0 ? find(people, was) : -1;
	if (at < 0 && was.len > 0 && earlier < 0 && !in_list)
		people->wrong = "one in the place of nobody";
	if (earlier >= 0 && !in_list)
		take_out(people, earlier);
	at = find(people, member_id(text));
	if (at >= 0)
		take_out(people, at);
	assert(people->n < PEOPLE_MAX);
	people->all[people->n++] = copy;
}

/* Steps over one object of a list. */
static size_t
object_end(struct span text)
{
	unsigned depth = 0;
	bool string = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (string && c == '\\')
			i++;
		else if (c == '"')
			string = !string;
		else if (!string && c == '{')
			depth++;
		else if (!string && c == '}' && --depth == 0)
			return i + 1;
	}
	return text.len;
}

static void
take_list(struct people *people, struct span list)
{
	people_clear(people);
	people->counts = list.len > 0 && list.data[0] != '[';
	if (people->counts) {
		if (!take_decimal(&list, &people->count))
			people->wrong = "no number";
		return;
	}
	for (list = span_from(list, 1); list.len > 0 && list.data[0] == '{';) {
		size_t end = object_end(list);

		come(people, (struct span){ list.data, end }, true);
		list = span_from(list, end + (list.data[end] == ','));
	}
	if (!span_is(list, "]"))
		people->wrong = "a list without an end";
}

static void
leave(struct people *people, struct span id)
{
	int at = find(people, id);

	if (at < 0)
		people->wrong = "one that left was not there";
	else
		take_out(people, at);
}

void
people_hear(struct people *people, struct span words)
{
	struct span rest = words.len > 2 ? span_from(words, 2) : SPAN_EMPTY;

	if (words.len < 2 || words.data[1] != ' ')
		return;
	if (words.data[0] == 'k')
		take_hex(&rest, 16, &people->key);
	if (words.data[0] == '=')
		take_list(people, rest);
	if (words.data[0] == '+' || words.data[0] == '-') {
		people->n_lines++;
		if (people->counts)
			people->wrong = "a line, where only the number is told";
	}
	if (words.data[0] == '+')
		come(people, rest, false);
	if (words.data[0] == '-')
		leave(people, rest);
}

static bool
has(const struct people *people, const char *text)
{
	for (unsigned i = 0; i < people->n; i++)
		if (strcmp(people->all[i], text) == 0)
			return true;
	return false;
}

bool
people_are(const struct people *people, char *const texts[], unsigned n)
{
	bool all = people->n == n;

	for (unsigned i = 0; i < n; i++)
		all &= has(people, texts[i]);
	return all;
}

char *
people_text(const char *id, const char *user, const char *data)
{
	const struct member_parts parts = {
		.id = span_of(id), .user = span_of(user == NULL ? "" : user), .data = span_of(data)
	};
	struct buf text = BUF_INIT;

	member_put(&text, &parts);
	return buf_cstr(&text) == NULL ? NULL : (char *)text.data;
}
