#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/bus.h"
#include "shared/username.h"
#include "sidecar/hub/hub.h"
#include "sidecar/relay/inbox.h"
#include "sidecar/relay/inquiry.h"
#include "sidecar/relay/state.h"
#include "sidecar/relay/tell.h"
#include "sidecar/relay/transport.h"

struct inquiry {
	struct bus_peer peer;
	uint64_t id;
	uint64_t question; /* the sequence of ours */
	uint64_t until_ms;
	int64_t expected; /* answers, or -1: not known yet */
	uint32_t n_answers;
	uint32_t sum; /* of other hosts */
	struct inquiry *prev, *next;
	size_t topic_len;
	char topic[];
};

uint32_t
inquiry_count_here(const struct relay *relay, struct span topic)
{
	const struct path *path;
	const struct user *user;
	struct span name;

	if (relay_topic_user(topic, &name)) {
		user = users_find(&relay->hub->users, name);
		return user == NULL ? 0 : user->n;
	}
	path = hub_find_path(relay->hub, topic.data, topic.len);
	return path == NULL ? 0 : path->count;
}

/* A user's channel is heard here as well, while he is here. */
static bool
hears_itself(const struct relay *relay, const struct inquiry *inquiry)
{
	const struct user *user;
	struct span name;

	if (!relay_topic_user((struct span){ inquiry->topic, inquiry->topic_len }, &name))
		return false;
	user = users_find(&relay->hub->users, name);
	return user != NULL && user->inbox != NULL && user->inbox->heard;
}

static void
end_inquiry(struct relay *relay, struct inquiry *inquiry)
{
	uint32_t here = inquiry_count_here(relay, (struct span){ inquiry->topic, inquiry->topic_len });

	DL_DELETE(relay->inquiries, inquiry);
	relay->n_inquiries--;
	relay->events->counted(relay->context, &inquiry->peer, inquiry->id, inquiry->sum + here);
	free(inquiry);
}

static void
end_inquiry_if_complete(struct relay *relay, struct inquiry *inquiry)
{
	if (inquiry->expected >= 0 && inquiry->n_answers >= inquiry->expected)
		end_inquiry(relay, inquiry);
}

/* False when nobody is to be asked: it is known, or about to be, or there is no such thing. */
static bool
find_topic(const struct relay *relay, const struct wire_command *command, char text[static RELAY_TOPIC_BYTES],
    struct span *ret)
{
	const struct path *path;

	if (command->type == WIRE_USER_COUNT) {
		if (!username_is_valid(command->key))
			return false;
		*ret = relay_user_topic(command->key, text);
		return true;
	}
	path = hub_find_path(relay->hub, command->key.data, command->key.len);
	*ret = command->key;
	return command->key.len <= PATH_MAX_BYTES && (path == NULL || path->channel == NULL);
}

static struct inquiry *
inquiry_new(struct span topic)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry) + topic.len);

	if (inquiry == NULL)
		return NULL;
	inquiry->expected = -1;
	inquiry->topic_len = topic.len;
	memcpy(inquiry->topic, topic.data, topic.len);
	return inquiry;
}

bool
inquiry_begin(struct relay *relay, const struct wire_command *command, const struct bus_peer *peer, uint64_t id)
{
	char text[RELAY_TOPIC_BYTES];
	struct inquiry *inquiry;
	struct span topic;

	if (!relay->transport->up || relay->n_inquiries >= RELAY_INQUIRIES || !find_topic(relay, command, text, &topic))
		return false;
	inquiry = inquiry_new(topic);
	if (inquiry == NULL)
		return false;
	inquiry->peer = *peer;
	inquiry->id = id;
	inquiry->until_ms = relay_hold(relay);
	DL_APPEND(relay->inquiries, inquiry);
	relay->n_inquiries++;
	inquiry->question = relay_tell_count(relay, topic, 0, ENVELOPE_ASKS);
	return true;
}

static struct inquiry *
find_inquiry(const struct relay *relay, uint64_t question)
{
	struct inquiry *inquiry;

	DL_SEARCH_SCALAR(relay->inquiries, inquiry, question, question);
	return inquiry;
}

void
inquiries_take_answer(struct relay *relay, const struct envelope *envelope)
{
	struct inquiry *inquiry = find_inquiry(relay, envelope->question);

	if (inquiry == NULL)
		return;
	inquiry->n_answers++;
	inquiry->sum += envelope->count;
	end_inquiry_if_complete(relay, inquiry);
}

bool
inquiries_told(struct relay *relay, uint64_t question, uint32_t receivers)
{
	struct inquiry *inquiry = find_inquiry(relay, question);

	if (inquiry == NULL)
		return false;
	inquiry->expected = (int64_t)receivers - hears_itself(relay, inquiry);
	end_inquiry_if_complete(relay, inquiry);
	return true;
}

bool
inquiries_tick(struct relay *relay, uint64_t now_ms)
{
	while (relay->inquiries != NULL && now_ms >= relay->inquiries->until_ms)
		end_inquiry(relay, relay->inquiries);
	return relay->inquiries != NULL;
}
