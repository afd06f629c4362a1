/*
 * notify - tells systemd how the process stands: the protocol of sd_notify(3).
 *
 * It is one datagram per fact, so no library is needed for it. Without
 * NOTIFY_SOCKET in the environment all of it does nothing.
 */
#ifndef SHARED_NOTIFY_H
#define SHARED_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd;               /* -1 when nobody listens */
	uint64_t watchdog_ms; /* WATCHDOG=1 is expected that often, 0 for never */
	uint64_t told_ms;     /* when it was told last */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* What systemd knows by name; text, which may be NULL, is what an administrator reads. */
void notify_ready(const struct notify *notify, const char *text);
void notify_reloading(const struct notify *notify);
void notify_stopping(const struct notify *notify, const char *text);

/* Each second, from the loop: a loop that does not turn is killed and started anew. */
void notify_tick(struct notify *notify, uint64_t now_ms);

#endif
