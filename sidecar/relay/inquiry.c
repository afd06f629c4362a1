#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/bus.h"
#include "sidecar/hub/hub.h"
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
	size_t path_len;
	char path[];
};

static void
end_inquiry(struct relay *relay, struct inquiry *inquiry)
{
	const struct path *here = hub_find_path(relay->hub, inquiry->path, inquiry->path_len);

	DL_DELETE(relay->inquiries, inquiry);
	relay->n_inquiries--;
	relay->events->counted(
	    relay->context, &inquiry->peer, inquiry->id, inquiry->sum + (here == NULL ? 0 : here->count));
	free(inquiry);
}

static void
end_inquiry_if_complete(struct relay *relay, struct inquiry *inquiry)
{
	if (inquiry->expected >= 0 && inquiry->n_answers >= inquiry->expected)
		end_inquiry(relay, inquiry);
}

bool
inquiry_begin(struct relay *relay, struct span path, const struct bus_peer *peer, uint64_t id)
{
	const struct path *here = hub_find_path(relay->hub, path.data, path.len);
	struct inquiry *inquiry;

	if (!relay->transport->up || relay->n_inquiries >= RELAY_INQUIRIES || path.len > PATH_MAX_BYTES)
		return false;
	if (here != NULL && here->channel != NULL)
		return false; /* it is known, or about to be */
	inquiry = calloc(1, sizeof(*inquiry) + path.len);
	if (inquiry == NULL)
		return false;
	inquiry->peer = *peer;
	inquiry->id = id;
	inquiry->until_ms = relay_hold(relay);
	inquiry->expected = -1;
	inquiry->path_len = path.len;
	memcpy(inquiry->path, path.data, path.len);
	DL_APPEND(relay->inquiries, inquiry);
	relay->n_inquiries++;
	inquiry->question = relay_tell_count(relay, path, 0, ENVELOPE_ASKS);
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
	inquiry->expected = receivers;
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
