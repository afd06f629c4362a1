/*
 * relay_inquiry - the count that an app asks for of a path, where this host has no
 * connection and so does not know it, or of a user.
 */
#ifndef SIDECAR_RELAY_INQUIRY_H
#define SIDECAR_RELAY_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"

struct bus_peer;
struct envelope;
struct relay;
struct wire_command;

/*
 * True when the count that the command, WIRE_COUNT or WIRE_USER_COUNT, wants is to be asked for: the relay's event
 * `counted` follows, now or within RELAY_HOLD_MS.
 */
bool inquiry_begin(struct relay *relay, const struct wire_command *command, const struct bus_peer *peer, uint64_t id);

/* Connections here that a question is about: on a path, or of a user. */
uint32_t inquiry_count_here(const struct relay *relay, struct span topic);

/* Takes a host's answer to one. */
void inquiries_take_answer(struct relay *relay, const struct envelope *envelope);

/* The transport says how many hosts have got the question. Returns false when it is no inquiry's. */
bool inquiries_told(struct relay *relay, uint64_t question, uint32_t receivers);

/* Ends those whose time is up, with what is known. Returns true while there are others. */
bool inquiries_tick(struct relay *relay, uint64_t now_ms);

#endif
