/*
 * listener - our own listening sockets, on the loop.
 *
 * An address is "host:port", "[v6]:port" or "unix:/path". Port 0 lets the
 * system choose; the log line tells the port. A unix socket that another
 * process still listens on is refused, a stale one is replaced.
 */
#ifndef SIDECAR_LISTENER_H
#define SIDECAR_LISTENER_H

#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

enum { LISTENER_BUDGET = 64 }; /* connections accepted per loop turn */

struct listener;

/* Takes fd, which is non-blocking; ip is the peer's address, "" on a unix socket. */
typedef void listener_accept(void *context, int fd, const char *ip);

/*
 * Opens one listener per address of a comma-separated list; on failure those
 * before it stay. Logs what is wrong. Returns 0 or a negative errno.
 */
int listeners_open(struct listener **list, uv_loop_t *loop, const char *addresses, mode_t unix_mode,
    listener_accept *accept, void *context);

/* Adopts the sockets that systemd passed on (sd_listen_fds(3)). Returns their number or a negative errno. */
int listeners_adopt(struct listener **list, uv_loop_t *loop, listener_accept *accept, void *context);

/* Stops accepting and frees all, once the loop has run again. */
void listeners_close(struct listener **list);

#endif
