#include <errno.h>

#include "sidecar/hub/batch.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/question.h"

/* Who is listed, and not parting, has not been sent its close frame yet. */
static bool
hears(const struct client *client)
{
	return client != NULL && !client->socket.broken &&
	    (client->place.state == CLIENT_JOINED ||
		(client->place.state == CLIENT_CLOSING && client->ending.prev != NULL && !client->ending.parting));
}

int
question_answer(struct hub *hub, struct question *question, struct frame *answer)
{
	if (answer == NULL)
		return -ENOMEM;
	if (hears(question->client) && batch_send(&hub->batches, question->client, frame_ref(answer)) < 0) {
		frame_unref(answer);
		return -ENOMEM;
	}
	question->answer = answer;
	return 0;
}

void
question_tell(struct hub *hub, struct client *client, struct frame *frame)
{
	if (!hears(client)) {
		frame_unref(frame);
		return;
	}
	if (frame == NULL || batch_send(&hub->batches, client, frame) < 0)
		client_drop(client, "out-of-memory");
}
