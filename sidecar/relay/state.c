#include "sidecar/relay/state.h"
#include "sidecar/relay/transport.h"

uint64_t
relay_now_ms(const struct relay *relay)
{
	return relay->transport->calls->now_ms(relay->transport);
}

uint64_t
relay_hold(struct relay *relay)
{
	relay->waits = true;
	return relay_now_ms(relay) + RELAY_HOLD_MS;
}
