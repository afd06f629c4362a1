/*
 * descriptors - what is left of the file limit, and for whom.
 *
 * Who opens many connections must not take the last descriptor: clients leave
 * some to administrators and to the bus, and these leave some to each other and
 * to ourselves. Who finds too few waits in the backlog of the listener.
 *
 * libzmq 4.3 ends the process when accept(2) on the bus says EMFILE. So accept()
 * and accept4() of this program are ours: they refuse in the place of the kernel
 * before it comes to that, and libzmq's peer tries again.
 */
#ifndef SIDECAR_DESCRIPTORS_H
#define SIDECAR_DESCRIPTORS_H

enum descriptors_limits {
	DESCRIPTORS_OWN = 32,   /* for what is no connection: the log, epoll, Redis, a file to read */
	DESCRIPTORS_ADMIN = 32, /* for administrators, which peers on the bus leave */
	DESCRIPTORS_BUS = 256,  /* for the bus, which clients leave; a quarter of a limit that is small */
};

/* Says what the file limit is: before it, there is none. */
void descriptors_set_limit(unsigned limit);

/* How many whoever accepts clients, or administrators, must leave. */
unsigned descriptors_beside_clients(void);
unsigned descriptors_beside_admins(void);

/* How many may be opened now, so that so many are left. */
unsigned descriptors_spare(unsigned rest);

#endif
