#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/template/chars.h"
#include "fcgi/template/lexer.h"

static const struct span blanks = { " \t\r\n\f\v", 6 };

static bool
is_blank(char c)
{
	return memchr(blanks.data, c, blanks.len) != NULL;
}

static bool
begins(struct span text, const char *with)
{
	size_t len = strlen(with);

	return text.len >= len && memcmp(text.data, with, len) == 0;
}

static size_t
find(struct span text, const char *part)
{
	return span_find(text, 0, span_of(part));
}

void
lexer_begin(struct lexer *lexer, struct span source)
{
	*lexer = (struct lexer){ .rest = source, .line = 1, .mode = LEXER_TEXT };
	if (begins(source, "\xef\xbb\xbf")) /* a byte order mark */
		lexer->rest = span_from(source, 3);
}

/* Takes n bytes off the rest, and counts their lines. */
static struct span
take(struct lexer *lexer, size_t n)
{
	struct span taken = { lexer->rest.data, n };

	for (size_t i = 0; i < n; i++)
		lexer->line += taken.data[i] == '\n';
	lexer->rest = span_from(lexer->rest, n);
	return taken;
}

static void
skip_blanks(struct lexer *lexer)
{
	size_t n = 0;

	while (n < lexer->rest.len && is_blank(lexer->rest.data[n]))
		n++;
	take(lexer, n);
}

static int
fail(struct lexer *lexer, unsigned line, const char *why)
{
	lexer->line = line;
	snprintf(lexer->why, sizeof(lexer->why), "%s", why);
	return -EINVAL;
}

/* Makes the next n bytes a token. */
static int
give(struct lexer *lexer, enum token_kind kind, size_t n, struct token *ret)
{
	ret->kind = kind;
	ret->line = lexer->line;
	ret->text = take(lexer, n);
	return 0;
}

/* --- text ------------------------------------------------------------------------- */

/* Where the next {{, {% or {# is. */
static size_t
find_opener(struct span text)
{
	const char *at = text.data, *end = text.data + text.len;

	while (at < end && (at = memchr(at, '{', (size_t)(end - at))) != NULL) {
		if (at + 1 < end && (at[1] == '{' || at[1] == '%' || at[1] == '#'))
			return (size_t)(at - text.data);
		at++;
	}
	return text.len;
}

/* Whether what begins here takes the whitespace before it. */
static bool
trims_before(struct span opener)
{
	return opener.len > 2 && opener.data[2] == '-';
}

/* Makes the next n bytes a text token, without the whitespace that signs take. */
static int
give_text(struct lexer *lexer, size_t n, struct token *ret)
{
	bool trims_end = trims_before(span_from(lexer->rest, n));

	give(lexer, TOKEN_TEXT, n, ret);
	if (lexer->trims)
		ret->text = chars_trim_start(ret->text, blanks);
	if (trims_end)
		ret->text = chars_trim_end(ret->text, blanks);
	lexer->trims = false;
	return 0;
}

static int
skip_comment(struct lexer *lexer)
{
	size_t end = span_find(lexer->rest, 2, span_of("#}"));

	if (end == lexer->rest.len)
		return fail(lexer, lexer->line, "expected '#}', found the end of the template");
	lexer->trims = end > 2 && lexer->rest.data[end - 1] == '-';
	take(lexer, end + 2);
	return 0;
}

/* The length of a tag {% name %} without anything else in it, or 0. Tells what it trims. */
static size_t
bare_tag(struct span text, const char *name, bool *ret_before, bool *ret_after)
{
	size_t at = 2;

	if (!begins(text, "{%"))
		return 0;
	*ret_before = trims_before(text);
	at += *ret_before;
	while (at < text.len && is_blank(text.data[at]))
		at++;
	if (!begins(span_from(text, at), name))
		return 0;
	at += strlen(name);
	while (at < text.len && is_blank(text.data[at]))
		at++;
	*ret_after = begins(span_from(text, at), "-");
	at += *ret_after;
	return begins(span_from(text, at), "%}") ? at + 2 : 0;
}

/* The offset of the next tag {% name %}, or text.len. */
static size_t
find_bare_tag(struct span text, const char *name)
{
	bool before, after;

	for (size_t at = 0; at < text.len; at += 2) {
		at += find(span_from(text, at), "{%");
		if (at >= text.len)
			break;
		if (bare_tag(span_from(text, at), name, &before, &after) > 0)
			return at;
	}
	return text.len;
}

/* Makes what stands before the tag of this name text, and skips the tag. */
static int
give_raw(struct lexer *lexer, unsigned line, const char *end_name, struct token *ret)
{
	size_t n = find_bare_tag(lexer->rest, end_name);
	bool before, after;

	if (n == lexer->rest.len) {
		lexer->line = line;
		snprintf(lexer->why, sizeof(lexer->why), "expected '%s', found the end of the template", end_name);
		return -EINVAL;
	}
	give_text(lexer, n, ret);
	take(lexer, bare_tag(lexer->rest, end_name, &before, &after));
	lexer->trims = after;
	return 0;
}

/* The name of the tag that ends the raw text which begins here, after its own tag; NULL when none does. */
static const char *
skip_raw_tag(struct lexer *lexer)
{
	static const char *const names[][2] = { { "raw", "endraw" }, { "verbatim", "endverbatim" } };
	bool before, after;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = bare_tag(lexer->rest, names[i][0], &before, &after);

		if (len == 0)
			continue;
		take(lexer, len);
		lexer->trims = after;
		return names[i][1];
	}
	return NULL;
}

