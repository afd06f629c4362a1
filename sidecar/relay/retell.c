#include <errno.h>

#include "shared/conf.h"
#include "sidecar/relay/kept.h"
#include "sidecar/relay/retell.h"
#include "sidecar/relay/state.h"
#include "sidecar/relay/tell.h"
#include "sidecar/relay/transport.h"

/* The channel that the host means. */
static struct span
find_channel(const struct relay *relay, const struct host *host, struct span topic, char ret[static RELAY_NAME_BYTES])
{
	return topic.len == 0 ? relay_host_channel(relay, host->origin, ret) : relay_topic_channel(relay, topic, ret);
}

/* New commands have the greater part of the room for what waits. */
static bool
has_room(const struct relay *relay)
{
	return relay->transport->calls->waiting_bytes(relay->transport) < relay->conf->ws_backplane_queue_bytes / 4;
}

static int
publish(struct relay *relay, struct span to)
{
	int r = relay->out.failed ? -ENOMEM : 0;

	relay->out.failed = false;
	return r < 0 ? r : relay->transport->calls->publish(relay->transport, to, span_of_buf(&relay->out), NULL);
}

static int
tell_command(struct relay *relay, struct span to, const struct kept_message *message, bool previous_known)
{
	buf_clear(&relay->out);
	envelope_put_again(&relay->out, (struct span){ message->data, message->len }, previous_known);
	return publish(relay, to);
}

static void
tell_end(struct relay *relay, struct span to, const struct envelope *repair, uint16_t flags)
{
	struct envelope repaired = {
		.type = ENVELOPE_REPAIRED, .flags = flags, .question = repair->sequence, .path = repair->path
	};

	relay_put_state(relay, &repaired);
	publish(relay, to);
}

void
retell(struct relay *relay, const struct host *host, const struct envelope *repair)
{
	char channel_name[RELAY_NAME_BYTES], to_name[RELAY_NAME_BYTES];
	uint64_t now_ms = relay_now_ms(relay);
	uint64_t since_ms = now_ms > repair->age_ms ? now_ms - repair->age_ms : 0;
	struct span channel, to = relay_host_channel(relay, host->origin, to_name);
	const struct kept_message *message;
	size_t bytes = 0;
	bool lost, first = true;

	if (repair->path.len > PATH_MAX_BYTES || !has_room(relay))
		return; /* it asks again */
	channel = find_channel(relay, host, repair->path, channel_name);
	message = kept_after(&relay->kept, channel, repair->after, since_ms, &lost);
	for (; message != NULL && bytes < RELAY_RETELL_BYTES; message = message->sibling) {
		if (tell_command(relay, to, message, !(first && lost)) < 0)
			return;
		bytes += message->len;
		first = false;
	}
	tell_end(relay, to, repair, (message != NULL ? ENVELOPE_MORE : 0) | (lost ? ENVELOPE_LOST : 0));
}
