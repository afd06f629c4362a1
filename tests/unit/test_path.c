#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "shared/path.h"
#include "tests/tap.h"

/* Matches one path against one pattern, which must be a good one. */
static bool
matches(const char *text, const char *path, struct path_match *ret)
{
	struct path_pattern *pattern = NULL;
	bool matched;

	if (path_compile(text, &pattern, NULL) < 0) {
		printf("# %s does not compile\n", text);
		return false;
	}
	matched = path_match(pattern, path, strlen(path), ret);
	path_pattern_free(pattern);
	return matched;
}

static bool
value_is(const struct path_param *param, const char *value)
{
	return param->len == strlen(value) && memcmp(param->value, value, param->len) == 0;
}

/* True when the pattern is refused with this error and a reason. */
static bool
refused(const char *text, int error)
{
	struct path_pattern *pattern = NULL;
	const char *why = NULL;

	return path_compile(text, &pattern, &why) == error && pattern == NULL && why != NULL;
}

static void
literal_patterns_match_themselves(void)
{
	OK(matches("/ws/echo", "/ws/echo", NULL), "a literal pattern matches its own text");
	OK(!matches("/ws/echo", "/ws/echo/", NULL), "a slash at the end matters in the path");
	OK(!matches("/ws/echo/", "/ws/echo", NULL), "and in the pattern");
	OK(matches("/ws/echo/", "/ws/echo/", NULL), "a pattern that ends in a slash matches a path that does");
	OK(!matches("/ws/echo", "/ws/ech", NULL), "a beginning does not match");
	OK(!matches("/ws/echo", "/ws/echoes", NULL), "a longer segment does not match");
	OK(!matches("/ws/echo", "/WS/echo", NULL), "case matters");
	OK(matches("/", "/", NULL), "the root matches the root");
	OK(!matches("/", "/a", NULL), "the root matches nothing else");
	OK(!matches("/", "", NULL), "an empty path matches nothing");
	OK(!matches("/a", "a", NULL), "a path without its slash matches nothing");
	OK(refused("/a//b", -EINVAL) && refused("//", -EINVAL), "an empty segment within a pattern is refused");
	OK(!matches("/a/b", "/a//b", NULL) && !matches("/", "//", NULL), "and none is folded");
}

static void
parameters_take_one_segment(void)
{
	struct path_pattern *pattern = NULL;
	const char *path = "/ws/chat/general/7";
	struct path_match match;

	OK(path_compile("/ws/chat/{room}/{id:int}", &pattern, NULL) == 0, "two parameters compile");
	OK(path_match(pattern, path, strlen(path), &match), "and match");
	OK(match.n == 2, "both are in the result");
	OK(strcmp(match.params[0].name, "room") == 0 && value_is(&match.params[0], "general"), "the first by its name");
	OK(match.params[0].type == PATH_STRING, "with its type");
	OK(strcmp(match.params[1].name, "id") == 0 && value_is(&match.params[1], "7"), "the second by its name");
	OK(match.params[1].type == PATH_INT && match.params[1].integer == 7, "as a number");
	OK(match.params[0].value == path + 9, "a value borrows from the path");
	OK(strcmp(path_pattern_text(pattern), "/ws/chat/{room}/{id:int}") == 0, "the pattern's text is kept");
	OK(!path_match(pattern, "/ws/chat//7", 11, NULL), "a parameter is never empty");
	OK(!path_match(pattern, "/ws/chat/a/b/7", 14, NULL), "and never has a slash");
	path_pattern_free(pattern);
}

static void
a_failed_match_leaves_the_result_alone(void)
{
	struct path_match match = { .n = 99 };

	OK(!matches("/{a}/{b:int}", "/x/y", &match) && match.n == 99, "the result is untouched when nothing matches");
}

