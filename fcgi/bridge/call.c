#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/bridge/answer.h"
#include "fcgi/bridge/call.h"
#include "shared/clock.h"

enum {
	HEAD_BYTES = 64 << 10, /* of an answer, beside its body */
	READ_BYTES = 64 << 10,
	LOOK_MS = 100, /* how often call_await() looks for signals */
};

/* --- one request ------------------------------------------------------------------------ */

static bool
is_sent(const struct call *call)
{
	return call->n_sent == call->out.len;
}

short
call_events(const struct call *call)
{
	return is_sent(call) ? POLLIN : POLLIN | POLLOUT;
}

/* Who reads no more may have answered all the same. */
static void
send_some(struct call *call)
{
	while (!is_sent(call)) {
		ssize_t n = send(call->fd, call->out.data + call->n_sent, call->out.len - call->n_sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return;
		call->n_sent = n < 0 ? call->out.len : call->n_sent + (size_t)n;
	}
}

enum call_state
call_begin(struct call *call, const struct endpoint *endpoint)
{
	call->fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (call->fd < 0) {
		call->error = errno;
		return CALL_AWAY;
	}
	if (connect(call->fd, (const struct sockaddr *)&endpoint->address, endpoint->len) == 0) {
		send_some(call);
		return CALL_GOING;
	}
	call->error = errno;
	call->connecting = errno == EINPROGRESS; /* not so for a unix socket whose backlog is full */
	return call->connecting ? CALL_GOING : CALL_AWAY;
}

static enum call_state
take(struct call *call, const void *data, size_t len)
{
	struct record_sink sink = { &call->answer, &call->err, &call->values, HEAD_BYTES + ANSWER_MAX_BYTES };

	if (record_read(&call->reader, data, len, &sink) < 0)
		return CALL_WRONG;
	if (!call->reader.ended)
		return CALL_GOING;
	switch (call->reader.status) {
	case RECORD_CANNOT_MULTIPLEX:
	case RECORD_OVERLOADED:
		return CALL_AWAY;
	case RECORD_COMPLETE:
	case RECORD_UNKNOWN_ROLE:
		break;
	}
	return CALL_DONE;
}

/* Returns CALL_GOING when there is no more for now. */
static enum call_state
read_some(struct call *call)
{
	char piece[READ_BYTES];
	enum call_state state = CALL_GOING;

	while (state == CALL_GOING) {
		ssize_t n = recv(call->fd, piece, sizeof(piece), 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return CALL_GOING;
		state = n > 0 ? take(call, piece, (size_t)n) : CALL_DEAD;
	}
	return state;
}

/* Returns CALL_GOING also when there is a connection now. */
static enum call_state
check_connection(struct call *call)
{
	struct pollfd item = { .fd = call->fd, .events = POLLOUT };
	socklen_t len = sizeof(int);

	if (poll(&item, 1, 0) <= 0)
		return CALL_GOING;
	getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &call->error, &len);
	call->connecting = false;
	return call->error != 0 ? CALL_AWAY : CALL_GOING;
}

enum call_state
call_work(struct call *call)
{
	if (call->connecting) {
		enum call_state state = check_connection(call);

		if (call->connecting || state == CALL_AWAY)
			return state;
	}
	send_some(call);
	return read_some(call);
}

void
call_end(struct call *call)
{
	if (call->fd > 0)
		close(call->fd);
	buf_free(&call->out);
	buf_free(&call->answer);
	buf_free(&call->err);
	buf_free(&call->values);
	*call = (struct call){ 0 };
}

static bool
is_told_to_stop(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT));
}

enum call_state
call_await(struct call *call, int64_t max_ms)
{
	int64_t end_ms = clock_ms() + max_ms;
	enum call_state state = CALL_GOING;

	while (state == CALL_GOING && clock_ms() < end_ms && !is_told_to_stop()) {
		struct pollfd item = { .fd = call->fd, .events = call_events(call) };

		if (poll(&item, 1, LOOK_MS) > 0)
			state = call_work(call);
	}
	return state;
}

bool
call_rest(int64_t ms)
{
	int64_t end_ms = clock_ms() + ms, rest_ms;

	while ((rest_ms = end_ms - clock_ms()) > 0 && !is_told_to_stop())
		poll(NULL, 0, (int)(rest_ms < LOOK_MS ? rest_ms : LOOK_MS));
	return !is_told_to_stop();
}
