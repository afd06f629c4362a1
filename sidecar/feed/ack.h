/*
 * ack - what a worker's acknowledgement does.
 *
 * With an event's acknowledgement come the commands of its handler: they take
 * effect at once and together, and once only.
 */
#ifndef SIDECAR_ACK_H
#define SIDECAR_ACK_H

#include <stdint.h>

struct feed;
struct wire_record;
struct worker;

/* Returns 0, or -ESTALE when the worker is not this event's present holder. */
int ack_take(struct feed *feed, struct worker *worker, const struct wire_record *record, uint64_t now_us);

#endif
