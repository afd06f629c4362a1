/*
 * relay_retell - tells a host again what it has missed of what this one said.
 *
 * As much as fits into one answer, and not before what is new has room: a host
 * that asks for more, or again, costs others nothing.
 */
#ifndef SIDECAR_RELAY_RETELL_H
#define SIDECAR_RELAY_RETELL_H

#include "shared/span.h"

struct envelope;
struct host;
struct relay;

/* The host asks. */
void retell(struct relay *relay, const struct host *host, const struct envelope *repair);

#endif
