#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/template/date.h"
#include "shared/buf.h"

static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August",
	"September", "October", "November", "December" };

/* --- reading ----------------------------------------------------------------------- */

/* Seconds that a zone is ahead of UTC: "", "Z", "+01:00" or "-0130". */
static bool
parse_zone(const char *text, int *ret)
{
	int hours, minutes, n = 0;

	*ret = 0;
	if (*text == '\0' || strcmp(text, "Z") == 0)
		return true;
	if (*text != '+' && *text != '-')
		return false;
	if ((sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &n) < 2 || text[1 + n] != '\0') &&
	    (sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &n) < 2 || text[1 + n] != '\0'))
		return false;
	*ret = (hours * 60 + minutes) * 60 * (*text == '-' ? -1 : 1);
	return true;
}

/* "T10:30:05.5" or " 10:30"; *ret_end is what follows. */
static bool
parse_time(const char *text, struct tm *tm, const char **ret_end)
{
	int n = 0;

	*ret_end = text;
	if (*text == '\0')
		return true;
	if ((*text != 'T' && *text != ' ') || sscanf(text + 1, "%2d:%2d%n", &tm->tm_hour, &tm->tm_min, &n) < 2)
		return false;
	text += 1 + n;
	if (*text == ':' && sscanf(text, ":%2d%n", &tm->tm_sec, &n) == 1)
		text += n;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	*ret_end = text;
	return true;
}

static bool
in_range(const struct tm *tm)
{
	return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour >= 0 &&
	    tm->tm_hour < 25 && tm->tm_min >= 0 && tm->tm_min < 60 && tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

bool
date_parse(struct span text, time_t *ret)
{
	struct tm tm = { 0 };
	char copy[40];
	const char *rest;
	int zone, n = 0;

	if (text.len >= sizeof(copy) || text.len == 0)
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (sscanf(copy, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &n) < 3)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (!parse_time(copy + n, &tm, &rest) || !parse_zone(rest, &zone) || !in_range(&tm))
		return false;
	*ret = timegm(&tm) - zone;
	return true;
}

/* --- writing -------------------------------------------------------------------------- */

static void
put_number(struct buf *buf, const char *format, long number)
{
	char printed[24];

	snprintf(printed, sizeof(printed), format, number);
	text_put(buf, span_of(printed));
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month(const struct tm *tm)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return lengths[tm->tm_mon] + (tm->tm_mon == 1 && is_leap(tm->tm_year + 1900));
}

/* What English says behind the number of a day. */
static const char *
ordinal(int day)
{
	static const char *const endings[] = { "th", "st", "nd", "rd" };

	return day / 10 == 1 || day % 10 > 3 ? endings[0] : endings[day % 10];
}

/* Letters that mean words. Returns NULL for others. */
static const char *
word_for(char letter, const struct tm *tm)
{
	switch (letter) {
	case 'D':
	case 'l':
		return days[tm->tm_wday];
	case 'M':
	case 'F':
		return months[tm->tm_mon];
	case 'a':
		return tm->tm_hour < 12 ? "am" : "pm";
	case 'A':
		return tm->tm_hour < 12 ? "AM" : "PM";
	case 'e':
	case 'T':
		return "UTC";
	case 'P':
		return "+00:00";
	case 'p':
		return "Z";
	case 'S':
		return ordinal(tm->tm_mday);
	case 'u':
		return "000000";
	case 'v':
		return "000";
	case 'O':
		return "+0000";
	default:
		return NULL;
	}
}

/* D and M are the first three letters. */
static void
put_word(struct buf *buf, char letter, const char *word)
{
	struct span text = span_of(word);

	if (letter == 'D' || letter == 'M')
		text.len = 3;
	text_put(buf, text);
}

/* Letters that mean numbers. Returns false for others. */
static bool
put_number_for(struct buf *buf, char letter, const struct tm *tm, time_t moment)
{
	static const struct {
		char letter;
		const char *format;
	} formats[] = {
		{ 'd', "%02ld" },
		{ 'j', "%ld" },
		{ 'N', "%ld" },
		{ 'w', "%ld" },
		{ 'z', "%ld" },
		{ 'm', "%02ld" },
		{ 'n', "%ld" },
		{ 't', "%ld" },
		{ 'L', "%ld" },
		{ 'Y', "%ld" },
		{ 'y', "%02ld" },
		{ 'g', "%ld" },
		{ 'G', "%ld" },
		{ 'h', "%02ld" },
		{ 'H', "%02ld" },
		{ 'i', "%02ld" },
		{ 's', "%02ld" },
		{ 'U', "%ld" },
		{ 'I', "%ld" },
		{ 'Z', "%ld" },
	};
	const long year = tm->tm_year + 1900L, hour12 = (tm->tm_hour + 11) % 12 + 1;
	const long numbers[] = { tm->tm_mday, tm->tm_mday, (tm->tm_wday + 6) % 7 + 1, tm->tm_wday, tm->tm_yday,
		tm->tm_mon + 1, tm->tm_mon + 1, days_in_month(tm), is_leap((int)year), year, year % 100, hour12,
		tm->tm_hour, hour12, tm->tm_hour, tm->tm_min, tm->tm_sec, (long)moment, 0, 0 };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (formats[i].letter != letter)
			continue;
		put_number(buf, formats[i].format, numbers[i]);
		return true;
	}
	return false;
}

/* The week and its year of ISO 8601, and the beat of Swatch's day, an hour ahead. */
static void
put_rare_number(struct buf *buf, char letter, const struct tm *tm, time_t moment)
{
	char text[16];
	long beat = (moment + 3600) % 86400;

	if (letter == 'B')
		put_number(buf, "%03ld", (beat + (beat < 0) * 86400L) * 1000 / 86400);
	else if (strftime(text, sizeof(text), letter == 'W' ? "%V" : "%G", tm) > 0)
		text_put(buf, span_of(text));
}

static void
put_letter(struct buf *buf, char letter, const struct tm *tm, time_t moment)
{
	const char *word = word_for(letter, tm);

	if (word != NULL)
		put_word(buf, letter, word);
	else if (letter == 'c')
		date_put(buf, moment, span_of("Y-m-d\\TH:i:sP"));
	else if (letter == 'r')
		date_put(buf, moment, span_of("D, d M Y H:i:s O"));
	else if (letter == 'o' || letter == 'W' || letter == 'B')
		put_rare_number(buf, letter, tm, moment);
	else if (!put_number_for(buf, letter, tm, moment))
		text_put(buf, (struct span){ &letter, 1 });
}

void
date_put(struct buf *buf, time_t moment, struct span format)
{
	struct tm tm;

	if (gmtime_r(&moment, &tm) == NULL)
		return;
	for (size_t i = 0; i < format.len; i++) {
		if (format.data[i] == '\\' && i + 1 < format.len)
			text_put(buf, (struct span){ format.data + ++i, 1 });
		else
			put_letter(buf, format.data[i], &tm, moment);
	}
}