/* Enters the tag or expression that begins here. */
static int
give_opener(struct lexer *lexer, struct token *ret)
{
	bool is_tag = lexer->rest.data[1] == '%';

	lexer->mode = is_tag ? LEXER_TAG : LEXER_PRINT;
	lexer->trims = false;
	lexer->braces = 0;
	return give(lexer, is_tag ? TOKEN_TAG : TOKEN_PRINT, trims_before(lexer->rest) ? 3 : 2, ret);
}

static int
next_of_text(struct lexer *lexer, struct token *ret)
{
	unsigned line;
	const char *end_name;
	size_t len;

	while (begins(lexer->rest, "{#"))
		if (skip_comment(lexer) < 0)
			return -EINVAL;
	len = find_opener(lexer->rest);
	if (lexer->rest.len == 0)
		return give(lexer, TOKEN_END, 0, ret);
	if (len > 0)
		return give_text(lexer, len, ret);

	line = lexer->line;
	end_name = skip_raw_tag(lexer);
	return end_name != NULL ? give_raw(lexer, line, end_name, ret) : give_opener(lexer, ret);
}

/* --- expressions -------------------------------------------------------------------- */

static bool
is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static int
give_name(struct lexer *lexer, struct token *ret)
{
	size_t n = 0;

	while (n < lexer->rest.len && is_name(lexer->rest.data[n]))
		n++;
	return give(lexer, TOKEN_NAME, n, ret);
}

static size_t
count_digits(struct span text)
{
	size_t n = 0;

	while (n < text.len && isdigit((unsigned char)text.data[n]))
		n++;
	return n;
}

/* A point belongs to it when a digit follows: 1..3 are two numbers. */
static int
give_number(struct lexer *lexer, struct token *ret)
{
	size_t n = count_digits(lexer->rest), decimals = 0;

	if (!lexer->after_dot && begins(span_from(lexer->rest, n), "."))
		decimals = count_digits(span_from(lexer->rest, n + 1));
	return give(lexer, TOKEN_NUMBER, decimals > 0 ? n + 1 + decimals : n, ret);
}

static int
give_string(struct lexer *lexer, struct token *ret)
{
	struct span rest = lexer->rest;
	size_t n = 1;

	while (n < rest.len && rest.data[n] != rest.data[0])
		n += rest.data[n] == '\\' ? 2 : 1;
	if (n >= rest.len)
		return fail(lexer, lexer->line, "a string is not closed");
	return give(lexer, TOKEN_STRING, n + 1, ret);
}

static int
refuse_character(struct lexer *lexer)
{
	size_t step = chars_step(lexer->rest);
	unsigned char c = (unsigned char)lexer->rest.data[0];

	if (c < 0x20 || c == 0x7f)
		snprintf(lexer->why, sizeof(lexer->why), "unexpected byte 0x%02x", c);
	else
		snprintf(lexer->why, sizeof(lexer->why), "unexpected '%.*s'", (int)step, lexer->rest.data);
	return -EINVAL;
}

static int
give_sign(struct lexer *lexer, struct token *ret)
{
	static const char *const pairs[] = { "==", "!=", "<=", ">=", "??", "?:", "..", "//", "**", "=>" };
	char c = lexer->rest.data[0];

	if (begins(lexer->rest, "<=>"))
		return give(lexer, TOKEN_SIGN, 3, ret);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (begins(lexer->rest, pairs[i]))
			return give(lexer, TOKEN_SIGN, 2, ret);
	if (c == '\0' || strchr("+-*/%~<>()[]{},.:|?=", c) == NULL)
		return refuse_character(lexer);
	if (c == '{')
		lexer->braces++;
	if (c == '}' && lexer->braces > 0)
		lexer->braces--;
	return give(lexer, TOKEN_SIGN, 1, ret);
}

/* Leaves the expression when its end is here. Inside a dict }} are two braces. */
static bool
give_closer(struct lexer *lexer, struct token *ret)
{
	bool is_tag = lexer->mode == LEXER_TAG;
	const char *closer = is_tag ? "%}" : "}}";
	bool trims = begins(lexer->rest, "-");

	if ((!is_tag && lexer->braces > 0) || !begins(span_from(lexer->rest, trims), closer))
		return false;
	lexer->mode = LEXER_TEXT;
	lexer->trims = trims;
	give(lexer, is_tag ? TOKEN_TAG_END : TOKEN_PRINT_END, trims + 2u, ret);
	return true;
}

static int
next_of_expression(struct lexer *lexer, struct token *ret)
{
	char c;
	int r;

	skip_blanks(lexer);
	if (lexer->rest.len == 0)
		return give(lexer, TOKEN_END, 0, ret);
	if (give_closer(lexer, ret))
		return 0;
	c = lexer->rest.data[0];
	if (isdigit((unsigned char)c))
		r = give_number(lexer, ret);
	else if (is_name(c))
		r = give_name(lexer, ret);
	else if (c == '"' || c == '\'')
		r = give_string(lexer, ret);
	else
		r = give_sign(lexer, ret);
	lexer->after_dot = r == 0 && ret->kind == TOKEN_SIGN && span_is(ret->text, ".");
	return r;
}

int
lexer_next(struct lexer *lexer, struct token *ret)
{
	return lexer->mode == LEXER_TEXT ? next_of_text(lexer, ret) : next_of_expression(lexer, ret);
}
