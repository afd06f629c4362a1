#include <stdlib.h>
#include <utlist.h>

#include "shared/log.h"
#include "sidecar/hub/hub.h"
#include "sidecar/relay/inbox.h"
#include "sidecar/relay/repair.h"
#include "sidecar/relay/state.h"
#include "sidecar/relay/tell.h"
#include "sidecar/relay/transport.h"

static void
stop_holding(struct relay *relay, struct inbox *inbox)
{
	if (inbox->prev == NULL)
		return;
	DL_DELETE(relay->inboxes, inbox);
	inbox->prev = inbox->next = NULL;
}

static void
release(struct relay *relay, struct inbox *inbox)
{
	stop_holding(relay, inbox);
	if (inbox->user->held)
		relay->events->heard_for(relay->context, inbox->user);
}

static void
subscribe(struct relay *relay, struct inbox *inbox)
{
	char name[RELAY_NAME_BYTES];

	inbox->heard = false;
	inbox->ticket = relay->transport->calls->subscribe(
	    relay->transport, relay_user_channel(relay, users_span(inbox->user), name));
}

void
inbox_open(struct relay *relay, struct user *user)
{
	struct inbox *inbox = calloc(1, sizeof(*inbox));

	if (inbox == NULL) {
		log_limited(LOG_LEVEL_ERROR, "user not relayed user=%s error=out-of-memory", user->name);
		return;
	}
	inbox->user = inbox->lines.user = user;
	inbox->lines.since_ms = relay_now_ms(relay);
	user->inbox = inbox;
	user->lines = &inbox->lines;
	if (!relay->transport->connected) {
		inbox->missed = true;
		return;
	}
	subscribe(relay, inbox);
	if (!relay->transport->up)
		return;
	user->held = true;
	inbox->hold_ms = relay_hold(relay);
	DL_APPEND(relay->inboxes, inbox);
}

static void
inbox_free(struct relay *relay, struct inbox *inbox)
{
	stop_holding(relay, inbox);
	repair_channel_gone(relay, &inbox->lines);
	inbox->user->inbox = NULL;
	inbox->user->lines = NULL;
	free(inbox);
}

void
inbox_close(struct relay *relay, struct user *user)
{
	char name[RELAY_NAME_BYTES];

	if (user->inbox == NULL)
		return;
	if (relay->transport->connected)
		relay->transport->calls->unsubscribe(
		    relay->transport, relay_user_channel(relay, users_span(user), name));
	inbox_free(relay, user->inbox);
}

void
inboxes_free(struct relay *relay)
{
	struct user *user, *next;

	HASH_ITER(hh, relay->hub->users.by_name, user, next)
		if (user->inbox != NULL)
			inbox_free(relay, user->inbox);
}

void
inboxes_subscribe(struct relay *relay)
{
	struct user *user, *next;

	HASH_ITER(hh, relay->hub->users.by_name, user, next)
		if (user->inbox != NULL)
			subscribe(relay, user->inbox);
}

void
inbox_subscribed(struct relay *relay, struct inbox *inbox, uint64_t ticket)
{
	if (inbox->ticket != ticket || inbox->heard)
		return;
	inbox->heard = true;
	if (inbox->missed)
		repair_channel(relay, &inbox->lines);
	else
		inbox->lines.since_ms = relay_now_ms(relay);
	inbox->missed = false;
	release(relay, inbox);
}

void
inboxes_part(struct relay *relay)
{
	struct user *user, *next;

	HASH_ITER(hh, relay->hub->users.by_name, user, next) {
		if (user->inbox == NULL)
			continue;
		user->inbox->heard = false;
		user->inbox->missed = true;
		release(relay, user->inbox);
	}
}

bool
inboxes_tick(struct relay *relay, uint64_t now_ms)
{
	while (relay->inboxes != NULL && now_ms >= relay->inboxes->hold_ms)
		release(relay, relay->inboxes);
	return relay->inboxes != NULL;
}
