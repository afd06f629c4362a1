#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/crash.h"

enum {
	CALLS_MAX = 64,
	OWN_CALLS = 2, /* the handler, and what the kernel calls it by */
	STACK_BYTES = 64 << 10,
};

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
static bool tells;
static _Thread_local void *stack;

static void
put(const char *text)
{
	(void)!write(STDERR_FILENO, text, strlen(text));
}

static void
put_hex(uintptr_t number)
{
	char digits[2 * sizeof(number) + 1], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do
		*--at = "0123456789abcdef"[number % 16];
	while ((number /= 16) > 0);
	put(at);
}

/* Most addresses are where a call returns to: the call itself is before that. */
static void
put_call(const void *address, bool is_return)
{
	Dl_info info;

	if (dladdr(address, &info) == 0)
		return;
	put("    at ");
	put(info.dli_fname);
	put("+0x");
	put_hex((uintptr_t)address - (uintptr_t)info.dli_fbase - is_return);
	put("\n");
}

/* Only what is safe here: signal-safety(7), and backtrace(3) once it has been called before. */
static void
on_crash(int signal)
{
	void *calls[CALLS_MAX];
	int n = backtrace(calls, CALLS_MAX);

	put(program_invocation_short_name);
	put(": error: crashed signal=SIG");
	put(sigabbrev_np(signal));
	put("\n");
	for (int i = OWN_CALLS; i < n; i++)
		put_call(calls[i], i > OWN_CALLS);
	raise(signal); /* with its default again */
}

void
crash_tell(void)
{
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_ONSTACK | SA_NODEFER },
			 before;
	void *call;

	backtrace(&call, 1); /* the first one loads a library */
	tells = true;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
	crash_prepare_thread();
}

void
crash_prepare_thread(void)
{
	stack_t new = { .ss_size = STACK_BYTES }, before;

	if (!tells || stack != NULL || sigaltstack(NULL, &before) < 0 || (before.ss_flags & SS_DISABLE) == 0)
		return;
	stack = new.ss_sp = malloc(STACK_BYTES);
	if (stack != NULL)
		sigaltstack(&new, NULL);
}

void
crash_release_thread(void)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	if (stack == NULL)
		return;
	sigaltstack(&none, NULL);
	free(stack);
	stack = NULL;
}
