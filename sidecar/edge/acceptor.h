/*
 * acceptor - takes connections from listening sockets, on the loop.
 *
 * The log has a line for each address; with port 0 it tells the port that the
 * system chose.
 */
#ifndef SIDECAR_ACCEPTOR_H
#define SIDECAR_ACCEPTOR_H

#include <stdbool.h>
#include <uv.h>

enum { ACCEPTOR_BUDGET = 64 }; /* connections accepted per loop turn */

struct acceptor;
struct conf;

/* Whom connections are for. */
struct acceptor_taker {
	/* Takes fd, which is non-blocking; ip is the peer's address, "" on a unix socket. */
	void (*take)(void *context, int fd, const char *ip);
	void *context;
	unsigned rest; /* descriptors that are left to others: see descriptors.h */
};

/*
 * Listens on each of a comma-separated list of addresses (see shared/listener.h),
 * for a taker, which is copied.
 * On failure those before it stay, and the log names the address. Returns 0 or
 * a negative errno.
 */
int acceptors_open(struct acceptor **list, uv_loop_t *loop, const struct conf *conf, const char *addresses,
    const struct acceptor_taker *taker);

/*
 * Takes the sockets that systemd passed on (sd_listen_fds(3)), from which
 * acceptors_tick() begins to accept. Returns their number or a negative errno.
 */
int acceptors_adopt(struct acceptor **list, uv_loop_t *loop, const struct acceptor_taker *taker);

/* Each 100 ms while not all do: begins to accept, or does so again after the process ran out of descriptors. */
void acceptors_tick(struct acceptor *list);

/* True when each of them accepts. */
bool acceptors_accept(const struct acceptor *list);

/* Stops accepting and frees all, once the loop has run again. */
void acceptors_close(struct acceptor **list);

#endif
