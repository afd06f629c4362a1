#include <stddef.h>

#include "sidecar/feed/answering.h"
#include "sidecar/feed/lane.h"
#include "sidecar/feed/once.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/control.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"

struct question
answering_begin(struct hub *hub, struct event *event)
{
	struct question question = { .number = event->number, .client = event->client, .outcome = event->outcome };

	if (event->outcome != NULL)
		question.client = hub_find(hub, &event->outcome->waiting);
	event->outcome = NULL;
	return question;
}

void
answering_end(struct hub *hub, struct once *once, struct question *question, const char *why)
{
	if (question->answer == NULL) {
		question->answer =
		    why == NULL ? control_answered(question->number) : control_not_answered(question->number, why);
		question_tell(hub, question->client, question->answer == NULL ? NULL : frame_ref(question->answer));
	}
	if (question->outcome != NULL)
		once_settle(once, question->outcome, question->answer);
	frame_unref(question->answer);
}

void
answering_drop(struct hub *hub, struct once *once, struct question *question, const struct client *sender)
{
	if (question->outcome == NULL)
		return;
	once_drop(once, question->outcome);
	if (question->client != NULL && question->client != sender)
		question_tell(hub, question->client, control_not_answered(question->number, "again"));
}
