/*
 * httpdate - the dates of HTTP, RFC 9110 section 5.6.7. Pure, in any locale.
 */
#ifndef FCGI_HTTPDATE_H
#define FCGI_HTTPDATE_H

#include <stdbool.h>
#include <time.h>

enum { HTTPDATE_BYTES = 30 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" and its NUL */

/* Writes a time as IMF-fixdate; "" for one before year 0 or after year 9999. */
void httpdate_format(time_t time, char ret[static HTTPDATE_BYTES]);

/* Reads any of the three formats. Returns false for what is none of them. */
bool httpdate_parse(const char *text, time_t *ret);

#endif