static void
types_decide(void)
{
	static const struct {
		const char *type, *good, *bad;
	} cases[] = {
		{ "int", "42", "4x" },
		{ "int", "-42", "-" },
		{ "int", "+42", "++42" },
		{ "int", "007", "0x7" },
		{ "int", "9223372036854775807", "9223372036854775808" },
		{ "int", "-9223372036854775808", "-9223372036854775809" },
		{ "int", "0", " 0" },
		{ "float", "1.5", "1." },
		{ "float", "-2", ".5" },
		{ "float", "+3.25", "1e5" },
		{ "float", "1.0", "1.0.0" },
		{ "float", "0", "inf" },
		{ "float", "12", "1,5" },
		{ "float", "1", "nan" },
		{ "alpha", "AbC", "ab1" },
		{ "alnum", "Ab1", "ab-1" },
		{ "slug", "a-b-3", "a--b" },
		{ "slug", "a", "-a" },
		{ "slug", "a1", "a-" },
		{ "slug", "abc", "Abc" },
		{ "uuid", "123e4567-e89b-12d3-A456-426614174000", "123e4567-e89b-12d3-a456-42661417400" },
		{ "uuid", "00000000-0000-0000-0000-000000000000", "123e4567-e89b-12d3-a456-42661417400g" },
		{ "uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff", "123e4567e89b-12d3-a456-4266141740000" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char pattern[32], path[64], claim[128];

		snprintf(pattern, sizeof(pattern), "/{v:%s}", cases[i].type);
		snprintf(path, sizeof(path), "/%s", cases[i].good);
		snprintf(claim, sizeof(claim), "%s takes %s", cases[i].type, cases[i].good);
		OK(matches(pattern, path, NULL), claim);
		strcat(pattern, "/x");
		strcat(path, "/x");
		OK(matches(pattern, path, NULL), "in the middle of a path, too");
		pattern[strlen(pattern) - strlen("/x")] = '\0';
		snprintf(path, sizeof(path), "/%s", cases[i].bad);
		snprintf(claim, sizeof(claim), "%s refuses %s", cases[i].type, cases[i].bad);
		OK(!matches(pattern, path, NULL), claim);
	}
}

static void
numbers_are_values(void)
{
	struct path_match match;

	OK(matches("/{n:int}", "/-9223372036854775808", &match) && match.params[0].integer == INT64_MIN,
	    "the least integer is itself");
	OK(matches("/{x:float}", "/-12.75", &match) && match.params[0].real == -12.75, "a float has its fraction");
	if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
		printf("# no de_DE locale here\n");
	OK(matches("/{x:float}", "/1.5", &match) && match.params[0].real == 1.5, "whatever the locale's decimal point");
	setlocale(LC_NUMERIC, "C");
}

static void
a_float_must_fit(void)
{
	char path[402];

	path[0] = '/';
	memset(path + 1, '9', 400);
	path[401] = '\0';
	OK(!matches("/{x:float}", path, NULL), "a number past the largest double does not match");
}

static void
the_rest_is_at_least_one_segment(void)
{
	struct path_pattern *pattern = NULL;
	const char *path = "/files/a/b/c.txt";
	struct path_match match;

	path_compile("/files/{rest:path}", &pattern, NULL);
	OK(path_match(pattern, path, strlen(path), &match) && value_is(&match.params[0], "a/b/c.txt"),
	    "a path parameter takes all that is left");
	path_pattern_free(pattern);
	OK(matches("/files/{rest:path}", "/files/a", NULL), "one segment is enough");
	OK(matches("/files/{rest:path}", "/files/a/", NULL), "a slash at its end belongs to it");
	OK(!matches("/files/{rest:path}", "/files/", NULL), "an empty rest does not match");
	OK(!matches("/files/{rest:path}", "/files", NULL), "nor does none");
	OK(!matches("/files/{rest:path}", "/files//etc/passwd", NULL), "nor one that looks like an absolute path");
	OK(!matches("/files/{rest:path}", "/files/a//b", NULL) && !matches("/files/{rest:path}", "/files/a//", NULL),
	    "nor one with an empty segment");
}

static void
bad_patterns_are_refused(void)
{
	OK(refused("", -EINVAL), "an empty pattern is refused");
	OK(refused("ws", -EINVAL), "a pattern without a leading slash");
	OK(refused("/{id:number}", -EINVAL), "an unknown type");
	OK(refused("/{id:}", -EINVAL), "an empty type");
	OK(refused("/{id:int:int}", -EINVAL), "two types");
	OK(refused("/{}", -EINVAL), "a parameter without a name");
	OK(refused("/{1a}", -EINVAL), "a name that begins with a digit");
	OK(refused("/{a-b}", -EINVAL), "a name with a dash");
	OK(refused("/{a}/{a}", -EINVAL), "a name that comes twice");
	OK(refused("/x{a}", -EINVAL), "text before a brace");
	OK(refused("/{a}x", -EINVAL), "text behind a brace");
	OK(refused("/{a", -EINVAL), "a brace that stays open");
	OK(refused("/a}", -EINVAL), "a brace that was never open");
	OK(refused("/{", -EINVAL), "a brace alone");
	OK(refused("/{{a}}", -EINVAL), "braces in braces");
	OK(refused("/{a}{b}", -EINVAL), "two parameters in one segment");
	OK(refused("/{a/b}", -EINVAL), "a slash in braces");
	OK(refused("/{rest:path}/x", -EINVAL), "a segment behind the rest");
	OK(refused("/{rest:path}/", -EINVAL), "a slash behind the rest");
}

static void
patterns_have_limits(void)
{
	char text[PATH_MAX_BYTES + 2] = "/";
	struct path_pattern *pattern = NULL;
	size_t len = 0;

	memset(text + 1, 'a', PATH_MAX_BYTES);
	OK(refused(text, -E2BIG), "a pattern of a byte too many is refused");
	text[PATH_MAX_BYTES] = '\0';
	OK(path_compile(text, &pattern, NULL) == 0, "the longest pattern is not");
	OK(path_match(pattern, text, strlen(text), NULL), "and matches");
	path_pattern_free(pattern);

	for (int i = 0; i < PATH_MAX_PARAMS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "/{p%d}", i);
	OK(path_compile(text, &pattern, NULL) == 0, "as many parameters as are allowed compile");
	path_pattern_free(pattern);
	strcat(text, "/{more}");
	OK(refused(text, -E2BIG), "one more is refused");
}

static void
an_overlong_path_matches_nothing(void)
{
	char path[PATH_MAX_BYTES + 2] = "/";

	memset(path + 1, 'a', PATH_MAX_BYTES);
	OK(!matches("/{a}", path, NULL), "a path of a byte too many matches nothing");
	path[PATH_MAX_BYTES] = '\0';
	OK(matches("/{a}", path, NULL), "the longest path may match");
}

int
main(void)
{
	literal_patterns_match_themselves();
	parameters_take_one_segment();
	a_failed_match_leaves_the_result_alone();
	types_decide();
	numbers_are_values();
	a_float_must_fit();
	the_rest_is_at_least_one_segment();
	bad_patterns_are_refused();
	patterns_have_limits();
	an_overlong_path_matches_nothing();
	return tap_done();
}
