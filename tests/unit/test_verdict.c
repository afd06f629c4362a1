#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/ws/verdict.h"
#include "tests/tap.h"

/* wait(2)'s statuses, as W_EXITCODE() of glibc makes them. */
static int
exited(int status)
{
	return status << 8;
}

static void
a_crash_is_blamed_and_a_kill_is_not(void)
{
	static const int crashes[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP, SIGXCPU, SIGXFSZ };
	static const int others[] = { SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGALRM, SIGPIPE };
	bool fine = true;

	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		fine &= verdict_is_own_doing(crashes[i]) && verdict_is_own_doing(crashes[i] | 0x80);
	OK(fine, "a signal that a program brings upon itself, with a core or without");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		fine &= !verdict_is_own_doing(others[i]);
	OK(fine, "not one that others send");
	OK(verdict_is_own_doing(exited(0)) && verdict_is_own_doing(exited(3)),
	    "but exit() in a handler, whatever it says");
}

static void
an_end_has_a_text(void)
{
	char text[VERDICT_TEXT];

	verdict_describe(SIGSEGV, text);
	OK(strcmp(text, "SIGSEGV") == 0, "a signal's name");
	verdict_describe(SIGRTMIN + 1, text);
	OK(strncmp(text, "signal-", 7) == 0 && atoi(text + 7) == SIGRTMIN + 1, "its number when it has none");
	verdict_describe(exited(2), text);
	OK(strcmp(text, "exit-2") == 0, "an exit status");
}

static void
the_delay_grows_up_to_its_limit(void)
{
	OK(verdict_delay_ms(1) == 0 && verdict_delay_ms(VERDICT_FREE_DEATHS) == 0, "the first are replaced at once");
	OK(verdict_delay_ms(VERDICT_FREE_DEATHS + 1) == VERDICT_DELAY_MS, "then there is a delay");
	OK(verdict_delay_ms(VERDICT_FREE_DEATHS + 2) == 2 * VERDICT_DELAY_MS, "which doubles");
	OK(verdict_delay_ms(VERDICT_FREE_DEATHS + 10) == VERDICT_MAX_DELAY_MS &&
		verdict_delay_ms(4000000000u) == VERDICT_MAX_DELAY_MS,
	    "up to its limit");
}

static void
what_takes_too_long_is_overdue(void)
{
	OK(!verdict_is_overdue(10000, 0, 12999, 3) && verdict_is_overdue(10000, 0, 13000, 3), "after its time");
	OK(!verdict_is_overdue(10000, 12000, 14999, 3) && verdict_is_overdue(10000, 12000, 15000, 3),
	    "which begins anew when nobody could look");
	OK(!verdict_is_overdue(0, 0, INT64_MAX, 0), "without a limit never");
}

int
main(void)
{
	a_crash_is_blamed_and_a_kill_is_not();
	an_end_has_a_text();
	the_delay_grows_up_to_its_limit();
	what_takes_too_long_is_overdue();
	return tap_done();
}
