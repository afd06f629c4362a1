#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/ws/worker.h"
#include "shared/clock.h"
#include "shared/log.h"
#include "tests/tap.h"
#include "tests/unit/fake_sidecar.h"

/*
 * Workers run in forked processes. They are forked before the fake sidecar
 * starts, so that they inherit nothing of it.
 */

enum {
	ROOM_EVENTS = 200,
	PATIENT_SECONDS = 60, /* that a worker waits for its BYE: however long this process is held up */
};

static struct fake_sidecar fake;
static struct fake_message message;
static uint64_t next_event;
static int gate[2];    /* a worker waits here until the test lets it go on */
static int reached[2]; /* and tells here that it does */

/* --- the program under test ----------------------------------------------------- */

static bool
wait_at_gate(void)
{
	char go;

	return write(reached[1], "r", 1) == 1 && read(gate[0], &go, 1) == 1;
}

static int
handle_message(struct tina4_conn *conn, const char *data, size_t len)
{
	if (strcmp(data, "fail") == 0) {
		tina4_conn_broadcast(conn, "never", 5, TINA4_TEXT);
		return -EIO;
	}
	if (strcmp(data, "die") == 0) {
		tina4_conn_broadcast(conn, "never", 5, TINA4_TEXT);
		raise(SIGKILL);
	}
	if (strcmp(data, "wait") == 0 && !wait_at_gate())
		return -EIO;
	if (strcmp(data, "close") == 0)
		return tina4_conn_close(conn, 4000, "you asked for it");
	if (strncmp(data, "name=", 5) == 0)
		return tina4_conn_set(conn, "name", data + 5);
	if (strcmp(data, "name?") == 0)
		return tina4_conn_sendf(conn, TINA4_TEXT, "%s", tina4_conn_get(conn, "name"));
	return tina4_conn_send(conn, data, len, TINA4_TEXT);
}

static int
room(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	switch (event) {
	case TINA4_OPEN:
		return tina4_conn_sendf(conn, TINA4_TEXT, "welcome to %s", tina4_conn_param(conn, "room"));
	case TINA4_MESSAGE:
		return handle_message(conn, data, len);
	case TINA4_CLOSE:
		return tina4_conn_broadcastf(conn, TINA4_TEXT, "left with %d", tina4_conn_close_code(conn));
	}
	return 0;
}

static struct tina4_app *
new_app(unsigned stop_seconds)
{
	struct tina4_app *app = tina4_app_new();

	tina4_websocket(app, "/ws/{room}", room);
	tina4_websocket(app, "/push/{topic}", NULL);
	app->name = "test";
	app->conf.bus = strdup(fake.endpoint);
	app->conf.stop_seconds = stop_seconds;
	return app;
}

/* Is a worker after it was let through the gate, when there is one. */
static pid_t
fork_worker(unsigned stop_seconds, bool gated)
{
	struct tina4_app *app;
	int status;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (gated && !wait_at_gate())
		exit(1);
	app = new_app(stop_seconds);
	status = worker_run(app);
	tina4_app_free(app);
	exit(status);
}

static pid_t
start_worker(unsigned stop_seconds)
{
	return fork_worker(stop_seconds, false);
}

static bool
is_at_gate(void)
{
	char byte;

	return read(reached[0], &byte, 1) == 1;
}

static bool
open_gate(void)
{
	return write(gate[1], "g", 1) == 1;
}

