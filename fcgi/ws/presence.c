#include <errno.h>
#include <poll.h>

#include "fcgi/app.h"
#include "fcgi/ws/link.h"
#include "fcgi/ws/presence.h"
#include "shared/clock.h"
#include "shared/notify.h"

/* Returns 1 when fd is readable, 0 after a moment, or a negative errno. */
static int
wait_only(int fd)
{
	struct pollfd item = { .fd = fd, .events = POLLIN };
	int n = poll(&item, 1, WIRE_HEARTBEAT_MS);

	return n < 0 && errno != EINTR ? -errno : n > 0;
}

/* The link does all there is to do about a message; pushes may be waiting to hear of one. */
static int
drain(struct link *link, struct reach *reach)
{
	struct bus_message message;
	struct wire_header header;
	struct wire_reader body;
	int r;

	while ((r = link_recv(link, &message, &header, &body)) == 0) {
		reach_answered(reach, clock_ms());
		bus_message_close(&message);
	}
	return r == -EAGAIN ? 0 : r;
}

/* Returns what the last wait did. link is NULL for an app that has nothing to tell the sidecar. */
static int
keep(struct tina4_app *app, struct link *link, struct notify *notify, int stop_fd)
{
	int r;

	do {
		r = link != NULL ? link_wait(link, stop_fd, WIRE_HEARTBEAT_MS) : wait_only(stop_fd);
		if (r == 0 && link != NULL)
			r = drain(link, &app->reach);
		notify_tick(notify, (uint64_t)clock_ms());
	} while (r == 0);
	return r;
}

int
presence_keep(struct tina4_app *app, int stop_fd)
{
	struct link *link = NULL;
	struct notify notify;
	int r = 0;

	notify_open(&notify);
	if (app->n_ws_routes > 0)
		r = link_new(&link, app, WIRE_ROLE_APP, NULL);
	if (r == 0) {
		notify_ready(&notify, "serving");
		r = keep(app, link, &notify, stop_fd);
		notify_stopping(&notify, "finishing requests");
	}
	if (link != NULL)
		link_bye(link); /* out of courtesy: it is forgotten sooner */
	link_free(link);
	notify_close(&notify);
	return r < 0 ? r : 0;
}
