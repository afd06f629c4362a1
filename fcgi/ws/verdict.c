#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "fcgi/ws/verdict.h"

bool
verdict_is_own_doing(int wait_status)
{
	if (!WIFSIGNALED(wait_status))
		return WIFEXITED(wait_status);
	switch (WTERMSIG(wait_status)) {
	case SIGABRT:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGSEGV:
	case SIGSYS:
	case SIGTRAP:
	case SIGXCPU:
	case SIGXFSZ:
		return true;
	}
	return false;
}

void
verdict_describe(int wait_status, char ret[static VERDICT_TEXT])
{
	const char *name;

	if (!WIFSIGNALED(wait_status)) {
		snprintf(ret, VERDICT_TEXT, "exit-%d", WEXITSTATUS(wait_status));
		return;
	}
	name = sigabbrev_np(WTERMSIG(wait_status));
	if (name != NULL)
		snprintf(ret, VERDICT_TEXT, "SIG%s", name);
	else
		snprintf(ret, VERDICT_TEXT, "signal-%d", WTERMSIG(wait_status));
}

int64_t
verdict_delay_ms(unsigned deaths)
{
	int64_t ms = VERDICT_DELAY_MS;

	if (deaths <= VERDICT_FREE_DEATHS)
		return 0;
	while (--deaths > VERDICT_FREE_DEATHS && ms < VERDICT_MAX_DELAY_MS)
		ms *= 2;
	return ms < VERDICT_MAX_DELAY_MS ? ms : VERDICT_MAX_DELAY_MS;
}

bool
verdict_is_overdue(int64_t since_ms, int64_t back_ms, int64_t now_ms, uint32_t timeout_s)
{
	int64_t from_ms = since_ms > back_ms ? since_ms : back_ms;

	return timeout_s > 0 && now_ms - from_ms >= 1000 * (int64_t)timeout_s;
}
