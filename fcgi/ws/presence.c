#include <errno.h>
#include <poll.h>

#include "fcgi/app.h"
#include "fcgi/ws/link.h"
#include "fcgi/ws/presence.h"
#include "shared/clock.h"

static int
wait_only(int fd)
{
	struct pollfd item = { .fd = fd, .events = POLLIN };

	while (poll(&item, 1, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
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

int
presence_keep(struct tina4_app *app, int stop_fd)
{
	struct link *link = NULL;
	int r;

	if (app->n_ws_routes == 0)
		return wait_only(stop_fd);

	r = link_new(&link, app, WIRE_ROLE_APP, NULL);
	if (r < 0)
		return r;
	do {
		r = link_wait(link, stop_fd, WIRE_HEARTBEAT_MS);
		if (r == 0)
			r = drain(link, &app->reach);
	} while (r == 0);
	link_bye(link); /* out of courtesy: it is forgotten sooner */
	link_free(link);
	return r < 0 ? r : 0;
}
