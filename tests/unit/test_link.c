#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/ws/link.h"
#include "shared/log.h"
#include "tests/tap.h"
#include "tests/unit/fake_sidecar.h"

/* One link and the sidecar that it looks for; what it logs goes to a file. */

static struct fake_sidecar fake;
static struct fake_message message;
static struct tina4_app *app;
static struct link *link_;
static int never; /* is not readable */
static char log_name[] = "/tmp/test_link.XXXXXX";

/* How many lines of the log have these words. */
static int
said(const char *words)
{
	FILE *stream = fopen(log_name, "r");
	char line[512];
	int n = 0;

	while (stream != NULL && fgets(line, sizeof(line), stream) != NULL)
		n += strstr(line, words) != NULL;
	if (stream != NULL)
		fclose(stream);
	return n;
}

/* Takes what has come. Returns the type of the last message, or 0. */
static int
take_all(void)
{
	struct bus_message taken;
	struct wire_header header;
	struct wire_reader body;
	int type = 0;

	while (link_recv(link_, &taken, &header, &body) == 0) {
		type = header.type;
		bus_message_close(&taken);
	}
	return type;
}

/* Waits and takes until a message of this type came, or the sidecar a HELLO. */
static bool
goes_on_until(int down, enum wire_type up)
{
	for (int i = 0; i < 2 * FAKE_PATIENCE_MS / WIRE_HEARTBEAT_MS * 100; i++) {
		if (link_wait(link_, never, 10) < 0)
			return false;
		if (take_all() == down && down != 0)
			return true;
		if (down == 0 && fake_recv(&fake, &message, 0) && message.header.type == up)
			return true;
	}
	return false;
}

static bool
becomes_known(void)
{
	if (!goes_on_until(0, WIRE_HELLO))
		return false;
	fake_send_welcome(&fake);
	return goes_on_until(WIRE_WELCOME, WIRE_HELLO);
}

static void
waiting_is_said_once(void)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 5; i++)
		r = link_wait(link_, never, 10);
	OK(r == 0 && link_is_away(link_), "without a sidecar a link goes on");
	OK(said("app waits for the sidecar") == 1, "and says once that it waits");
}

static void
who_is_known_waits_for_nothing(void)
{
	int before;

	fake_start(&fake);
	OK(becomes_known() && said("app connected") == 1, "a sidecar that comes is found, which is said");
	before = said("app waits for the sidecar");
	for (int i = 0; i < 5; i++)
		link_wait(link_, never, 10);
	OK(said("app waits for the sidecar") == before, "one that has nothing to say waits for nobody");
}

static void
waiting_is_said_anew(void)
{
	fake_release(&message);
	fake_stop(&fake);
	for (int i = 0; said("app disconnected from the sidecar") == 0 && i < 10 * FAKE_PATIENCE_MS / 10; i++)
		link_wait(link_, never, 10);
	for (int i = 0; i < 5; i++)
		link_wait(link_, never, 10);
	OK(said("app disconnected from the sidecar") == 1, "when it goes away again that is said, once");
}

static void
refused_routes_are_named(void)
{
	struct wire_welcome welcome = { .epoch = 1, .max_message = 1000, .attribute_bytes = 100, .n_refused = 2 };
	struct buf buf = BUF_INIT;

	fake_start(&fake);
	OK(goes_on_until(0, WIRE_HELLO) || goes_on_until(0, WIRE_HEARTBEAT), "a new one is told");
	for (int i = 0; i < 2; i++) {
		wire_put_header(&buf, WIRE_WELCOME, 0);
		wire_put_welcome(&buf, &welcome);
		buf_blob(&buf, "/ws/a", 5);
		buf_blob(&buf, "/ws/b", 5);
		fake_send(&fake, &buf);
		goes_on_until(WIRE_WELCOME, WIRE_HELLO);
	}
	OK(said("route refused by the sidecar pattern=/ws/a") == 1 &&
		said("route refused by the sidecar pattern=/ws/b") == 1,
	    "each route that it refuses is named, once for one sidecar");
}

static void
complaints_are_told(void)
{
	struct wire_reply reply = { .status = WIRE_MALFORMED, .text = span_of("it is nonsense") };
	struct buf buf = BUF_INIT;

	wire_put_header(&buf, WIRE_REPLY, 0);
	wire_put_reply(&buf, &reply);
	fake_send(&fake, &buf);
	OK(goes_on_until(WIRE_REPLY, WIRE_HELLO) &&
		said("sidecar complains status=malformed why=\"it is nonsense\"") == 1,
	    "what it complains of is told");
	fake_release(&message);
	fake_stop(&fake);
}

int
main(void)
{
	int fd = mkstemp(log_name);

	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		return 1;
	close(fd);
	log_open("test_link", LOG_LEVEL_INFO);
	never = eventfd(0, EFD_CLOEXEC);
	fake_prepare(&fake);
	app = tina4_app_new();
	tina4_websocket(app, "/ws/{room}", NULL);
	app->name = "test";
	app->conf.bus = strdup(fake.endpoint);
	if (link_new(&link_, app, WIRE_ROLE_APP, NULL) < 0)
		return 1;

	waiting_is_said_once();
	who_is_known_waits_for_nothing();
	waiting_is_said_anew();
	refused_routes_are_named();
	complaints_are_told();

	link_free(link_);
	tina4_app_free(app);
	fake_cleanup(&fake);
	close(never);
	if (getenv("KEEP") == NULL)
		unlink(log_name);
	return tap_done();
}
