#include <stdio.h>
#include <string.h>

#include "fcgi/http/httpdate.h"
#include "fcgi/http/ranges.h"
#include "tests/tap.h"

/* What a file of so many bytes answers: "0+10 20+5", "whole" or "none". */
static const char *
read_as(const char *header, uint64_t bytes)
{
	static char text[512];
	struct ranges ranges;
	int len = 0;

	switch (ranges_read(header, bytes, &ranges)) {
	case RANGES_WHOLE:
		return "whole";
	case RANGES_NONE:
		return "none";
	case RANGES_PARTS:
		break;
	}
	for (unsigned i = 0; i < ranges.n; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%llu+%llu", i > 0 ? " " : "",
		    (unsigned long long)ranges.all[i].from, (unsigned long long)ranges.all[i].len);
	return text;
}

static void
check_ranges(void)
{
	static const struct {
		const char *header;
		uint64_t bytes;
		const char *want;
	} cases[] = {
		{ "bytes=0-9", 100, "0+10" },
		{ "BYTES=0-0", 100, "0+1" },
		{ "bytes=90-", 100, "90+10" },
		{ "bytes=-7", 100, "93+7" },
		{ "bytes=-700", 100, "0+100" },
		{ "bytes=0-700", 100, "0+100" },
		{ "bytes=99-99999999999999999999999", 100, "99+1" },
		{ "bytes=0-1,5-6", 100, "0+2 5+2" },
		{ "bytes= 5-6 ,, 0-1 , ", 100, "5+2 0+2" },
		{ "bytes=0-4,5-9", 100, "0+10" },
		{ "bytes=0-4,2-9,-100", 100, "0+100" },
		{ "bytes=0-0,200-,2-2", 100, "0+1 2+1" },
		{ "bytes=100-", 100, "none" },
		{ "bytes=99999999999999999999-", 100, "none" },
		{ "bytes=-0", 100, "none" },
		{ "bytes=0-", 0, "none" },
		{ "bytes=-5", 0, "none" },
		{ "", 100, "whole" },
		{ "bytes", 100, "whole" },
		{ "bytes=", 100, "whole" },
		{ "bytes=,", 100, "whole" },
		{ "bytes=-", 100, "whole" },
		{ "bytes=5", 100, "whole" },
		{ "bytes=9-0", 100, "whole" },
		{ "bytes=0-1x", 100, "whole" },
		{ "bytes=0-1 2-3", 100, "whole" },
		{ "bytes=0--1", 100, "whole" },
		{ "bytes=+1-2", 100, "whole" },
		{ "lines=0-9", 100, "whole" },
		{ "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30", 100,
		    "0+1 2+1 4+1 6+1 8+1 10+1 12+1 14+1 16+1 18+1 20+1 22+1 24+1 26+1 28+1 30+1" },
		{ "bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-", 100, "whole" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		OK(strcmp(read_as(cases[i].header, cases[i].bytes), cases[i].want) == 0, cases[i].header);
}

static bool
is_time(const char *text, time_t want)
{
	time_t time = 0;

	return httpdate_parse(text, &time) && time == want;
}

static void
check_dates(void)
{
	static const char *const not [] = { "", "now", "0", "Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nix 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 No 1994 08:49:37 GMT",
		"Sun, 06 Nov -994 08:49:37 GMT" };
	char text[HTTPDATE_BYTES];

	httpdate_format(784111777, text);
	OK(strcmp(text, "Sun, 06 Nov 1994 08:49:37 GMT") == 0, "a date is written as IMF-fixdate");
	OK(is_time("Sun, 06 Nov 1994 08:49:37 GMT", 784111777), "and read");
	OK(is_time("Sunday, 06-Nov-94 08:49:37 GMT", 784111777), "so is one of RFC 850");
	OK(is_time("Sun Nov  6 08:49:37 1994", 784111777), "and asctime's");
	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
		OK(!is_time(not [i], 784111777), not [i][0] != '\0' ? not [i] : "nothing is no date");
	httpdate_format((time_t)1 << 50, text);
	OK(text[0] == '\0', "a year of five digits is not written");
}

int
main(void)
{
	check_ranges();
	check_dates();
	return tap_done();
}
