#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#include "shared/log.h"
#include "sidecar/edge/counters.h"
#include "sidecar/edge/gate.h"
#include "sidecar/edge/reply.h"

/* --- who is under way -------------------------------------------------------------- */

/* FNV-1a. Two addresses in one place are taken for one, which matters only to a gate that is full. */
static uint16_t *
held_by(struct gate *gate, const char *ip)
{
	uint8_t network[ADDRESS_NETWORK_BYTES] = { 0 };
	uint32_t hash = 2166136261u;

	address_network(ip, network);
	for (size_t i = 0; i < sizeof(network); i++)
		hash = (hash ^ network[i]) * 16777619u;
	return &gate->held[hash % GATE_ADDRESSES];
}

static void
link_guest(struct guest *guest)
{
	struct gate *gate = guest->gate;

	if (guest->linked)
		return;
	guest->linked = true;
	DL_APPEND(gate->guests, guest);
	gate->n++;
	guest->held = held_by(gate, guest->ip);
	++*guest->held;
}

static void
unlink_guest(struct guest *guest)
{
	struct gate *gate = guest->gate;

	if (!guest->linked)
		return;
	guest->linked = false;
	DL_DELETE(gate->guests, guest);
	gate->n--;
	--*guest->held;
}

static void
release(struct guest *guest)
{
	buf_free(&guest->bytes);
	buf_free(&guest->body);
	free(guest);
}

static void
on_closed(uv_handle_t *handle)
{
	release(handle->data);
}

/* The loop forgets the socket at once, the handle's memory it needs for one turn more. */
static void
forget(struct guest *guest)
{
	if (guest->polled && !uv_is_closing((uv_handle_t *)&guest->poll))
		uv_close((uv_handle_t *)&guest->poll, on_closed);
}

static void
end(struct guest *guest)
{
	const struct gate *gate = guest->gate;

	if (gate->keeper->gone != NULL)
		gate->keeper->gone(gate->context, guest);
	guest->data = NULL;
	unlink_guest(guest);
	forget(guest);
	if (guest->fd >= 0)
		close(guest->fd);
	guest->fd = -1;
	if (!guest->polled)
		release(guest);
}

/* --- refusals, counted and told --------------------------------------------------------- */

void
gate_note(struct gate *gate, enum refusal refusal, const char *why, const char *path, const char *ip)
{
	counters_add_refusal(gate->counters, refusal);
	if (gate->for_browsers)
		counters_add_upgrade(gate->counters, refusal_status(refusal));
	if (why == NULL)
		why = refusal_why(refusal);
	if (gate->for_browsers)
		log_limited(LOG_LEVEL_INFO, "upgrade refused path=%s ip=%s status=%d reason=%s why=%s", path, ip,
		    refusal_status(refusal), refusal_name(refusal), why);
	else
		log_limited(LOG_LEVEL_INFO, "request refused path=%s ip=%s status=%d reason=%s why=%s", path, ip,
		    refusal_status(refusal), refusal_name(refusal), why);
}

/* --- answers --------------------------------------------------------------------------------- */

static void on_event(uv_poll_t *poll, int status, int events);

/* Whom one more costs its place. */
static struct guest *
find_victim(struct gate *gate)
{
	struct guest *guest;

	DL_FOREACH(gate->guests, guest)
		if (guest->ip[0] != '\0' && *guest->held > GATE_SHARE)
			return guest;
	return gate->guests;
}

static void
make_room(struct gate *gate)
{
	struct guest *victim;

	if (gate->n < GATE_MAX)
		return;
	victim = find_victim(gate);
	if (victim->state == GUEST_ASKS || victim->state == GUEST_SENDS_BODY)
		guest_refuse(victim, REFUSAL_CROWDED, NULL);
	/* It may still be there, to take its answer. */
	if (gate->n >= GATE_MAX)
		end(find_victim(gate));
}

/*
 * Waits for events on the socket until a deadline; whatever it waits for, a guest
 * that was not waiting before needs room. Returns false when it had to be ended.
 */
static bool
watch(struct guest *guest, int events, uint64_t ms)
{
	struct gate *gate = guest->gate;

	guest->by_ms = uv_now(gate->loop) + ms;
	if (!guest->linked)
		make_room(gate);
	link_guest(guest);
	if (!guest->polled) {
		if (uv_poll_init(gate->loop, &guest->poll, guest->fd) < 0) {
			end(guest);
			return false;
		}
		guest->poll.data = guest;
		guest->polled = true;
	}
	if (uv_poll_start(&guest->poll, events, on_event) < 0) {
		end(guest);
		return false;
	}
	return true;
}

