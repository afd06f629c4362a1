/*
 * saved - what is kept of all paths, in a file while the sidecar restarts.
 *
 * A sidecar that stops writes it, and the next one reads it, once: after a crash there
 * is none, and nothing of an older one could be taken for the present. The body is
 * numbers in network byte order and blobs, as wire.h has them:
 *
 *     u64   since      what was said before cannot be vouched for: Unix time in ms
 *     for each path:
 *       blob  name
 *       u32   messages, seconds    its limits
 *       u64   since
 *       u32   n          origins
 *       n times: u64 origin, latest, latest_ms, gone, gone_ms
 *       u32   n          messages, oldest first
 *       n times: u8 binary, u64 time, u32 origin (its index), u64 number, u64 except, blob data
 */
#ifndef SIDECAR_SAVED_H
#define SIDECAR_SAVED_H

#include <stdint.h>

#include "shared/buf.h"
#include "shared/span.h"

struct hub;

enum { SAVED_PATH_BYTES = 4096 }; /* of what is not messages, for each path; a file may be so much larger than they */

/* Reads the file, and takes it away. One that is damaged is put aside, and the log says so. Returns 0 or -ENOMEM. */
int saved_load(struct hub *hub, const char *path);

/* Writes it; the log says when that fails. */
void saved_save(const struct hub *hub, const char *path);

/* --- its bytes ------------------------------------------------------------------------ */

void saved_put(const struct hub *hub, struct buf *ret);

/* Takes all of a file, or nothing of a damaged one. Returns 0, -EBADMSG or -ENOMEM. */
int saved_take(struct hub *hub, struct span file);

#endif
