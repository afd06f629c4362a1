/*
 * relay_inquiry - the count of a path that an app asks for, where this host has
 * no connection and so does not know it.
 */
#ifndef SIDECAR_RELAY_INQUIRY_H
#define SIDECAR_RELAY_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"

struct bus_peer;
struct envelope;
struct relay;

/* True when path's count is to be asked for: the relay's event `counted` follows, now or within RELAY_HOLD_MS. */
bool inquiry_begin(struct relay *relay, struct span path, const struct bus_peer *peer, uint64_t id);

/* Takes a host's answer to one. */
void inquiries_take_answer(struct relay *relay, const struct envelope *envelope);

/* The transport says how many hosts have got the question. Returns false when it is no inquiry's. */
bool inquiries_told(struct relay *relay, uint64_t question, uint32_t receivers);

/* Ends those whose time is up, with what is known. Returns true while there are others. */
bool inquiries_tick(struct relay *relay, uint64_t now_ms);

#endif
