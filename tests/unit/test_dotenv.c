#include <errno.h>
#include <string.h>

#include "shared/dotenv.h"
#include "tests/tap.h"

/* True when the text is one assignment of this name and value. */
static bool
assigns(const char *text, const char *name, const char *value)
{
	struct dotenv file = { text, 0 };
	struct dotenv_assignment got;

	return dotenv_next(&file, &got) == 1 && got.name_len == strlen(name) &&
	    memcmp(got.name, name, got.name_len) == 0 && got.value_len == strlen(value) &&
	    memcmp(got.value, value, got.value_len) == 0 && dotenv_next(&file, &got) == 0;
}

static bool
malformed(const char *text)
{
	struct dotenv file = { text, 0 };
	struct dotenv_assignment got = { 0 };

	return dotenv_next(&file, &got) == -EINVAL && got.name == NULL && dotenv_next(&file, &got) == 0;
}

static void
assignments_are_read(void)
{
	OK(assigns("KEY=value", "KEY", "value"), "a name and a value");
	OK(assigns("KEY=value\n", "KEY", "value"), "with a line feed");
	OK(assigns("KEY=value\r\n", "KEY", "value"), "with a carriage return too");
	OK(assigns("  KEY = some value \t\n", "KEY", "some value"), "blanks around them do not count");
	OK(assigns("KEY=", "KEY", ""), "a value may be empty");
	OK(assigns("KEY=a=b", "KEY", "a=b"), "and hold '='");
	OK(assigns("export KEY=value", "KEY", "value"), "export is allowed");
	OK(assigns("export\tKEY=value", "KEY", "value"), "before any blank");
	OK(assigns("export=value", "export", "value"), "and is a name like others");
	OK(assigns("_k2=value", "_k2", "value"), "names have letters, digits and underscores");
}

static void
comments_are_skipped(void)
{
	OK(assigns("# comment\n\n   \r\n  # more\nKEY=value", "KEY", "value"), "comments and empty lines");
	OK(assigns("KEY=value # comment", "KEY", "value"), "a comment behind a value");
	OK(assigns("KEY=value#1", "KEY", "value#1"), "only when a blank is before it");
	OK(assigns("KEY=#1", "KEY", "#1"), "also where the value begins");
	OK(assigns("KEY= # comment", "KEY", ""), "a comment may follow nothing");
}

static void
quotes_keep_what_is_in_them(void)
{
	OK(assigns("KEY=\" a # b \"", "KEY", " a # b "), "blanks and # in double quotes");
	OK(assigns("KEY='a \"b\"'", "KEY", "a \"b\""), "double quotes in single ones");
	OK(assigns("KEY=\"it's\"", "KEY", "it's"), "and the other way round");
	OK(assigns("KEY='a\\n'", "KEY", "a\\n"), "a backslash is a backslash");
	OK(assigns("KEY=''  # comment", "KEY", ""), "a comment behind quotes");
	OK(assigns("KEY=it's", "KEY", "it's"), "a quote within a value is none");
}

static void
other_lines_are_malformed(void)
{
	OK(malformed("KEY"), "a name alone");
	OK(malformed("KEY value"), "a name and a value without '='");
	OK(malformed("=value"), "a value without a name");
	OK(malformed("export =value"), "nor behind export");
	OK(malformed("1KEY=value"), "a name that begins with a digit");
	OK(malformed("KEY-2=value"), "a name with a dash");
	OK(malformed("KEY=\"value"), "a quote that stays open");
	OK(malformed("KEY=\""), "a quote alone");
	OK(malformed("KEY='a'b"), "text behind quotes");
}

static void
a_malformed_line_costs_only_itself(void)
{
	struct dotenv file = { "A=1\nnonsense\n\nB='\nC=3", 0 };
	struct dotenv_assignment got;

	OK(dotenv_next(&file, &got) == 1 && *got.name == 'A' && file.line == 1, "the line before it");
	OK(dotenv_next(&file, &got) == -EINVAL && file.line == 2, "it is known by its number");
	OK(*got.name == 'A', "and leaves the result alone");
	OK(dotenv_next(&file, &got) == -EINVAL && file.line == 4, "an open quote ends with its line");
	OK(dotenv_next(&file, &got) == 1 && *got.name == 'C' && file.line == 5, "the line behind it");
	OK(dotenv_next(&file, &got) == 0, "then the file ends");
}

int
main(void)
{
	assignments_are_read();
	comments_are_skipped();
	quotes_keep_what_is_in_them();
	other_lines_are_malformed();
	a_malformed_line_costs_only_itself();
	return tap_done();
}
