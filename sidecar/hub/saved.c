#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/conf.h"
#include "shared/log.h"
#include "shared/path.h"
#include "shared/wire.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/saved.h"
#include "sidecar/hub/statefile.h"

static const char WHAT[] = "tina4-history";

/* --- writing it ------------------------------------------------------------------------ */

static void
put_origins(const struct history *history, struct buf *buf)
{
	buf_u32(buf, history->n_origins);
	for (uint32_t i = 0; i < history->n_origins; i++) {
		const struct history_origin *origin = &history->origins[i];

		buf_u64(buf, origin->latest.origin);
		buf_u64(buf, origin->latest.number);
		buf_u64(buf, origin->latest_ms);
		buf_u64(buf, origin->gone);
		buf_u64(buf, origin->gone_ms);
	}
}

static void
put_messages(const struct history *history, struct buf *buf)
{
	buf_u32(buf, history->messages.n);
	for (uint32_t i = 0; i < history->messages.n; i++) {
		const struct history_message *message = history_at(history, i);
		const struct span data = frame_payload(message->frame);

		buf_u8(buf, frame_is_binary(message->frame));
		buf_u64(buf, message->at_ms);
		buf_u32(buf, message->origin);
		buf_u64(buf, message->number);
		buf_u64(buf, history_except(history, i));
		buf_blob(buf, data.data, data.len);
	}
}

static void
put_path(const struct path *path, struct buf *buf)
{
	const struct history *history = path->past.history;
	uint64_t since_ms = path->past.since_ms > history->since_ms ? path->past.since_ms : history->since_ms;

	buf_blob(buf, path->name, path->len);
	buf_u32(buf, path->past.limits.messages);
	buf_u32(buf, path->past.limits.seconds);
	buf_u64(buf, since_ms);
	put_origins(history, buf);
	put_messages(history, buf);
}

void
saved_put(const struct hub *hub, struct buf *ret)
{
	struct buf body = BUF_INIT;
	const struct path *path;

	buf_u64(&body, hub->histories.since_ms);
	for (path = hub->histories.oldest; path != NULL; path = path->past.next)
		put_path(path, &body);
	statefile_put_head(ret, WHAT, span_of_buf(&body));
	buf_bytes(ret, body.data, body.len);
	ret->failed |= body.failed;
	buf_free(&body);
}

/* --- reading it --------------------------------------------------------------------------- */

/* What is read; without a hub only looked at. */
struct taking {
	struct wire_reader reader;
	struct hub *hub;
	bool bad;
	bool no_memory;
};

