/*
 * crash - a process that dies of a fault of its own says where, while TINA4_DEBUG
 * is on.
 *
 * It writes a line and the calls that led there to standard error, as addresses
 * within files, which addr2line(1) makes into lines of source; then it dies as it
 * would have.
 */
#ifndef FCGI_CRASH_H
#define FCGI_CRASH_H

/* For the process. A handler of such a signal that is there already, such as a sanitizer's, stays. */
void crash_tell(void);

/* For each thread: it has a stack to tell with when its own is used up. Both do nothing without crash_tell(). */
void crash_prepare_thread(void);
void crash_release_thread(void);

#endif
