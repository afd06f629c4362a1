/*
 * statefile - a file that one run of the sidecar leaves for the next.
 *
 * It is named like the bus's socket, with a suffix, and lies in the first folder of
 * STATE_DIRECTORY, or else beside the socket. It is written aside and renamed, so that
 * there is the old one or the new one; nothing is synced, and who reads it must see
 * whether it is damaged.
 */
#ifndef SIDECAR_STATEFILE_H
#define SIDECAR_STATEFILE_H

#include <stddef.h>

#include "shared/buf.h"
#include "shared/span.h"

/* state_directory is NULL or "" for none. The caller frees the path; NULL when out of memory. */
char *statefile_path(const char *bus_path, const char *state_directory, const char *suffix);

/* Reads all of a regular file of at most max_bytes. Returns 0, -EFBIG, -EBADMSG for what is no file, or another errno.
 */
int statefile_read(const char *path, size_t max_bytes, struct buf *ret);

/* Writes it, for this user alone to read. Returns 0 or a negative errno. */
int statefile_write(const char *path, struct span bytes);

/* Appends the first line of a file: what it is, its version and a checksum of what follows. */
void statefile_put_head(struct buf *ret, const char *what, struct span body);

/* The body of a file whose first line is just what it would be for it. Returns 0, -EBADMSG or -ENOMEM. */
int statefile_body(struct span file, const char *what, struct span *ret);

#endif