/* Returns the exit status, or minus the signal that ended it. */
static int
wait_worker(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* --- what the sidecar says ------------------------------------------------------- */

static struct wire_id
id_of(uint8_t conn)
{
	return (struct wire_id){ { conn } };
}

static struct wire_event
event_of(enum wire_event_kind kind, uint8_t conn, const char *data)
{
	return (struct wire_event){
		.kind = kind,
		.attempt = 1,
		.conn = id_of(conn),
		.epoch = fake.epoch,
		.id = ++next_event,
		.count = 1,
		.data = span_of(data),
	};
}

/* Appends an event; an OPEN or ATTACH brings what is to be known of the connection. */
static void
put_event(struct buf *buf, struct wire_event event)
{
	struct wire_meta meta = {
		.pattern = span_of("/ws/{room}"), .path = span_of("/ws/lobby"), .ip = span_of("::1")
	};
	struct buf bytes = BUF_INIT, attributes = BUF_INIT;

	wire_put_meta(&bytes, &meta);
	wire_put_pair(&attributes, span_of("name"), span_of("Alice"));
	event.meta = span_of_buf(&bytes);
	if (event.kind == WIRE_ATTACH)
		event.attributes = span_of_buf(&attributes);
	if (buf->len == 0)
		wire_put_header(buf, WIRE_EVENTS, 0);
	wire_put_event(buf, &event);
	buf_free(&bytes);
	buf_free(&attributes);
}

static void
send_event(enum wire_event_kind kind, uint8_t conn, const char *data)
{
	struct buf buf = BUF_INIT;

	put_event(&buf, event_of(kind, conn, data));
	fake_send(&fake, &buf);
}

/* Takes the worker's HELLO and welcomes it. */
static bool
welcome(void)
{
	if (!fake_expect(&fake, &message, WIRE_HELLO))
		return false;
	fake_send_welcome(&fake);
	return true;
}

static bool
equals(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

/* Takes the next record of the message at hand, or of the next message, which must be a BATCH. */
static bool
next_record(struct wire_record *ret)
{
	if (message.held && message.header.type == WIRE_BATCH && wire_get_record(&message.body, ret) == 1)
		return true;
	return fake_expect(&fake, &message, WIRE_BATCH) && wire_get_record(&message.body, ret) == 1;
}

/* Takes a record and tells whether it answers the last event with exactly this command; "" is none. */
static bool
acknowledges(const char *data)
{
	struct wire_record record;
	struct wire_command command;

	if (!next_record(&record) || record.failed || record.event != next_event || record.epoch != fake.epoch)
		return false;
	if (data[0] == '\0')
		return wire_get_command(&record.commands, &command) == 0;
	return wire_get_command(&record.commands, &command) == 1 && equals(command.data, data) &&
	    wire_get_command(&record.commands, &command) == 0;
}

static bool
acknowledges_failure(void)
{
	struct wire_record record;

	return next_record(&record) && record.failed && record.event == next_event &&
	    record.commands.at == record.commands.end;
}

/* Starts a worker and a sidecar, and opens connection 1. */
static pid_t
start_both(unsigned stop_seconds)
{
	pid_t pid = start_worker(stop_seconds);

	fake_start(&fake);
	OK(welcome(), "a worker says HELLO");
	send_event(WIRE_OPEN, 1, "");
	OK(acknowledges("welcome to lobby"), "and runs the open handler");
	return pid;
}

/* Ends the worker the way that costs nothing, and the sidecar. */
static void
stop_both(pid_t pid)
{
	kill(pid, SIGTERM);
	OK(fake_expect(&fake, &message, WIRE_BYE), "SIGTERM makes it say BYE");
	fake_send_header(&fake, WIRE_BYE, 0);
	OK(wait_worker(pid) == 0, "a BYE in answer ends it");
	fake_release(&message);
	fake_stop(&fake);
}

/* --- tests ------------------------------------------------------------------------ */

static void
it_announces_its_routes(void)
{
	pid_t pid = start_worker(PATIENT_SECONDS);
	struct wire_hello hello;
	struct wire_route route;

	fake_start(&fake);
	OK(fake_expect(&fake, &message, WIRE_HELLO), "the first message is a HELLO");
	OK(wire_get_hello(&message.body, &hello) == 0 && hello.role == WIRE_ROLE_WORKER, "of a worker");
	OK(equals(hello.app, "test") && hello.n_routes == 2, "of this app, with its routes");
	OK(wire_get_route(&message.body, &route) == 0 && equals(route.pattern, "/ws/{room}") && route.flags == 0,
	    "one has a handler");
	OK(wire_get_route(&message.body, &route) == 0 && equals(route.pattern, "/push/{topic}") &&
		route.flags == WIRE_ROUTE_PUSH_ONLY,
	    "one is push-only");
	OK(fake_expect(&fake, &message, WIRE_HELLO), "without a WELCOME it says HELLO again");
	fake_send_welcome(&fake);
	OK(fake_expect(&fake, &message, WIRE_HEARTBEAT), "and heartbeats after that");
	stop_both(pid);
}

static void
it_handles_events(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);
	struct wire_record record;

	send_event(WIRE_MESSAGE, 1, "hello");
	OK(acknowledges("hello"), "a message is answered");
	send_event(WIRE_MESSAGE, 1, "fail");
	OK(acknowledges_failure(), "a failing handler's record says so and has no commands");
	send_event(WIRE_MESSAGE, 1, "still there");
	OK(acknowledges("still there"), "the connection goes on");
	send_event(WIRE_CLOSE, 1, "");
	OK(acknowledges("left with 0"), "the close handler runs");
	send_event(WIRE_MESSAGE, 1, "gone");
	OK(acknowledges_failure(), "after which the connection is unknown");
	send_event(WIRE_ATTACH, 2, "");
	send_event(WIRE_MESSAGE, 2, "name?");
	OK(acknowledges("Alice"), "an attached connection brings its attributes");
	send_event(WIRE_MESSAGE, 2, "name=Bob");
	OK(next_record(&record) && !record.failed, "which a handler changes");
	send_event(WIRE_MESSAGE, 2, "name?");
	OK(acknowledges("Bob"), "and sees in the next event");
	send_event(WIRE_DETACH, 2, "");
	send_event(WIRE_MESSAGE, 2, "gone");
	OK(acknowledges_failure(), "a detached one is unknown");
	stop_both(pid);
}

static void
only_the_batch_leaves_between_event_and_record(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);

	/* Longer than a heartbeat's interval, so that one would be due. */
	send_event(WIRE_MESSAGE, 1, "wait");
	OK(is_at_gate() && !fake_recv(&fake, &message, 2 * WIRE_HEARTBEAT_MS),
	    "while a handler runs the worker says nothing");
	OK(open_gate() && fake_recv(&fake, &message, FAKE_PATIENCE_MS) && message.header.type == WIRE_BATCH,
	    "the first message after an event is its BATCH");
	stop_both(pid);
}