/*
 * The answer is with the kernel. A socket that is closed with bytes in it that
 * nobody has read is reset, which can cost the client its answer: so these are
 * read, until it closes too.
 */
static void
leave(struct guest *guest)
{
	char *scratch = guest->gate->scratch;
	ssize_t n;

	if (guest->state != GUEST_LEAVES) {
		guest->state = GUEST_LEAVES;
		shutdown(guest->fd, SHUT_WR);
		n = recv(guest->fd, scratch, GATE_READ_BYTES, MSG_DONTWAIT);
		if (n != 0 && (n > 0 || errno == EAGAIN || errno == EINTR)) {
			watch(guest, UV_READABLE, GATE_ANSWER_MS);
			return;
		}
		end(guest);
		return;
	}
	n = recv(guest->fd, scratch, GATE_READ_BYTES, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		end(guest);
}

static void
send_answer(struct guest *guest)
{
	while (guest->sent < guest->bytes.len) {
		ssize_t n = send(guest->fd, guest->bytes.data + guest->sent, guest->bytes.len - guest->sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			watch(guest, UV_WRITABLE, GATE_ANSWER_MS);
			return;
		}
		if (n < 0) {
			end(guest);
			return;
		}
		guest->sent += (size_t)n;
	}
	leave(guest);
}

void
guest_reply(struct guest *guest, struct buf *reply)
{
	buf_free(&guest->bytes);
	buf_free(&guest->body);
	guest->bytes = *reply;
	*reply = (struct buf)BUF_INIT;
	guest->sent = 0;
	guest->state = GUEST_IS_ANSWERED;
	if (guest->bytes.failed)
		end(guest);
	else
		send_answer(guest);
}

void
guest_refuse(struct guest *guest, enum refusal refusal, const char *why)
{
	struct buf reply = BUF_INIT;
	int64_t now = (int64_t)time(NULL);
	bool bodiless = guest->head.whole && head_is(&guest->head, "HEAD");

	gate_note(guest->gate, refusal, why, guest->head.whole ? guest->target.path : "", guest->client);
	if (why == NULL)
		reply_put_refusal(refusal, bodiless, now, &reply);
	else
		reply_put_error(refusal_status(refusal), why, NULL, bodiless, now, &reply);
	guest_reply(guest, &reply);
}

/* --- reading ----------------------------------------------------------------------------------- */

/* Where the bytes are that the head is in. */
static struct span
seen(const struct guest *guest)
{
	return (struct span){ (const char *)guest->bytes.data, guest->bytes.len };
}

struct span
guest_rest(const struct guest *guest)
{
	struct span all = seen(guest);

	return (struct span){ all.data + guest->head.len, all.len - guest->head.len };
}

static void
ask(struct guest *guest)
{
	const struct gate *gate = guest->gate;
	enum refusal refusal = guest->head.refusal;

	guest->target.path[0] = '\0';
	if (refusal == REFUSAL_NONE)
		refusal = target_read(&guest->head, &guest->target);
	if (refusal != REFUSAL_NONE) {
		guest->target.path[0] = '\0';
		guest_refuse(guest, refusal, NULL);
		return;
	}
	gate->keeper->asked(gate->context, guest);
}

static void
finish_body(struct guest *guest)
{
	const struct gate *gate = guest->gate;

	if (guest->body.failed)
		guest_refuse(guest, REFUSAL_NO_MEMORY, NULL);
	else
		gate->keeper->sent(gate->context, guest);
}

/* Takes n bytes from the scratch. Returns true when what was waited for is there, and the guest may be gone. */
static bool
take_bytes(struct guest *guest, size_t n)
{
	struct gate *gate = guest->gate;

	if (guest->state == GUEST_SENDS_BODY) {
		size_t missing = guest->head.body_len - guest->body.len;

		buf_bytes(&guest->body, gate->scratch, n < missing ? n : missing);
		if (!guest->body.failed && guest->body.len < guest->head.body_len)
			return false;
		finish_body(guest);
		return true;
	}
	buf_bytes(&guest->bytes, gate->scratch, n);
	if (guest->bytes.failed) {
		end(guest);
		return true;
	}
	if (!head_read(&guest->head, (const char *)guest->bytes.data, guest->bytes.len))
		return false;
	ask(guest);
	return true;
}

/* Reads what there is. Returns false when more must come. */
static bool
read_on(struct guest *guest)
{
	for (;;) {
		ssize_t n = recv(guest->fd, guest->gate->scratch, GATE_READ_BYTES, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0) {
			end(guest);
			return true;
		}
		if (n == 0) { /* it will say nothing any more, but may still listen */
			guest_refuse(guest, REFUSAL_CUT_SHORT, NULL);
			return true;
		}
		if (take_bytes(guest, (size_t)n))
			return true;
		if (n < GATE_READ_BYTES)
			return false;
	}
}

static void
on_event(uv_poll_t *poll, int status, int events)
{
	struct guest *guest = poll->data;

	(void)events;
	if (status < 0) {
		end(guest);
		return;
	}
	switch (guest->state) {
	case GUEST_ASKS:
	case GUEST_SENDS_BODY:
		read_on(guest);
		return;
	case GUEST_WAITS:
		return;
	case GUEST_IS_ANSWERED:
		send_answer(guest);
		return;
	case GUEST_LEAVES:
		leave(guest);
		return;
	}
}

void
guest_await_body(struct guest *guest)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct span rest = guest_rest(guest);
	size_t len = guest->head.body_len;

	if (rest.len >= len) {
		buf_bytes(&guest->body, rest.data, len);
		finish_body(guest);
		return;
	}
	/* Some clients wait for it before they send a large body; those of HTTP/1.0 never (RFC 9110 section 10.1.1). */
	if (rest.len == 0 && guest->head.minor > 0 && head_lists(&guest->head, "expect", "100-continue"))
		send(guest->fd, go_on, strlen(go_on), MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_bytes(&guest->body, rest.data, rest.len);
	guest->state = GUEST_SENDS_BODY;
	watch(guest, UV_READABLE, GATE_BODY_MS);
}

bool
guest_wait(struct guest *guest)
{
	guest->state = GUEST_WAITS;
	return watch(guest, 0, GATE_ANSWER_MS); /* what comes meanwhile stays in the socket */
}

int
guest_take(struct guest *guest)
{
	int fd = guest->fd;

	unlink_guest(guest);
	forget(guest); /* now: later it would make the loop forget what somebody else watches by then */
	guest->fd = -1;
	return fd;
}

void
guest_free(struct guest *guest)
{
	end(guest);
}

/* --- coming in --------------------------------------------------------------------------------------- */

void
gate_begin(void *context, int fd, const char *ip)
{
	struct gate *gate = context;
	struct guest *guest = malloc(sizeof(*guest));

	if (guest == NULL) {
		close(fd);
		return;
	}
	memset(guest, 0, offsetof(struct guest, head));
	memset(&guest->body, 0, sizeof(*guest) - offsetof(struct guest, body));
	head_init(&guest->head);
	guest->gate = gate;
	guest->fd = fd;
	strncpy(guest->ip, ip, sizeof(guest->ip) - 1);
	strcpy(guest->client, guest->ip);
	if (read_on(guest))
		return;
	watch(guest, UV_READABLE, GATE_HEAD_MS);
}

void
gate_open(struct gate *gate, uv_loop_t *loop, const struct gate_keeper *keeper, void *context,
    struct counters *counters, bool for_browsers)
{
	*gate = (struct gate){
		.loop = loop, .keeper = keeper, .context = context, .counters = counters, .for_browsers = for_browsers
	};
}

void
gate_close(struct gate *gate)
{
	struct guest *guest, *next;

	DL_FOREACH_SAFE(gate->guests, guest, next)
		end(guest);
}

void
gate_stop(struct gate *gate)
{
	struct guest *guest, *next;

	DL_FOREACH_SAFE(gate->guests, guest, next)
		if (guest->state == GUEST_ASKS)
			guest_refuse(guest, REFUSAL_STOPPING, NULL);
}

bool
gate_owes(const struct gate *gate)
{
	const struct guest *guest;

	DL_FOREACH(gate->guests, guest)
		if (guest->state == GUEST_SENDS_BODY || guest->state == GUEST_WAITS ||
		    guest->state == GUEST_IS_ANSWERED)
			return true;
	return false;
}

static void
end_late(struct guest *guest)
{
	switch (guest->state) {
	case GUEST_ASKS:
		guest_refuse(guest, REFUSAL_HEAD_TOO_SLOW, NULL);
		return;
	case GUEST_SENDS_BODY:
		guest_refuse(guest, REFUSAL_BODY_TOO_SLOW, NULL);
		return;
	case GUEST_WAITS:
	case GUEST_IS_ANSWERED:
	case GUEST_LEAVES:
		end(guest);
		return;
	}
}

void
gate_tick(struct gate *gate)
{
	struct guest *guest, *next;
	uint64_t now_ms = uv_now(gate->loop);

	DL_FOREACH_SAFE(gate->guests, guest, next)
		if (now_ms >= guest->by_ms)
			end_late(guest);
}
