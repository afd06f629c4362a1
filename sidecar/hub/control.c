#include "sidecar/hub/batch.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/control.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/paths.h"

static const char gap[] = "r 0";

void
control_tell_gap(struct batches *batches, struct path *path)
{
	struct frame *frame = frame_new_control((struct span){ gap, sizeof(gap) - 1 });

	/* Without memory it goes unsaid, as the message did. */
	for (uint32_t i = 0; frame != NULL && i < path->n_members; i++)
		if (path->members[i]->ping.frond)
			batch_send(batches, path->members[i], frame_ref(frame));
	frame_unref(frame);
}

bool
control_take_text(struct span *text)
{
	if (text->len == 0 || text->data[0] != '\0')
		return true;
	if (text->len == 1 || text->data[1] != '\0')
		return false; /* it has no verb that we know */
	text->data++;
	text->len--;
	return true;
}
