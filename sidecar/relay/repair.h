/*
 * relay_repair - takes commands of other hosts in their order, and asks for
 * what has not arrived.
 *
 * When a command names one before it that this host has not had, or when a
 * channel is subscribed again, its origin is asked, and tells again what it has
 * kept. What is later on that line is held back until then. An origin that does
 * not answer, or has not kept it, leaves a gap: that is counted, and the path's
 * clients of frond.1 are told.
 */
#ifndef SIDECAR_RELAY_REPAIR_H
#define SIDECAR_RELAY_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"

struct envelope;
struct host;
struct lines;
struct relay;

/* --- from other hosts ---------------------------------------------------------------- */

/* A command has come, data is how it was encoded: applied now, later, or as a double never. */
void repair_take(struct relay *relay, struct host *host, const struct envelope *command, struct span data);

/* The host has told again what it could. */
void repair_answered(struct relay *relay, struct host *host, const struct envelope *repaired);

/* It is heard no more, but may come back. */
void repair_host_gone(struct relay *relay, struct host *host);

/* It is heard again. */
void repair_host_back(struct relay *relay, struct host *host);

/* It is heard for the first time, but may have been there while we did not hear. */
void repair_host_new(struct relay *relay, struct host *host);

/* It has left, or is given up: what is missing of it is gone. */
void repair_forget_host(struct relay *relay, struct host *host);

/* --- from the channels ----------------------------------------------------------------- */

/* The channel was not heard for a while: every host is asked for what it has said meanwhile. */
void repair_channel(struct relay *relay, struct lines *lines);

/* Hosts that are not there have nothing to tell that is not stored, and had: nothing more of them is waited for. */
void repair_filled(struct relay *relay, struct lines *lines);

/* Frees all lines of a channel, and says nothing. */
void repair_channel_gone(struct relay *relay, struct lines *lines);

/* --- from the transport and the loop ------------------------------------------------------ */

/* What was asked may have been lost: it is asked again. */
void repair_ask_again(struct relay *relay);

/* Asks what is to be asked, as much as may be asked at once. */
void repair_flush(struct relay *relay);

/* Asks again, or gives up, what was not answered in time. Returns true while something is missing. */
bool repair_tick(struct relay *relay, uint64_t now_ms);

#endif
