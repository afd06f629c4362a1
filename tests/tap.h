/*
 * tap - claims that a test program makes, printed as TAP 12.
 *
 * OK() says a claim in words and goes on when it is false. A program ends with
 * `return tap_done();`.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

static inline bool
tap_ok(bool ok, const char *claim, const char *expression, const char *file, int line)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++tap_count, claim);
	if (!ok) {
		tap_failed++;
		printf("# %s:%d: %s\n", file, line, expression);
	}
	fflush(stdout);
	return ok;
}

#define OK(expression, claim) tap_ok((expression), (claim), #expression, __FILE__, __LINE__)

static inline int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed > 0;
}

#endif
