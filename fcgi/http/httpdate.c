#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fcgi/http/httpdate.h"

enum {
	YEAR_0 = 1900,    /* of struct tm */
	YEAR_MAX = 9999,  /* that four digits hold */
	CENTURY = 100,    /* years of RFC 850 are of this one ... */
	FUTURE_YEARS = 50 /* ... unless they would be further ahead than that */
};

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void
httpdate_format(time_t time, char ret[static HTTPDATE_BYTES])
{
	struct tm tm;

	ret[0] = '\0';
	if (gmtime_r(&time, &tm) == NULL || tm.tm_year < -YEAR_0 || tm.tm_year > YEAR_MAX - YEAR_0)
		return;
	snprintf(ret, HTTPDATE_BYTES, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * tm.tm_wday,
	    (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon, (unsigned)(tm.tm_year + YEAR_0) % 10000,
	    (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

/* The month's number from 0, or -1. */
static int
find_month(const char name[static 4])
{
	for (int i = 0; i < 12; i++)
		if (strlen(name) == 3 && memcmp(months + 3 * i, name, 3) == 0)
			return i;
	return -1;
}

/* A year of two digits: one that looks more than 50 years ahead is past. */
static int
widen_year(int year)
{
	time_t now = time(NULL);
	struct tm tm;
	int full;

	gmtime_r(&now, &tm);
	full = (tm.tm_year + YEAR_0) / CENTURY * CENTURY + year;
	return full > tm.tm_year + YEAR_0 + FUTURE_YEARS ? full - CENTURY : full;
}

static bool
is_in_range(const struct tm *tm)
{
	return tm->tm_mon >= 0 && tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour <= 23 &&
	    tm->tm_min >= 0 && tm->tm_min <= 59 && tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

bool
httpdate_parse(const char *text, time_t *ret)
{
	struct tm tm = { 0 };
	char month[4] = "";
	int year = -1, end = 0;
	size_t len = strlen(text);

	if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &tm.tm_mday, month, &year, &tm.tm_hour,
		&tm.tm_min, &tm.tm_sec, &end) == 6 &&
	    end > 0) {
		/* IMF-fixdate */
	} else if (sscanf(text, "%*[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &tm.tm_mday, month, &year,
		       &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &end) == 6 &&
	    end > 0) {
		year = year < 0 ? year : widen_year(year);
	} else if (sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", month, &tm.tm_mday, &tm.tm_hour,
		       &tm.tm_min, &tm.tm_sec, &year, &end) != 6) {
		return false; /* not asctime()'s either */
	}
	tm.tm_mon = find_month(month);
	if ((size_t)end != len || year < 0 || !is_in_range(&tm))
		return false;
	tm.tm_year = year - YEAR_0;
	*ret = timegm(&tm);
	return true;
}
