#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/jsonput.h"
#include "shared/log.h"
#include "shared/numeral.h"
#include "shared/url.h"
#include "shared/wire.h"
#include "sidecar/admin/answer.h"
#include "sidecar/admin/bearer.h"
#include "sidecar/admin/past.h"
#include "sidecar/edge/gate.h"
#include "sidecar/feed/recalls.h"
#include "sidecar/hub/position.h"

/* --- what is asked ------------------------------------------------------------------ */

static bool
take_pair(struct span name, struct span value, struct wire_asked *ret)
{
	int64_t last;

	if (span_is(name, "since")) {
		ret->since = value;
		return true;
	}
	if (!span_is(name, "last"))
		return true; /* of a later version */
	if (numeral_int(value.data, value.len, &last) < 0 || last < 0 || last > UINT32_MAX)
		return false;
	ret->max = (uint32_t)last;
	return true;
}

static bool
parse_query(const char *query, struct wire_asked *ret)
{
	struct span name, value;

	while (url_next_pair(&query, &name, &value))
		if (!take_pair(name, value, ret))
			return false;
	return true;
}

/* --- the answer ----------------------------------------------------------------------- */

static void
put_message(struct buf *buf, const struct wire_kept *kept)
{
	buf_string(buf, "{\"position\":\"");
	position_put_mark(buf, (struct mark){ kept->origin, kept->number });
	buf_printf(buf, "\",\"time_ms\":%" PRIu64 ",", kept->at_ms);
	jsonput_name(buf, kept->flags & WIRE_BINARY ? "base64" : "text");
	if (kept->flags & WIRE_BINARY)
		jsonput_base64(buf, kept->data);
	else
		jsonput_string(buf, kept->data);
	buf_u8(buf, '}');
}

/* Returns 0 or -EPROTO. */
static int
put_json(struct buf *buf, const struct wire_past *past)
{
	struct wire_reader messages = past->messages;
	struct wire_kept kept;
	bool first = true;
	int r;

	buf_string(buf, "{\"position\":");
	jsonput_string(buf, past->position);
	buf_printf(buf, ",\"whole\":%s,\"messages\":[", past->whole ? "true" : "false");
	while ((r = wire_get_kept(&messages, &kept)) > 0) {
		if (!first)
			buf_u8(buf, ',');
		first = false;
		put_message(buf, &kept);
	}
	buf_string(buf, "]}\n");
	return r;
}

static void
refuse(struct guest *guest, int status, const char *why)
{
	log_limited(LOG_LEVEL_INFO, "history refused path=%s status=%d why=%s", guest->target.path, status, why);
	answer_error(guest, status, why, status == 405 ? "GET, HEAD" : NULL);
}

static void
answer_past(struct guest *guest, const struct wire_reply *found)
{
	struct buf json = BUF_INIT;
	struct wire_past past;

	if (wire_get_past(found->text, &past) < 0 || put_json(&json, &past) < 0 || json.failed)
		refuse(guest, 503, "out of memory");
	else
		answer_json(guest, 200, span_of_buf(&json));
	buf_free(&json);
}

static void
answer_reply(void *whom, const struct wire_reply *found)
{
	struct guest *guest = whom;

	switch (found->status) {
	case WIRE_OK:
		answer_past(guest, found);
		return;
	case WIRE_NO_ROUTE:
		refuse(guest, 404, "no route matches this path");
		return;
	case WIRE_NOT_READY:
		refuse(guest, 503, "no application has announced this path yet");
		return;
	case WIRE_INVALID:
		refuse(guest, 400, "the path's route keeps nothing, or since is no position");
		return;
	case WIRE_MALFORMED:
	case WIRE_BAD_VERSION:
	case WIRE_NO_CONN:
	case WIRE_TOO_LARGE:
	case WIRE_EXPIRED:
	case WIRE_BUSY:
	case WIRE_NOT_RELAYED:
		break;
	}
	refuse(guest, 503, "out of memory");
}

static void
ask(struct recalls *recalls, struct guest *guest, const struct wire_asked *asked)
{
	size_t before = strlen(PAST_PREFIX) - 1;
	struct wire_command command = {
		.type = WIRE_HISTORY,
		.key = { guest->target.path + before, guest->target.path_len - before },
	};
	struct buf data = BUF_INIT;

	wire_put_asked(&data, asked);
	command.data = span_of_buf(&data);
	if (data.failed)
		refuse(guest, 503, "out of memory");
	else if (guest_wait(guest))
		recalls_ask(recalls, &command, answer_reply, guest);
	buf_free(&data);
}

void
past_answer(const struct conf *conf, struct recalls *recalls, struct guest *guest)
{
	struct wire_asked asked = { .max = UINT32_MAX, .since = SPAN_EMPTY };
	const char *why = NULL;
	char *query;
	int status = bearer_check(&guest->head, conf, &why);

	if (!head_is(&guest->head, "GET") && !head_is(&guest->head, "HEAD")) {
		refuse(guest, 405, "history is read");
		return;
	}
	if (status != 200) {
		refuse(guest, status, why);
		return;
	}
	query = strndup(guest->target.query.data, guest->target.query.len);
	if (query == NULL)
		refuse(guest, 503, "out of memory");
	else if (!parse_query(query, &asked))
		refuse(guest, 400, "last must be a number");
	else
		ask(recalls, guest, &asked);
	free(query);
}
