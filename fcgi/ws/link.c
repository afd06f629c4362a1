#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "fcgi/app.h"
#include "fcgi/ws/hello.h"
#include "fcgi/ws/link.h"
#include "shared/clock.h"
#include "shared/log.h"

enum { LINGER_MS = 200 };

enum link_state {
	LINK_NEW,     /* has to say HELLO */
	LINK_ASKING,  /* has said HELLO, and says it again until there is a WELCOME */
	LINK_KNOWN,   /* says heartbeats */
	LINK_LEAVING, /* has said BYE, says heartbeats */
};

struct link {
	struct tina4_app *app;
	enum wire_role role;
	struct wire_watch watch; /* zeroed when nobody watches */
	struct bus *bus;
	enum link_state state;
	int64_t due_ms; /* when it has to say something, by clock_ms() */
	bool away;
	bool told_away; /* the log has a line about it */
	struct wire_welcome welcome;
	struct buf out;
};

int
link_new(struct link **ret, struct tina4_app *app, enum wire_role role, const struct wire_watch *watch)
{
	void *context = app_zmq(app);
	struct link *link = NULL;
	int r;

	if (context == NULL)
		return -ENOMEM;
	if (app->n_ws_routes > WIRE_MAX_ROUTES)
		return -E2BIG;
	link = calloc(1, sizeof(*link));
	if (link == NULL)
		return -ENOMEM;
	link->app = app;
	link->role = role;
	if (watch != NULL)
		link->watch = *watch;
	r = bus_connect(&link->bus, context, app->conf.bus, true);
	if (r < 0) {
		link_free(link);
		return r;
	}
	*ret = link;
	return 0;
}

void
link_free(struct link *link)
{
	if (link == NULL)
		return;
	bus_free_after(link->bus, LINGER_MS);
	buf_free(&link->out);
	free(link);
}

/* --- up ---------------------------------------------------------------------- */

int
link_send(struct link *link, struct buf *buf)
{
	int r = bus_send(link->bus, NULL, buf);

	link->away = r == -EAGAIN;
	if (r == 0) {
		link->due_ms = clock_ms() + WIRE_HEARTBEAT_MS;
		link->told_away = false;
	}
	return r;
}

/* Says HELLO or a heartbeat when it is time. */
static int
speak(struct link *link)
{
	bool known = link->state == LINK_KNOWN || link->state == LINK_LEAVING;
	int r;

	if (clock_ms() < link->due_ms)
		return 0;
	buf_clear(&link->out);
	if (known) {
		wire_put_header(&link->out, WIRE_HEARTBEAT, 0);
	} else {
		hello_put(&link->out, link->app, link->role, 0);
		if (wire_is_watched(&link->watch))
			wire_put_watch(&link->out, &link->watch);
	}

	r = link_send(link, &link->out);
	if (r == 0 && !known)
		link->state = LINK_ASKING;
	return r == -EAGAIN ? 0 : r;
}

int
link_bye(struct link *link)
{
	buf_clear(&link->out);
	wire_put_header(&link->out, WIRE_BYE, 0);
	link->state = LINK_LEAVING;
	return link_send(link, &link->out);
}

bool
link_is_away(const struct link *link)
{
	return link->away;
}

/* --- waiting -------------------------------------------------------------------- */

static const char *
role_name(enum wire_role role)
{
	switch (role) {
	case WIRE_ROLE_WORKER:
		return "worker";
	case WIRE_ROLE_SUPERVISOR:
		return "supervisor";
	case WIRE_ROLE_APP:
		break;
	}
	return "app";
}

/* Says once that the sidecar does not take what is due. */
static void
tell_away(struct link *link)
{
	if (link->away && !link->told_away)
		log_warn(link->state == LINK_KNOWN ? "%s disconnected from the sidecar bus=%s"
						   : "%s waits for the sidecar bus=%s",
		    role_name(link->role), link->app->conf.bus);
	link->told_away |= link->away;
}

