/*
 * guard - a process between us and a program, which ends it with all that it has
 * started when we are gone.
 *
 * The kernel can tell a child of its parent's death, prctl(2), but a shell in between
 * does not hand that on, and a program that hangs does not see that its input has
 * ended.
 */
#ifndef FCGI_BRIDGE_GUARD_H
#define FCGI_BRIDGE_GUARD_H

#include <sys/types.h>

/*
 * Starts a guard that lets a shell run the command, in a process group of its own,
 * with these two as its standard input and output. The guard ends as the program did.
 * SIGTERM makes it kill the group. The process must have one thread. Returns 0 or a
 * negative errno.
 */
int guard_start(const char *command, int in, int out, pid_t *ret);

#endif