/* Sends events in one message, the first of which makes the worker wait. */
static void
send_many(void)
{
	struct buf buf = BUF_INIT;

	put_event(&buf, event_of(WIRE_MESSAGE, 1, "wait"));
	for (int i = 1; i < ROOM_EVENTS; i++)
		put_event(&buf, event_of(WIRE_MESSAGE, 1, "x"));
	fake_send(&fake, &buf);
}

static void
many_events_share_messages(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);
	uint64_t expected = next_event + 1;
	struct wire_record record;
	bool in_order = true;
	int n_messages = 0;

	send_many();
	OK(is_at_gate() && open_gate(), "events come in one message");
	while (expected <= next_event && fake_expect(&fake, &message, WIRE_BATCH)) {
		n_messages++;
		while (wire_get_record(&message.body, &record) == 1)
			in_order &= record.event == expected++;
	}
	OK(in_order && expected == next_event + 1, "each is acknowledged, in order");
	OK(n_messages < ROOM_EVENTS / 2, "in fewer messages");
	stop_both(pid);
}

static void
a_finished_record_does_not_wait_for_a_slow_handler(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);
	struct buf buf = BUF_INIT;
	struct wire_record record;

	/* The second handler takes long, so the third must not take the second's record with it. */
	put_event(&buf, event_of(WIRE_MESSAGE, 1, "first"));
	put_event(&buf, event_of(WIRE_MESSAGE, 1, "wait"));
	put_event(&buf, event_of(WIRE_MESSAGE, 1, "wait"));
	fake_send(&fake, &buf);
	OK(is_at_gate() && !fake_recv(&fake, &message, 100), "a record waits for the next handler");
	OK(open_gate() && is_at_gate() && next_record(&record) && next_record(&record) &&
		record.event == next_event - 1,
	    "but not for the one after it, when that took longer than a moment");
	OK(open_gate() && acknowledges("wait"), "which is acknowledged in its turn");
	stop_both(pid);
}

