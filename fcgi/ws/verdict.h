/*
 * verdict - what is to be thought of how a worker ended: whom it blames, and how
 * soon another one starts.
 *
 * All of it is a matter of wait(2)'s status and of arithmetic.
 */
#ifndef FCGI_VERDICT_H
#define FCGI_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict_limits {
	VERDICT_FREE_DEATHS = 3,     /* in a row: so many are followed by another worker at once */
	VERDICT_DELAY_MS = 100,      /* then this, which doubles ... */
	VERDICT_MAX_DELAY_MS = 1000, /* ... up to that */
	VERDICT_STEADY_MS = 1000,    /* a worker that served so long is not one of a row */
	VERDICT_AWAY_MS = 5000,      /* a supervisor that did not look for so long was stopped itself */
	VERDICT_TEXT = 64,
};

/*
 * True when the program itself did it: it crashed, or called exit(). A signal
 * that only others send (SIGKILL of an administrator or of the kernel that is out
 * of memory, SIGTERM, ...) says nothing about what was in hand.
 */
bool verdict_is_own_doing(int wait_status);

/* How it ended, for the log: "SIGSEGV" or "exit-1". */
void verdict_describe(int wait_status, char ret[static VERDICT_TEXT]);

/* Milliseconds until another one starts, after so many deaths in a row. */
int64_t verdict_delay_ms(unsigned deaths);

/*
 * True when what has gone on since since_ms is to end. After the supervisor was
 * away all time counts anew from back_ms on: its workers were stopped, too.
 */
bool verdict_is_overdue(int64_t since_ms, int64_t back_ms, int64_t now_ms, uint32_t timeout_s);

#endif
