#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/bus.h"
#include "shared/wire.h"
#include "tests/tap.h"

enum { PATIENCE_MS = 10000 };

static void *context;
static char directory[] = "/tmp/test_bus.XXXXXX";

/* The path and the endpoint of a socket in the directory, until the next call. */
static const char *
path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static const char *
ipc(const char *name)
{
	static char endpoint[80];

	snprintf(endpoint, sizeof(endpoint), "ipc://%s", path_of(name));
	return endpoint;
}

static bool
wait_for(void *socket, short events)
{
	zmq_pollitem_t item = { .socket = socket, .events = events };

	return zmq_poll(&item, 1, PATIENCE_MS) == 1;
}

static int
send_text(struct bus *bus, const struct bus_peer *peer, const char *text)
{
	struct buf buf = BUF_INIT;
	int r;

	buf_string(&buf, text);
	r = bus_send(bus, peer, &buf);
	buf_free(&buf);
	return r;
}

/* Waits for the next message and compares its bytes. */
static bool
receives(struct bus *bus, struct bus_peer *ret_peer, const void *bytes, size_t len)
{
	struct bus_message message;
	struct wire_reader reader;
	bool same;

	if (!wait_for(bus_socket(bus), ZMQ_POLLIN) || bus_recv(bus, ret_peer, &message) < 0)
		return false;
	reader = bus_message_reader(&message);
	same = bus_message_bytes(&message) == len && (size_t)(reader.end - reader.at) == len &&
	    memcmp(reader.at, bytes, len) == 0;
	bus_message_close(&message);
	return same;
}

static bool
receives_text(struct bus *bus, struct bus_peer *ret_peer, const char *text)
{
	return receives(bus, ret_peer, text, strlen(text));
}

/* Waits for the next message, which must be refused. */
static int
refuses(struct bus *bus, struct bus_peer *ret_peer)
{
	struct bus_message message;
	int r;

	if (!wait_for(bus_socket(bus), ZMQ_POLLIN))
		return -ETIMEDOUT;
	r = bus_recv(bus, ret_peer, &message);
	if (r == 0)
		bus_message_close(&message);
	return r;
}

/* Binds a ROUTER, and connects a DEALER to it. */
static bool
open_pair(const char *endpoint, struct bus **ret_router, struct bus **ret_dealer)
{
	return bus_bind(ret_router, context, endpoint, 0600) == 0 &&
	    bus_connect(ret_dealer, context, endpoint, false) == 0 && wait_for(bus_socket(*ret_dealer), ZMQ_POLLOUT);
}

static void
messages_go_both_ways(const char *endpoint, const char *claim)
{
	struct bus *router = NULL, *dealer = NULL;
	struct bus_message message;
	struct bus_peer peer;

	OK(open_pair(endpoint, &router, &dealer), claim);
	OK(!bus_readable(router) && bus_recv(router, &peer, &message) == -EAGAIN, "nothing is there at first");
	OK(send_text(dealer, NULL, "event") == 0, "the dealer sends");
	OK(receives_text(router, &peer, "event"), "the router receives");
	OK(peer.len > 0, "and knows from whom");
	OK(send_text(router, &peer, "command") == 0, "the router answers");
	OK(receives_text(dealer, NULL, "command"), "the dealer receives");
	OK(bus_recv(dealer, NULL, &message) == -EAGAIN, "and then there is nothing more");
	bus_free(dealer);
	bus_free(router);
}

static void
a_peer_keeps_its_name(void)
{
	struct bus *router = NULL, *one = NULL, *two = NULL;
	struct bus_peer first, second, again;

	OK(open_pair(ipc("names"), &router, &one), "two dealers");
	OK(bus_connect(&two, context, ipc("names"), false) == 0 && wait_for(bus_socket(two), ZMQ_POLLOUT),
	    "of one router");
	send_text(one, NULL, "1");
	receives_text(router, &first, "1");
	send_text(two, NULL, "2");
	receives_text(router, &second, "2");
	send_text(one, NULL, "3");
	receives_text(router, &again, "3");
	OK(memcmp(&first, &again, sizeof(first)) == 0, "a peer is the same in each message");
	OK(memcmp(&first, &second, sizeof(first)) != 0, "and differs from others");
	bus_free(two);
	bus_free(one);
	bus_free(router);
}