static int
wait_for(struct link *link, int fd, short bus_events, int64_t max_ms)
{
	zmq_pollitem_t items[] = {
		{ .socket = bus_socket(link->bus), .events = bus_events },
		{ .fd = fd, .events = ZMQ_POLLIN },
	};
	int n = zmq_poll(items, 2, max_ms > 0 ? max_ms : 0);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		tell_away(link);
	return (items[1].revents & (ZMQ_POLLIN | ZMQ_POLLERR)) != 0;
}

static int64_t
lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int
link_wait(struct link *link, int fd, int64_t max_ms)
{
	int r = speak(link);

	if (r < 0)
		return r;
	if (link->away)
		return wait_for(link, fd, ZMQ_POLLIN | ZMQ_POLLOUT, lesser(max_ms, WIRE_HEARTBEAT_MS));
	return wait_for(link, fd, ZMQ_POLLIN, lesser(max_ms, link->due_ms - clock_ms()));
}

int
link_wait_room(struct link *link, int fd, int64_t max_ms)
{
	return wait_for(link, fd, ZMQ_POLLOUT, lesser(max_ms, WIRE_HEARTBEAT_MS));
}

/* --- down ----------------------------------------------------------------------- */

static int
log_refused(struct wire_reader *body, uint16_t n)
{
	struct span pattern;

	for (uint16_t i = 0; i < n; i++) {
		if (wire_get_blob(body, &pattern) < 0)
			return -EPROTO;
		log_error("route refused by the sidecar pattern=%.*s", (int)pattern.len, pattern.data);
	}
	return 0;
}

static int
take_welcome(struct link *link, struct wire_reader body)
{
	struct wire_welcome welcome;
	int r;

	r = wire_get_welcome(&body, &welcome);
	if (r < 0)
		return r;
	if (welcome.epoch != link->welcome.epoch) /* else they have been told before */
		r = log_refused(&body, welcome.n_refused);
	if (r < 0)
		return r;

	link->welcome = welcome;
	if (link->state == LINK_ASKING) {
		link->state = LINK_KNOWN;
		log_info("%s connected bus=%s routes=%zu", role_name(link->role), link->app->conf.bus,
		    link->app->n_ws_routes);
	}
	return 0;
}

/* The rest of several UNKNOWNs is overtaken by the HELLO that the first brings about. */
static void
take_unknown(struct link *link)
{
	if (link->state != LINK_KNOWN)
		return;
	link->state = LINK_NEW;
	link->due_ms = 0;
}

/* A link asks for nothing, so a reply is a complaint. */
static int
take_complaint(struct wire_reader body)
{
	struct wire_reply reply;

	if (wire_get_reply(&body, &reply) < 0)
		return -EPROTO;
	log_error("sidecar complains status=%s why=%.*s", wire_status_name(reply.status), (int)reply.text.len,
	    reply.text.data);
	return 0;
}

/* Does the link's own part about a message. */
static int
take(struct link *link, const struct bus_message *message, struct wire_header *ret_header, struct wire_reader *ret_body)
{
	struct wire_reader body = bus_message_reader(message);
	struct wire_header header;
	int r;

	r = wire_get_header(&body, &header);
	if (r < 0)
		return r;
	if (header.type == WIRE_WELCOME)
		r = take_welcome(link, body);
	else if (header.type == WIRE_UNKNOWN)
		take_unknown(link);
	else if (header.type == WIRE_REPLY)
		r = take_complaint(body);
	if (r < 0)
		return r;

	*ret_header = header;
	*ret_body = body;
	return 0;
}

int
link_recv(struct link *link, struct bus_message *ret, struct wire_header *ret_header, struct wire_reader *ret_body)
{
	int r;

	for (;;) {
		r = bus_recv(link->bus, NULL, ret);
		if (r < 0 && r != -EPROTO)
			return r;
		if (r == 0) {
			r = take(link, ret, ret_header, ret_body);
			if (r == 0)
				return 0;
			bus_message_close(ret);
		}
		log_warn("message from the sidecar ignored error=%s", strerror(-r));
	}
}

const struct wire_welcome *
link_welcome(const struct link *link)
{
	return &link->welcome;
}
