#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "shared/logfmt.h"
#include "tests/tap.h"

static bool
escapes_to(const char *text, const char *escaped)
{
	char ret[64];
	size_t len = logfmt_escape(text, strlen(text), ret, sizeof(ret));

	return len == strlen(escaped) && strcmp(ret, escaped) == 0;
}

static void
control_bytes_are_escaped(void)
{
	OK(escapes_to("room=general", "room=general"), "plain text stays as it is");
	OK(escapes_to("a\nb\r\t", "a\\x0ab\\x0d\\x09"), "control bytes are escaped");
	OK(escapes_to("\x1b[31m\x7f", "\\x1b[31m\\x7f"), "so are escape and delete");
	OK(escapes_to("caf\xc3\xa9 \xe2\x82\xac", "caf\xc3\xa9 \xe2\x82\xac"), "UTF-8 stays as it is");
	OK(escapes_to("\xc2\x9b", "\\xc2\\x9b"), "but not the control characters in it");
	OK(escapes_to("\xc2\xa0", "\xc2\xa0"), "whose neighbour stays");
	OK(escapes_to("\xff\xc3(", "\\xff\\xc3("), "bytes that are not UTF-8 are escaped");
}

static void
escapes_are_cut_between_characters(void)
{
	char ret[6];

	memset(ret, '?', sizeof(ret));
	OK(logfmt_escape("abc\n", 4, ret, 6) == 3 && strcmp(ret, "abc") == 0, "half an escape is not written");
	OK(logfmt_escape("abcd\xc3\xa9", 6, ret, 6) == 4 && strcmp(ret, "abcd") == 0, "nor half a character");
	OK(logfmt_escape("abcdef", 6, ret, 6) == 5 && strcmp(ret, "abcde") == 0, "all room but the NUL's is used");
	OK(logfmt_escape("abc", 3, ret, 1) == 0 && ret[0] == '\0', "room for the NUL only is enough");
	OK(logfmt_escape("a\0b", 3, ret, 6) == 5 && strcmp(ret, "a\\x00") == 0, "a NUL in the text does not end it");
}

static bool
value_is(const char *text, const char *value)
{
	char ret[64];
	size_t len = logfmt_value(text, strlen(text), ret, sizeof(ret));

	return len == strlen(value) && strcmp(ret, value) == 0;
}

static void
values_are_quoted_where_they_must_be(void)
{
	OK(value_is("/ws/chat/general", "/ws/chat/general"), "a plain value stays as it is");
	OK(value_is("caf\xc3\xa9?x,y;{'}", "caf\xc3\xa9?x,y;{'}"), "also one of other characters");
	OK(value_is("/nope status=101", "\"/nope status=101\""), "one with a blank is quoted");
	OK(value_is("a=b", "\"a=b\""), "so is one with an equals sign");
	OK(value_is("say \"hi\"", "\"say \\\"hi\\\"\""), "a quote is escaped in it");
	OK(value_is("\"", "\"\\\"\""), "and needs quotes itself");
	OK(value_is("a\\b", "\"a\\\\b\""), "as a backslash does, which is escaped too");
	OK(value_is("a\nb\xff", "\"a\\x0ab\\xff\""), "so that one can tell what control bytes become");
	OK(value_is("\\x0a", "\"\\\\x0a\""), "from the same letters");
	OK(value_is("", "\"\""), "an empty value is there to see");
}

static void
cut_values_end_their_quotes(void)
{
	char ret[8];

	OK(logfmt_value("a bcdefgh", 9, ret, 8) == 7 && strcmp(ret, "\"a bcd\"") == 0, "a cut value has both quotes");
	OK(logfmt_value("a bcd\"", 6, ret, 8) == 7 && strcmp(ret, "\"a bcd\"") == 0, "and no half of an escape");
	OK(logfmt_value("a b", 3, ret, 3) == 2 && strcmp(ret, "\"\"") == 0, "room for the quotes is enough");
	OK(logfmt_value("a b", 3, ret, 2) == 0 && *ret == '\0', "with less there is nothing");
	OK(logfmt_value("abcdefghij", 10, ret, 8) == 7 && strcmp(ret, "abcdefg") == 0, "a bare one uses all room");
}