static void
large_messages_are_handed_over(void)
{
	struct bus *router = NULL, *dealer = NULL;
	struct buf buf = BUF_INIT, copy = BUF_INIT;
	struct bus_peer peer;

	for (uint32_t i = 0; i < 100000; i++)
		buf_u32(&buf, i);
	buf_bytes(&copy, buf.data, buf.len);

	OK(open_pair(ipc("large"), &router, &dealer), "a large message");
	OK(bus_send(dealer, NULL, &buf) == 0 && buf.len == 0, "is taken from its buffer");
	OK(receives(router, &peer, copy.data, copy.len), "arrives whole");
	OK(bus_send(router, &peer, &copy) == 0 && copy.len == 0, "also the other way");
	OK(wait_for(bus_socket(dealer), ZMQ_POLLIN), "and arrives there");
	buf_free(&copy);
	buf_free(&buf);
	bus_free(dealer);
	bus_free(router);
}

static void
a_failed_buffer_is_not_sent(void)
{
	struct bus *router = NULL, *dealer = NULL;
	struct buf buf = BUF_INIT;

	OK(open_pair("inproc://failed", &router, &dealer), "a buffer that ran out of memory");
	buf.failed = true;
	OK(bus_send(dealer, NULL, &buf) == -ENOMEM, "is not sent");
	bus_free(dealer);
	bus_free(router);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

static void
a_socket_has_the_mode_asked_for(void)
{
	struct bus *bus = NULL;
	mode_t old = umask(077);

	OK(bus_bind(&bus, context, ipc("mode"), 0666) == 0 && mode_of(path_of("mode")) == 0666, "more than the umask");
	bus_free(bus);
	bus = NULL;
	OK(umask(022) == 077, "the umask is put back");
	OK(bus_bind(&bus, context, ipc("mode2"), 0600) == 0 && mode_of(path_of("mode2")) == 0600, "or less");
	bus_free(bus);
	umask(old);
}

static void
a_live_socket_is_not_taken_over(void)
{
	struct bus *router = NULL, *dealer = NULL, *second = NULL;
	struct bus_peer peer;

	OK(open_pair(ipc("live"), &router, &dealer), "a socket is in use");
	OK(bus_bind(&second, context, ipc("live"), 0600) == -EADDRINUSE && second == NULL, "a second bind is refused");
	OK(send_text(dealer, NULL, "still") == 0 && receives_text(router, &peer, "still"), "the first works on");
	OK(mode_of(path_of("live")) != 0, "its file is still there");
	bus_free(dealer);
	bus_free(router);
}

/* Leaves the file of a socket that nobody listens on, as a crash does. */
static bool
leave_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool left;

	strcpy(address.sun_path, path);
	left = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return left;
}

static void
a_dead_socket_is_taken_over(void)
{
	struct bus *router = NULL, *dealer = NULL;
	struct bus_peer peer;

	OK(leave_socket(path_of("dead")), "a process has left its socket behind");
	OK(open_pair(ipc("dead"), &router, &dealer), "the next takes it over");
	OK(send_text(dealer, NULL, "x") == 0 && receives_text(router, &peer, "x"), "and works");
	bus_free(dealer);
	bus_free(router);
}

static void
bad_endpoints_are_refused(void)
{
	struct bus *bus = NULL;
	char endpoint[200] = "ipc:///tmp/";

	OK(bus_bind(&bus, context, "tcp://127.0.0.1:*", 0600) == -EPROTONOSUPPORT, "tcp is refused");
	OK(bus_bind(&bus, context, "nonsense", 0600) == -EPROTONOSUPPORT, "so is nonsense");
	memset(endpoint + strlen(endpoint), 'x', 150);
	OK(bus_bind(&bus, context, endpoint, 0600) == -ENAMETOOLONG, "a path that is too long");
	OK(bus_bind(&bus, context, ipc("no/such"), 0600) == -ENOENT, "a directory that is not there");
	OK(bus_connect(&bus, context, "nonsense", false) == -EINVAL, "nonsense to connect to");
	OK(bus == NULL, "nothing is returned then");
}