static void
a_closed_connection_gets_no_messages(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);
	struct buf buf = BUF_INIT;

	put_event(&buf, event_of(WIRE_MESSAGE, 1, "close"));
	fake_send(&fake, &buf);
	OK(acknowledges("you asked for it"), "a handler closes its connection");
	send_event(WIRE_MESSAGE, 1, "late");
	OK(acknowledges(""), "a later message is acknowledged without a handler");
	send_event(WIRE_CLOSE, 1, "");
	OK(acknowledges("left with 0"), "the close event comes all the same");
	stop_both(pid);
}

static void
an_unknown_worker_says_hello_again(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);

	fake_send_header(&fake, WIRE_UNKNOWN, 0);
	fake_send_header(&fake, WIRE_UNKNOWN, 0);
	OK(welcome(), "a worker that is unknown says HELLO");
	send_event(WIRE_MESSAGE, 1, "hello");
	OK(acknowledges_failure(), "it has forgotten its connections");
	send_event(WIRE_ATTACH, 1, "");
	send_event(WIRE_MESSAGE, 1, "hello");
	OK(acknowledges("hello"), "until they are attached again");
	stop_both(pid);
}

static void
a_new_epoch_has_new_connections(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);

	fake_send_welcome(&fake);
	send_event(WIRE_MESSAGE, 1, "hello");
	OK(acknowledges("hello"), "a second WELCOME changes nothing");
	fake.epoch++;
	fake_send_welcome(&fake);
	send_event(WIRE_MESSAGE, 1, "hello");
	OK(acknowledges_failure(), "one of another epoch makes the worker forget its connections");
	stop_both(pid);
}

static void
a_restarted_sidecar_gets_a_hello(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);

	fake_release(&message);
	fake_stop(&fake);
	fake_start(&fake);
	OK(fake_recv(&fake, &message, FAKE_PATIENCE_MS) && message.header.type == WIRE_HEARTBEAT,
	    "a worker finds the sidecar that was restarted");
	fake_send_header(&fake, WIRE_UNKNOWN, message.header.id);
	OK(welcome(), "and says HELLO when that does not know it");
	send_event(WIRE_OPEN, 3, "");
	OK(acknowledges("welcome to lobby"), "all goes on");
	stop_both(pid);
}

static void
nonsense_is_ignored(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);
	struct buf buf = BUF_INIT;

	fake_send_header(&fake, WIRE_WELCOME, 0);
	buf_u8(&buf, 99);
	fake_send(&fake, &buf);
	wire_put_header(&buf, WIRE_EVENTS, 0);
	buf_string(&buf, "nonsense");
	fake_send(&fake, &buf);
	put_event(&buf, event_of(WIRE_MESSAGE, 1, "before"));
	buf_string(&buf, "nonsense");
	fake_send(&fake, &buf);
	OK(acknowledges("before"), "what comes before nonsense is handled");
	send_event(WIRE_MESSAGE, 1, "after");
	OK(acknowledges("after"), "as is what comes after it");
	stop_both(pid);
}

static void
a_worker_that_dies_has_said_nothing(void)
{
	pid_t other = fork_worker(PATIENT_SECONDS, true);
	pid_t pid = start_both(PATIENT_SECONDS);
	struct buf buf = BUF_INIT;
	struct wire_event again;
	struct wire_record record;

	send_event(WIRE_MESSAGE, 1, "die");
	OK(wait_worker(pid) == -SIGKILL, "a worker is killed in its handler");
	OK(!fake_recv(&fake, &message, 100), "nothing of that handler has left");

	OK(is_at_gate() && open_gate() && welcome(), "another worker comes");
	put_event(&buf, event_of(WIRE_ATTACH, 1, ""));
	again = event_of(WIRE_MESSAGE, 1, "hello");
	again.attempt = 2;
	put_event(&buf, again);
	fake_send(&fake, &buf);
	OK(next_record(&record) && !record.failed && record.event == again.id && record.attempt == 2,
	    "it handles the event, and echoes the attempt");
	stop_both(other);
}

