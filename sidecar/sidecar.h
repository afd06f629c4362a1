/*
 * sidecar - the daemon: all its parts, and the one loop that waits for them.
 *
 * A turn of the loop: sockets are read, then the bus is drained within its
 * budget, then everything that came of it is written, then the loop waits.
 */
#ifndef SIDECAR_SIDECAR_H
#define SIDECAR_SIDECAR_H

struct conf;
struct keys;

/* Tries the libraries that are only loaded at run time. Returns the exit status, after a message when it is not 0. */
int sidecar_check(void);

/* Serves until SIGTERM or SIGINT. Borrows both. Returns the process's exit status. */
int sidecar_run(struct conf *conf, const struct keys *keys);

#endif