/* A DEALER of ZeroMQ's own, that may break our rules. */
static void *
raw_dealer(const char *endpoint, const char *routing_id)
{
	void *socket = zmq_socket(context, ZMQ_DEALER);
	int linger = 0;

	zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
	if (*routing_id != '\0')
		zmq_setsockopt(socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id));
	zmq_connect(socket, endpoint);
	return socket;
}

static void
messages_of_several_frames_are_refused(void)
{
	struct bus *router = NULL;
	struct bus_peer peer, again;
	void *raw;

	OK(bus_bind(&router, context, ipc("frames"), 0600) == 0, "a peer sends several frames");
	raw = raw_dealer(ipc("frames"), "");
	zmq_send(raw, "one", 3, ZMQ_SNDMORE);
	zmq_send(raw, "two", 3, ZMQ_SNDMORE);
	zmq_send(raw, "three", 5, 0);
	OK(refuses(router, &peer) == -EPROTO && peer.len > 0, "they are refused, and it is known whose they were");
	zmq_send(raw, "good", 4, 0);
	OK(receives_text(router, &again, "good"), "the next message is read");
	OK(memcmp(&peer, &again, sizeof(peer)) == 0, "it is of the same peer");

	zmq_send_const(raw, "", 0, 0);
	OK(receives(router, &peer, "", 0), "an empty frame is one frame");
	zmq_close(raw);
	bus_free(router);
}

static void
long_names_are_refused(void)
{
	struct bus *router = NULL;
	struct bus_peer peer;
	void *longest, *longer;

	OK(bus_bind(&router, context, ipc("ids"), 0600) == 0, "peers choose their names");
	longest = raw_dealer(ipc("ids"), "1234567890123456789012345678901");
	zmq_send(longest, "x", 1, 0);
	OK(receives_text(router, &peer, "x") && peer.len == BUS_PEER_BYTES, "the longest is accepted");
	longer = raw_dealer(ipc("ids"), "12345678901234567890123456789012");
	zmq_send(longer, "y", 1, 0);
	OK(refuses(router, &peer) == -EPROTO, "a longer one is refused");
	zmq_send(longest, "z", 1, 0);
	OK(receives_text(router, &peer, "z"), "and others are still heard");
	zmq_close(longest);
	zmq_close(longer);
	bus_free(router);
}

static bool
sends_zeros(void *socket, size_t len)
{
	zmq_msg_t message;

	if (zmq_msg_init_size(&message, len) < 0)
		return false;
	memset(zmq_msg_data(&message), 0, len);
	return zmq_msg_send(&message, socket, 0) >= 0;
}

static void
an_oversize_message_costs_its_sender_the_connection(void)
{
	struct bus *router = NULL;
	struct bus_message message;
	struct bus_peer peer;
	void *raw, *monitor = zmq_socket(context, ZMQ_PAIR);

	OK(bus_bind(&router, context, ipc("oversize"), 0600) == 0, "a peer sends more than a message may have");
	raw = raw_dealer(ipc("oversize"), "");
	zmq_socket_monitor(raw, "inproc://monitor", ZMQ_EVENT_DISCONNECTED);
	zmq_connect(monitor, "inproc://monitor");
	OK(sends_zeros(raw, (size_t)WIRE_MAX_BYTES + 1), "ZeroMQ lets it");
	OK(wait_for(monitor, ZMQ_POLLIN), "its connection is closed");
	OK(bus_recv(router, &peer, &message) == -EAGAIN, "and nothing arrives");
	zmq_close(raw);
	zmq_close(monitor);
	bus_free(router);
}

/* ZeroMQ learns a little later that a peer has gone: sends until then. */
static int
send_until_refused(struct bus *bus, const struct bus_peer *peer, struct buf *buf)
{
	zmq_pollitem_t nothing_comes = { .socket = bus_socket(bus), .events = ZMQ_POLLIN };
	int r = 0;

	for (int waited = 0; r == 0 && waited < PATIENCE_MS; waited += 5) {
		buf_clear(buf);
		buf_string(buf, "anyone?");
		r = bus_send(bus, peer, buf);
		if (r == 0)
			zmq_poll(&nothing_comes, 1, 5);
	}
	return r;
}