/* --- stopping ------------------------------------------------------------------------ */

static void
what_runs_is_finished(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);

	send_event(WIRE_MESSAGE, 1, "wait");
	OK(is_at_gate() && kill(pid, SIGTERM) == 0, "SIGTERM comes while a handler runs");
	OK(open_gate() && acknowledges("wait"), "the running event is finished and its record sent");
	OK(fake_expect(&fake, &message, WIRE_BYE), "then the worker says BYE");
	send_event(WIRE_MESSAGE, 1, "hello");
	OK(acknowledges("hello"), "what still comes is handled");
	fake_send_header(&fake, WIRE_BYE, 0);
	OK(wait_worker(pid) == 0, "until the sidecar says BYE");
	fake_release(&message);
	fake_stop(&fake);
}

static void
a_silent_sidecar_does_not_hold_it(void)
{
	pid_t pid = start_both(1);

	kill(pid, SIGINT);
	OK(fake_expect(&fake, &message, WIRE_BYE), "SIGINT makes a worker say BYE");
	OK(wait_worker(pid) == 0, "it ends without an answer when its time is over");
	fake_release(&message);
	fake_stop(&fake);
}

static void
a_missing_sidecar_does_not_hold_it(void)
{
	int64_t start_ms;
	pid_t pid = start_both(PATIENT_SECONDS);

	fake_release(&message);
	fake_stop(&fake);
	start_ms = clock_ms();
	kill(pid, SIGTERM);
	OK(wait_worker(pid) == 0, "without a sidecar a worker ends");
	OK(clock_ms() - start_ms < 30000, "and waits for nothing");
}

/* Answers UNKNOWN until the worker says HELLO. False when a record came that is not of another epoch. */
static bool
becomes_known(void)
{
	struct wire_record record;
	bool stale = true;

	while (fake_recv(&fake, &message, FAKE_PATIENCE_MS) && message.header.type != WIRE_HELLO) {
		if (message.header.type == WIRE_BATCH)
			stale = wire_get_record(&message.body, &record) == 1 && record.epoch != fake.epoch;
		fake_send_header(&fake, WIRE_UNKNOWN, 0);
	}
	return stale && message.header.type == WIRE_HELLO;
}

/*
 * Whether the old sidecar's socket still takes the record, and loses it, or the
 * new one gets it, is chance: both are right, because it is of no use any more.
 */
static void
a_sidecar_vanishes_under_a_handler(void)
{
	pid_t pid = start_both(PATIENT_SECONDS);

	send_event(WIRE_MESSAGE, 1, "wait");
	OK(is_at_gate(), "a handler runs");
	fake_release(&message);
	fake_stop(&fake);
	OK(open_gate(), "a sidecar vanishes before the record is sent");
	fake_start(&fake);
	OK(becomes_known(), "its successor gets the worker's HELLO, and no record that looks like its own");
	fake_send_welcome(&fake);
	stop_both(pid);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	log_open("test_worker", LOG_LEVEL_DEBUG);
	if (pipe(gate) < 0 || pipe(reached) < 0)
		return 1;
	fake_prepare(&fake);
	it_announces_its_routes();
	it_handles_events();
	only_the_batch_leaves_between_event_and_record();
	many_events_share_messages();
	a_finished_record_does_not_wait_for_a_slow_handler();
	a_closed_connection_gets_no_messages();
	an_unknown_worker_says_hello_again();
	a_new_epoch_has_new_connections();
	a_restarted_sidecar_gets_a_hello();
	nonsense_is_ignored();
	a_worker_that_dies_has_said_nothing();
	what_runs_is_finished();
	a_silent_sidecar_does_not_hold_it();
	a_missing_sidecar_does_not_hold_it();
	a_sidecar_vanishes_under_a_handler();
	fake_cleanup(&fake);
	return tap_done();
}