static const char *__attribute__((format(printf, 1, 2))) print(const char *format, ...)
{
	static char ret[4096];
	va_list args;

	va_start(args, format);
	logfmt_print(format, args, ret, sizeof(ret));
	va_end(args);
	return ret;
}

static void
text_of_a_line_is_quoted_by_itself(void)
{
	const char *volatile nothing = NULL; /* so that no compiler knows */

	OK(strcmp(print("refused path=%s status=%d", "/a b", 404), "refused path=\"/a b\" status=404") == 0,
	    "the quotes are nobody's business but ours");
	OK(strcmp(print("a=%.*s b=%.3s", 3, "x y z", "pqrst"), "a=\"x y\" b=pqr") == 0, "a precision limits the text");
	OK(strcmp(print("%s connected", "an app"), "\"an app\" connected") == 0, "it need not be a pair's");
	OK(strcmp(print("c=%c d=%c", 'x', ' '), "c=x d=\" \"") == 0, "a character is text too");
	OK(strcmp(print("a=%s", nothing), "a=(null)") == 0, "no text is no crash");
	OK(strcmp(print("full 100%% a=%s", "b"), "full 100% a=b") == 0, "a percent sign");
}

static void
numbers_are_printfs(void)
{
	int64_t low = INT64_MIN;
	char expected[256];

	snprintf(expected, sizeof(expected), "%d %i %u %#x %X 0%o %5d|%-5d|%05d %+d %.3d %*d", -1, 2, 3u, 0xbeefu,
	    0xAFu, 8u, 42, 42, 42, 42, 7, 4, 9);
	OK(strcmp(print("%d %i %u %#x %X 0%o %5d|%-5d|%05d %+d %.3d %*d", -1, 2, 3u, 0xbeefu, 0xAFu, 8u, 42, 42, 42, 42,
		      7, 4, 9),
	       expected) == 0,
	    "integers with flags, widths and precisions");
	snprintf(expected, sizeof(expected), "%ld %lu %lld %llx %zu %zd %td %jd %" PRId64 " %" PRIu64, -1L, 2UL, -3LL,
	    0xfULL, sizeof(expected), (ssize_t)-5, (ptrdiff_t)6, (intmax_t)-7, low, UINT64_MAX);
	OK(strcmp(print("%ld %lu %lld %llx %zu %zd %td %jd %" PRId64 " %" PRIu64, -1L, 2UL, -3LL, 0xfULL,
		      sizeof(expected), (ssize_t)-5, (ptrdiff_t)6, (intmax_t)-7, low, UINT64_MAX),
	       expected) == 0,
	    "of every size");
	snprintf(expected, sizeof(expected), "%hd %hu %hhd %hhu", (short)-1, (unsigned short)65535, (signed char)-1,
	    (unsigned char)255);
	OK(strcmp(print("%hd %hu %hhd %hhu", (short)-1, (unsigned short)65535, (signed char)-1, (unsigned char)255),
	       expected) == 0,
	    "the small ones too");
	snprintf(expected, sizeof(expected), "%f %.2f %8.3e %g %La %p", 1.5, 2.345, 1e10, 0.1, 2.0L, (void *)expected);
	OK(strcmp(print("%f %.2f %8.3e %g %La %p", 1.5, 2.345, 1e10, 0.1, 2.0L, (void *)expected), expected) == 0,
	    "numbers with a point, and pointers");
}

static void
a_line_ends_where_no_argument_can_be_told(void)
{
	const char *format = "a=%s b=%y c=%s";

	OK(strcmp(print(format, "x", "y"), "a=x b=") == 0, "at a conversion that is none");
	format = "a=%s b=%ls";
	OK(strcmp(print(format, "x", L"y"), "a=x b=") == 0, "at wide characters");
	format = "a=%s b=%";
	OK(strcmp(print(format, "x"), "a=x b=") == 0, "and in the middle of one");
}

int
main(void)
{
	control_bytes_are_escaped();
	escapes_are_cut_between_characters();
	values_are_quoted_where_they_must_be();
	cut_values_end_their_quotes();
	text_of_a_line_is_quoted_by_itself();
	numbers_are_printfs();
	a_line_ends_where_no_argument_can_be_told();
	return tap_done();
}