static void
a_gone_peer_is_unreachable(void)
{
	struct bus *router = NULL, *dealer = NULL;
	struct bus_peer peer, stranger = { .len = 3, .id = "abc" };
	struct buf buf = BUF_INIT;

	OK(open_pair(ipc("gone"), &router, &dealer), "a peer");
	send_text(dealer, NULL, "x");
	OK(receives_text(router, &peer, "x"), "says something");
	bus_free(dealer);
	OK(send_until_refused(router, &peer, &buf) == -EHOSTUNREACH, "and is unreachable when it is gone");
	OK(buf.len == 7 && memcmp(buf.data, "anyone?", 7) == 0, "what was not sent is still in the buffer");
	OK(bus_send(router, &stranger, &buf) == -EHOSTUNREACH, "who never was there is unreachable too");
	buf_free(&buf);
	bus_free(router);
}

static void
a_dealer_without_a_sidecar_does_not_queue(void)
{
	struct bus *router = NULL, *dealer = NULL;
	struct bus_peer peer;
	struct buf buf = BUF_INIT;

	OK(bus_connect(&dealer, context, ipc("later"), false) == 0, "a dealer may come first");
	buf_string(&buf, "early");
	OK(bus_send(dealer, NULL, &buf) == -EAGAIN, "it cannot send before a sidecar is there");
	OK(buf.len == 5, "and keeps what it was to send");
	OK(bus_bind(&router, context, ipc("later"), 0600) == 0, "then the sidecar comes");
	OK(wait_for(bus_socket(dealer), ZMQ_POLLOUT), "the dealer finds it");
	OK(bus_send(dealer, NULL, &buf) == 0 && receives_text(router, &peer, "early"), "and can send");
	buf_free(&buf);
	bus_free(dealer);
	bus_free(router);
}

static void
what_was_sent_last_can_be_waited_for(void)
{
	struct bus *router = NULL, *dealer = NULL;
	struct bus_peer peer;

	OK(open_pair(ipc("last"), &router, &dealer), "a dealer");
	OK(send_text(dealer, NULL, "last words") == 0, "sends");
	bus_free_after(dealer, PATIENCE_MS);
	OK(receives_text(router, &peer, "last words"), "and what it sent arrives though it is gone");
	bus_free(router);
	bus_free(NULL);
	bus_free_after(NULL, 0);
}

static void
the_descriptor_tells_of_messages(void)
{
	struct bus *router = NULL, *dealer = NULL;
	struct bus_peer peer;
	zmq_pollitem_t item = { .events = ZMQ_POLLIN };

	OK(open_pair(ipc("fd"), &router, &dealer), "a router");
	while (bus_readable(router))
		refuses(router, &peer);
	send_text(dealer, NULL, "x");
	item.fd = bus_fd(router);
	while (!bus_readable(router) && zmq_poll(&item, 1, PATIENCE_MS) == 1)
		;
	OK(bus_readable(router) && receives_text(router, &peer, "x"), "its descriptor wakes who waits for a message");
	bus_free(dealer);
	bus_free(router);
}

/* ZeroMQ leaves a socket's file behind. */
static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *position)
{
	(void)st;
	(void)type;
	(void)position;
	return remove(path);
}

int
main(void)
{
	context = zmq_ctx_new();
	if (context == NULL || mkdtemp(directory) == NULL)
		return 99;

	messages_go_both_ways("inproc://pair", "a pair within the process");
	messages_go_both_ways(ipc("pair"), "a pair of processes");
	a_peer_keeps_its_name();
	large_messages_are_handed_over();
	a_failed_buffer_is_not_sent();
	a_socket_has_the_mode_asked_for();
	a_live_socket_is_not_taken_over();
	a_dead_socket_is_taken_over();
	bad_endpoints_are_refused();
	messages_of_several_frames_are_refused();
	long_names_are_refused();
	an_oversize_message_costs_its_sender_the_connection();
	a_gone_peer_is_unreachable();
	a_dealer_without_a_sidecar_does_not_queue();
	what_was_sent_last_can_be_waited_for();
	the_descriptor_tells_of_messages();

	zmq_ctx_term(context);
	nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
