#include <stdio.h>
#include <string.h>

#include "shared/conf.h"
#include "sidecar/relay/state.h"
#include "sidecar/relay/tell.h"
#include "sidecar/relay/transport.h"

struct span
relay_path_channel(const struct relay *relay, struct span path, char ret[static RELAY_NAME_BYTES])
{
	int n =
	    snprintf(ret, RELAY_NAME_BYTES, "%s:ws:%.*s", relay->conf->ws_backplane_prefix, (int)path.len, path.data);

	return (struct span){ ret, (size_t)n };
}

struct span
relay_user_channel(const struct relay *relay, struct span user, char ret[static RELAY_NAME_BYTES])
{
	int n =
	    snprintf(ret, RELAY_NAME_BYTES, "%s:user:%.*s", relay->conf->ws_backplane_prefix, (int)user.len, user.data);

	return (struct span){ ret, (size_t)n };
}

struct span
relay_user_topic(struct span user, char ret[static RELAY_TOPIC_BYTES])
{
	ret[0] = '@';
	memcpy(ret + 1, user.data, user.len);
	return (struct span){ ret, 1 + user.len };
}

bool
relay_topic_user(struct span topic, struct span *ret)
{
	if (topic.len == 0 || topic.data[0] != '@')
		return false;
	*ret = span_from(topic, 1);
	return true;
}

struct span
relay_topic_channel(const struct relay *relay, struct span topic, char ret[static RELAY_NAME_BYTES])
{
	struct span user;

	return relay_topic_user(topic, &user) ? relay_user_channel(relay, user, ret)
					      : relay_path_channel(relay, topic, ret);
}

struct span
relay_host_channel(const struct relay *relay, uint64_t origin, char ret[static RELAY_NAME_BYTES])
{
	int n = snprintf(
	    ret, RELAY_NAME_BYTES, "%s:host:%08x", relay->conf->ws_backplane_prefix, envelope_instance(origin));

	return (struct span){ ret, (size_t)n };
}

struct span
relay_put(struct relay *relay, const struct envelope *envelope)
{
	buf_clear(&relay->out);
	envelope_put(&relay->out, envelope);
	return span_of_buf(&relay->out);
}

struct span
relay_put_state(struct relay *relay, struct envelope *envelope)
{
	envelope->origin = relay->origin;
	envelope->sequence = ++relay->state_sequence;
	return relay_put(relay, envelope);
}

uint64_t
relay_tell(struct relay *relay, struct span channel, struct envelope *envelope)
{
	bool asks = envelope->flags & ENVELOPE_ASKS;
	struct span message = relay_put_state(relay, envelope);

	if (!relay->out.failed)
		relay->transport->calls->tell(relay->transport, channel, message, asks ? envelope->sequence : 0);
	return envelope->sequence;
}

uint64_t
relay_tell_count(struct relay *relay, struct span topic, uint32_t count, uint16_t flags)
{
	struct envelope envelope = { .type = ENVELOPE_COUNT, .flags = flags, .count = count, .path = topic };
	char name[RELAY_NAME_BYTES];

	return relay_tell(relay, relay_topic_channel(relay, topic, name), &envelope);
}
