#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "sidecar/hub/hub.h"
#include "sidecar/hub/memory.h"
#include "sidecar/feed/lane.h"
#include "sidecar/feed/workers.h"

void
lane_unlist(struct lane *lane)
{
	if (lane->list == NULL)
		return;
	DL_DELETE2(*lane->list, lane, prev_listed, next_listed);
	lane->list = NULL;
}

void
lane_list(struct lane *lane, struct lane **where)
{
	if (lane->list == where)
		return;
	lane_unlist(lane);
	DL_APPEND2(*where, lane, prev_listed, next_listed);
	lane->list = where;
}

void
lane_set_holder(struct lane *lane, struct worker *worker)
{
	if (lane->holder != NULL)
		lane->holder->bytes -= lane->bytes;
	lane->holder = worker;
	if (worker != NULL)
		worker->bytes += lane->bytes;
}

int
lane_make(struct path *path)
{
	if (path->lane != NULL)
		return 0;
	path->lane = calloc(1, sizeof(*path->lane));
	if (path->lane == NULL)
		return -ENOMEM;
	path->lane->path = path;
	return 0;
}

void
lane_free(struct lane *lane)
{
	lane_unlist(lane);
	lane_set_holder(lane, NULL);
	free(lane);
}

size_t
event_bytes(const struct event *event)
{
	return sizeof(*event) + event->len;
}

/* Its data is also on its way to a worker. */
static size_t
memory_of(const struct event *event)
{
	return sizeof(*event) + 2 * event->len;
}

struct event *
event_new(enum wire_event_kind kind, const void *data, size_t len)
{
	struct event *event = malloc(sizeof(*event) + len);

	if (event == NULL)
		return NULL;
	memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->len = len;
	if (len > 0)
		memcpy(event->data, data, len);
	memory_add(memory_of(event));
	return event;
}

void
event_free(struct event *event)
{
	if (event == NULL)
		return;
	memory_remove(memory_of(event));
	free(event);
}
