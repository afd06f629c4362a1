#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "shared/dotenv.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static const char *
skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static const char *
trim_end(const char *start, const char *end)
{
	while (end > start && is_blank(end[-1]))
		end--;
	return end;
}

/* What stands between quotes is taken as it is. */
static bool
parse_quoted(const char *at, const char *end, struct dotenv_assignment *ret)
{
	const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
	const char *after;

	if (close == NULL)
		return false;
	after = skip_blanks(close + 1, end);
	if (after < end && *after != '#')
		return false;
	ret->value = at + 1;
	ret->value_len = (size_t)(close - ret->value);
	return true;
}

/* A comment begins with a # after a blank. */
static void
parse_plain(const char *at, const char *end, struct dotenv_assignment *ret)
{
	for (const char *hash = at + 1; hash < end; hash++)
		if (*hash == '#' && is_blank(hash[-1]))
			end = hash;
	ret->value = skip_blanks(at, end);
	ret->value_len = (size_t)(trim_end(ret->value, end) - ret->value);
}

static bool
parse_assignment(const char *at, const char *end, struct dotenv_assignment *ret)
{
	static const char name_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	static const char export[] = "export";
	size_t len = sizeof(export) - 1;
	const char *value;

	if ((size_t)(end - at) > len && memcmp(at, export, len) == 0 && is_blank(at[len]))
		at = skip_blanks(at + len, end);

	ret->name = at;
	ret->name_len = strspn(at, name_bytes);
	at = skip_blanks(at + ret->name_len, end);
	if (ret->name_len == 0 || (*ret->name >= '0' && *ret->name <= '9') || at == end || *at != '=')
		return false;

	value = skip_blanks(++at, end);
	if (value < end && (*value == '"' || *value == '\''))
		return parse_quoted(value, end, ret);
	parse_plain(at, end, ret);
	return true;
}

int
dotenv_next(struct dotenv *file, struct dotenv_assignment *ret)
{
	struct dotenv_assignment assignment;

	while (*file->rest != '\0') {
		const char *end = file->rest + strcspn(file->rest, "\n");
		const char *at = skip_blanks(file->rest, end);

		file->rest = *end == '\n' ? end + 1 : end;
		file->line++;
		end = trim_end(at, end);
		if (at == end || *at == '#')
			continue;
		if (!parse_assignment(at, end, &assignment))
			return -EINVAL;
		*ret = assignment;
		return 1;
	}
	return 0;
}
