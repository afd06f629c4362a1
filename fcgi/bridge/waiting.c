#include <stdlib.h>
#include <string.h>

#include "fcgi/bridge/waiting.h"

struct waiting *
waiting_new(const struct wire_event *event)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting) + event->data.len);

	if (waiting == NULL)
		return NULL;
	waiting->event = *event;
	if (event->data.len > 0)
		memcpy(waiting->data, event->data.data, event->data.len);
	waiting->event.data.data = waiting->data;
	waiting->event.meta = waiting->event.attributes = SPAN_EMPTY;
	return waiting;
}
