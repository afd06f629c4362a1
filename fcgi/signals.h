/*
 * signals - SIGTERM and SIGINT, which ask a server to stop, and what a parent hears.
 *
 * They are blocked before anything listens, so that no connection is taken by a
 * process that a signal still ends at once, and arrive as a descriptor.
 */
#ifndef FCGI_SIGNALS_H
#define FCGI_SIGNALS_H

/* Blocks them in this thread, and in those that it will make. */
void signals_block(void);

/* Blocks them, and returns a signalfd(2) that does not wait, or a negative errno. The caller closes it. */
int signals_open(void);

/* The same, and SIGHUP and SIGCHLD as well: for a process that has others to look after. */
int signals_open_parent(void);

#endif
