#include <assert.h>
#include <libwebsockets.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "sidecar/hub/hub.h"
#include "tests/unit/fake_browser.h"

enum { PACKET_MAX = 1 << 20, SHOWN = 16, RSV1 = 0x40 };

/* --- libwebsockets ------------------------------------------------------------- */

int
lws_partial_buffered(struct lws *wsi)
{
	return wsi->partial;
}

int
lws_callback_on_writable(struct lws *wsi)
{
	wsi->writable = true;
	return 1;
}

int
lws_write(struct lws *wsi, unsigned char *data, size_t len, enum lws_write_protocol protocol)
{
	(void)protocol;
	return send(wsi->fd, data, len, MSG_NOSIGNAL) < 0 ? -1 : (int)len;
}

void
lws_close_reason(struct lws *wsi, enum lws_close_status status, unsigned char *reason, size_t len)
{
	assert(len < sizeof(wsi->reason));
	wsi->code = (unsigned)status;
	memcpy(wsi->reason, reason, len);
	wsi->reason[len] = '\0';
}

/* The closing handshake begins: a close frame, RFC 6455 section 5.5.1. */
void
lws_set_timeout(struct lws *wsi, enum pending_timeout reason, int seconds)
{
	size_t len = strlen(wsi->reason);
	unsigned char frame[4 + sizeof(wsi->reason)] = { 0x88, (unsigned char)(2 + len),
		(unsigned char)(wsi->code >> 8), (unsigned char)wsi->code };

	(void)reason;
	assert(seconds == LWS_TO_KILL_SYNC);
	memcpy(frame + 4, wsi->reason, len);
	send(wsi->fd, frame, 4 + len, MSG_NOSIGNAL);
}

int
lws_rx_flow_control(struct lws *wsi, int enable)
{
	wsi->reading = enable != 0;
	return 0;
}

/* --- the browser ------------------------------------------------------------------- */

void
browser_open(struct browser *browser, unsigned n)
{
	struct wire_id id = { { (uint8_t)n, (uint8_t)(n >> 8) } };
	int fds[2] = { -1, -1 };
	int r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);

	assert(r == 0);
	(void)r;
	*browser = (struct browser){ .fd = fds[0], .wsi = { .fd = fds[1], .reading = true } };
	browser->client = client_new(&id);
	assert(browser->client != NULL);
	browser->client->socket.wsi = &browser->wsi;
	browser->client->socket.fd = fds[1];
}

void
browser_close(struct browser *browser)
{
	close(browser->fd);
	close(browser->wsi.fd);
	buf_free(&browser->got);
}

void
browser_leave(struct browser *browser, struct hub *hub)
{
	struct client *client = browser->client;

	client->socket.wsi = NULL;
	hub_leave(hub, client);
	client->place.state = CLIENT_GONE;
	hub_remove(hub, client);
	client_free(client);
	browser->client = NULL;
	browser_close(browser);
}

static void
begin_message(struct browser *browser)
{
	if (browser->got.len > 0)
		buf_string(&browser->got, browser->first ? "|" : " ");
	browser->first = false;
}

/* Long messages are shown by their first bytes, what is said about requests (control.h) is not. */
static void
show(struct browser *browser, unsigned opcode, const uint8_t *payload, size_t len)
{
	bool answers = opcode == 1 && len > 1 && payload[0] == 0 && (payload[1] == 'a' || payload[1] == 'o');
	size_t shown = answers ? len : SHOWN;

	begin_message(browser);
	if (opcode == 1 && browser->hear != NULL)
		browser->hear(browser->context, payload, len);
	if (opcode == 8) {
		buf_printf(&browser->got, "close:%d:", payload[0] << 8 | payload[1]);
		buf_bytes(&browser->got, payload + 2, len - 2);
		return;
	}
	if (opcode == 9)
		buf_string(&browser->got, "ping");
	if (opcode == 2)
		buf_string(&browser->got, "binary:");
	buf_bytes(&browser->got, payload, len < shown ? len : shown);
}

/* Shows a message that is compressed: RFC 7692 section 7.2.2. */
static void
inflate_and_show(struct browser *browser, unsigned opcode, const uint8_t *payload, size_t len)
{
	static uint8_t message[PACKET_MAX], compressed[PACKET_MAX + 4];
	z_stream stream = {
		.next_in = compressed, .avail_in = (uInt)len + 4, .next_out = message, .avail_out = sizeof(message)
	};
	int r;

	assert(browser->client->socket.deflate && opcode < 8);
	memcpy(compressed, payload, len);
	memcpy(compressed + len, "\0\0\xff\xff", 4);
	r = inflateInit2(&stream, -15);
	assert(r == Z_OK);
	r = inflate(&stream, Z_SYNC_FLUSH);
	assert(r == Z_OK && stream.avail_in == 0);
	(void)r;
	inflateEnd(&stream);
	show(browser, opcode, message, sizeof(message) - stream.avail_out);
	browser->n_deflated++;
}

/* Takes the frames of one write apart: RFC 6455 section 5.2. */
static void
take_apart(struct browser *browser, const uint8_t *data, size_t len)
{
	browser->first = true;
	for (size_t at = 0; at < len;) {
		size_t n = data[at + 1], head = n < 126 ? 2 : n == 126 ? 4 : 10, payload = n < 126 ? n : 0;

		assert((data[at] & 0xf0 & ~RSV1) == 0x80);
		for (size_t i = 2; i < head; i++)
			payload = payload << 8 | data[at + i];
		assert(at + head + payload <= len);
		if (data[at] & RSV1)
			inflate_and_show(browser, data[at] & 15, data + at + head, payload);
		else
			show(browser, data[at] & 15, data + at + head, payload);
		at += head + payload;
	}
}

const char *
browser_got(struct browser *browser)
{
	static uint8_t packet[PACKET_MAX];
	ssize_t n;

	buf_clear(&browser->got);
	while ((n = recv(browser->fd, packet, sizeof(packet), 0)) > 0)
		take_apart(browser, packet, (size_t)n);
	return buf_cstr(&browser->got);
}

bool
browser_sees_end(struct browser *browser)
{
	char byte;

	return recv(browser->fd, &byte, 1, MSG_PEEK) == 0;
}

void
browser_let_write(struct browser *browser)
{
	if (!browser->wsi.writable)
		return;
	browser->wsi.writable = false;
	client_writable(browser->client);
}
