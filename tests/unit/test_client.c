#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sidecar/hub/client.h"
#include "sidecar/hub/frame.h"
#include "tests/tap.h"
#include "tests/unit/fake_browser.h"

enum { QUEUE = 1000 + 2 * OUTQ_ENTRY_BYTES };

/* Writes a text, which nobody else holds. */
static void
say(struct client *client, const char *text)
{
	struct frame *frame = frame_new(FRAME_TEXT, text, strlen(text));

	client_write(client, frame, QUEUE);
	frame_unref(frame);
}

static bool
got(struct browser *browser, const char *what)
{
	return strcmp(browser_got(browser), what) == 0;
}

static void
end(struct browser *browser)
{
	client_free(browser->client);
	browser_close(browser);
}

static void
test_write(void)
{
	struct browser browser;

	browser_open(&browser, 1);
	OK(client_ready(browser.client) && client_drained(browser.client), "nothing waits for a new client");
	say(browser.client, "a");
	OK(got(&browser, "a") && client_drained(browser.client), "a frame goes out at once");
	browser.wsi.partial = true;
	say(browser.client, "b");
	say(browser.client, "c");
	OK(got(&browser, "") && !client_ready(browser.client), "while libwebsockets has a rest, frames wait");
	OK(browser.wsi.writable, "and are asked for");
	browser_let_write(&browser);
	OK(got(&browser, ""), "they go on waiting while it has one");
	browser.wsi.partial = false;
	browser_let_write(&browser);
	OK(got(&browser, "b|c") && client_drained(browser.client), "then they go out in order");
	end(&browser);
}

static void
test_queue_is_bounded(void)
{
	struct browser browser;
	char text[499] = { 0 };

	memset(text, 'x', sizeof(text) - 1);
	browser_open(&browser, 1);
	browser.wsi.partial = true;
	say(browser.client, text);
	OK(!browser.client->socket.broken, "what finds room in the queue waits");
	say(browser.client, text);
	say(browser.client, "a");
	OK(browser.client->socket.broken && strcmp(browser.client->ending.why, "queue-full") == 0,
	    "a client whose queue is full is dropped, and it is noted why");
	OK(browser_sees_end(&browser) && browser.client->socket.outq.frames.n == 0, "it gets no more of it");
	say(browser.client, "b");
	OK(browser.client->socket.outq.frames.n == 0, "nor does anything wait for it");
	client_drop(browser.client, "other");
	OK(strcmp(browser.client->ending.why, "queue-full") == 0, "the first reason stays");
	end(&browser);
}

/* The kernel's buffer is full: what was taken in part has to go first. */
static void
test_full_socket(void)
{
	struct browser browser;
	char text[400] = { 0 };
	int written = 0, size = 4096;

	memset(text, 'x', sizeof(text) - 1);
	browser_open(&browser, 1);
	setsockopt(browser.client->socket.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	while (client_drained(browser.client) && written++ < 1000)
		say(browser.client, text);
	OK(browser.client->socket.outq.frames.n == 1 && browser.wsi.writable, "what the kernel does not take waits");
	browser_got(&browser);
	browser_let_write(&browser);
	OK(client_drained(browser.client) && browser_got(&browser)[0] == 'x', "and goes out when it does");
	end(&browser);
}

static void
test_closed(void)
{
	struct browser browser;

	browser_open(&browser, 1);
	browser.wsi.partial = true;
	say(browser.client, "a");
	browser.client->socket.write_closed = true;
	browser.wsi.partial = false;
	browser_let_write(&browser);
	say(browser.client, "b");
	OK(got(&browser, "") && client_drained(browser.client), "nothing follows a close frame");
	OK(!client_ready(browser.client), "the client is ready for nothing");
	end(&browser);

	browser_open(&browser, 1);
	close(browser.fd);
	browser.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	say(browser.client, "a");
	OK(browser.client->socket.broken && strcmp(browser.client->ending.why, "write-failed") == 0,
	    "one that cannot be written to is dropped");
	end(&browser);
}

static void
test_pause(void)
{
	struct browser browser;

	browser_open(&browser, 1);
	client_pause(browser.client, true);
	OK(!browser.wsi.reading && browser.client->reading.paused, "a client that is paused is not read");
	client_drop(browser.client, "test");
	OK(browser.wsi.reading, "one that is dropped is, so that its end is seen");
	end(&browser);

	browser_open(&browser, 1);
	client_pause(browser.client, true);
	browser.client->ending.code = 4000;
	client_send_close(browser.client);
	OK(browser.wsi.reading && got(&browser, "close:4000:"), "as is one that has to answer a close frame");
	browser.client->socket.wsi = NULL;
	client_pause(browser.client, true);
	OK(browser.wsi.reading, "without a socket there is nothing to pause");
	end(&browser);
}

static bool
set(struct client *client, const char *name, const char *value)
{
	struct span text = value == NULL ? (struct span){ 0 } : span_of(value);

	return client_set_attribute(client, span_of(name), text, 12) == 0;
}

/* The attributes as "name=value name=value". */
static bool
has(const struct client *client, const char *what)
{
	struct wire_reader reader = wire_reader(client->feed.attributes.data, client->feed.attributes.len);
	struct buf text = BUF_INIT;
	struct span name, value;
	bool same;

	while (wire_get_pair(&reader, &name, &value) > 0)
		buf_printf(&text, "%s%.*s=%.*s", text.len > 0 ? " " : "", (int)name.len, name.data, (int)value.len,
		    value.data);
	same = strcmp(buf_cstr(&text), what) == 0;
	buf_free(&text);
	return same;
}

static void
test_attributes(void)
{
	struct wire_id id = { { 0xab } };
	struct client *client = client_new(&id);

	OK(set(client, "a", "1") && set(client, "b", "2") && has(client, "a=1 b=2"), "attributes are kept");
	OK(set(client, "a", "3") && has(client, "b=2 a=3"), "a new value takes the place of the old one");
	OK(set(client, "c", "") && has(client, "b=2 a=3 c="), "an empty value is one");
	OK(client_set_attribute(client, span_of("d"), span_of("1234567"), 12) == -ENOSPC && has(client, "b=2 a=3 c="),
	    "names and values have a limit, past which nothing changes");
	OK(set(client, "d", "123456") && set(client, "d", "654321"), "up to it there is room, for another value too");
	OK(set(client, "b", NULL) && set(client, "none", NULL) && has(client, "a=3 c= d=654321"), "one can be removed");
	OK(strncmp(client_name(client), "ab00", 4) == 0, "its name is its id in hexadecimal");
	client_free(client);
}

int
main(void)
{
	test_write();
	test_queue_is_bounded();
	test_full_socket();
	test_closed();
	test_pause();
	test_attributes();
	return tap_done();
}