static uint64_t
number(struct taking *taking, size_t size)
{
	uint64_t value = 0;

	if ((size_t)(taking->reader.end - taking->reader.at) < size) {
		taking->bad = true;
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		value = value << 8 | *taking->reader.at++;
	return value;
}

static struct span
blob(struct taking *taking)
{
	struct span span = SPAN_EMPTY;

	taking->bad |= wire_get_blob(&taking->reader, &span) < 0;
	return span;
}

static bool
goes_on(const struct taking *taking)
{
	return !taking->bad && !taking->no_memory;
}

static void
take_origins(struct taking *taking, struct history *history, uint64_t ret[static POSITION_ORIGINS], uint32_t n)
{
	for (uint32_t i = 0; i < n && goes_on(taking); i++) {
		struct history_origin origin = { .latest.origin = number(taking, 8) };

		origin.latest.number = number(taking, 8);
		origin.latest_ms = number(taking, 8);
		origin.gone = number(taking, 8);
		origin.gone_ms = number(taking, 8);
		ret[i] = origin.latest.origin;
		if (history != NULL && goes_on(taking))
			taking->no_memory = history_raise_origin(history, &origin) < 0;
	}
}

static void
restore(struct taking *taking, struct path *path, const struct keeping *keeping, struct frame *frame)
{
	if (frame == NULL)
		taking->no_memory = true;
	else
		histories_restore(&taking->hub->histories, path, keeping, frame);
	frame_unref(frame);
}

static void
take_message(struct taking *taking, struct path *path, const uint64_t origins[], uint32_t n_origins)
{
	enum frame_opcode opcode = number(taking, 1) == 1 ? FRAME_BINARY : FRAME_TEXT;
	struct keeping keeping = { .at_ms = number(taking, 8) };
	uint32_t origin = (uint32_t)number(taking, 4);
	struct span data;

	keeping.mark.number = number(taking, 8);
	keeping.except = number(taking, 8);
	data = blob(taking);
	taking->bad |= origin >= n_origins || data.len > UINT32_MAX / 2;
	if (path == NULL || !goes_on(taking))
		return;
	keeping.mark.origin = origins[origin];
	restore(taking, path, &keeping, frame_new(opcode, data.data, data.len));
}

static struct path *
make_path(struct taking *taking, struct span name, struct history_limits limits, uint64_t since_ms)
{
	struct path *path = hub_path_restore(taking->hub, name, limits, since_ms);

	taking->no_memory |= path == NULL;
	return path;
}

static void
take_path(struct taking *taking)
{
	const struct span name = blob(taking);
	struct history_limits limits;
	uint64_t since_ms, origins[POSITION_ORIGINS];
	struct path *path = NULL;
	uint32_t n_origins, n;

	limits.messages = (uint32_t)number(taking, 4);
	limits.seconds = (uint32_t)number(taking, 4);
	since_ms = number(taking, 8);
	n_origins = (uint32_t)number(taking, 4);
	taking->bad |= name.len == 0 || name.len > PATH_MAX_BYTES || memchr(name.data, '\0', name.len) != NULL;
	taking->bad |= n_origins > POSITION_ORIGINS || limits.messages > HISTORY_MAX_MESSAGES ||
	    limits.seconds > HISTORY_MAX_SECONDS;
	if (taking->hub != NULL && goes_on(taking))
		path = make_path(taking, name, limits, since_ms);
	if (goes_on(taking))
		take_origins(taking, path == NULL ? NULL : path->past.history, origins, n_origins);
	n = (uint32_t)number(taking, 4);
	for (uint32_t i = 0; i < n && goes_on(taking); i++)
		take_message(taking, path, origins, n_origins);
}

static int
take(struct hub *hub, struct span body)
{
	struct taking taking = { .reader = wire_reader(body.data, body.len), .hub = hub };
	uint64_t since_ms = number(&taking, 8);

	while (goes_on(&taking) && taking.reader.at < taking.reader.end)
		take_path(&taking);
	if (taking.bad)
		return -EBADMSG;
	if (hub != NULL)
		hub->histories.since_ms = since_ms;
	return taking.no_memory ? -ENOMEM : 0;
}

int
saved_take(struct hub *hub, struct span file)
{
	struct span body;
	int r = statefile_body(file, WHAT, &body);

	if (r == 0)
		r = take(NULL, body);
	return r == 0 ? take(hub, body) : r;
}

/* --- the file -------------------------------------------------------------------------------- */

static size_t
max_bytes(const struct hub *hub)
{
	uint64_t bytes = hub->conf->ws_history_bytes;

	bytes += bytes / HISTORIES_PATH_BYTES * SAVED_PATH_BYTES + SAVED_PATH_BYTES;
	return bytes < UINT32_MAX ? (size_t)bytes : UINT32_MAX;
}

/* For people to look at; the next one that is damaged takes its place. */
static void
put_aside(const char *path, int error)
{
	char *aside = NULL;

	if (asprintf(&aside, "%s.damaged", path) < 0)
		aside = NULL;
	if (aside == NULL || rename(path, aside) < 0)
		unlink(path);
	log_warn("history of the last run not read file=%s error=%s aside=%s", path,
	    error == -EBADMSG ? "damaged" : strerror(-error), aside == NULL ? "-" : aside);
	free(aside);
}

int
saved_load(struct hub *hub, const char *path)
{
	struct buf bytes = BUF_INIT;
	int r = statefile_read(path, max_bytes(hub), &bytes);

	if (r == 0)
		r = saved_take(hub, span_of_buf(&bytes));
	buf_free(&bytes);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		put_aside(path, r);
	else
		unlink(path); /* what is said from now on is not in it */
	return r == -ENOMEM ? r : 0;
}

void
saved_save(const struct hub *hub, const char *path)
{
	struct buf bytes = BUF_INIT;
	int r;

	saved_put(hub, &bytes);
	r = bytes.failed ? -ENOMEM : statefile_write(path, span_of_buf(&bytes));
	if (r < 0)
		log_warn("history not written file=%s error=%s", path, strerror(-r));
	buf_free(&bytes);
}
