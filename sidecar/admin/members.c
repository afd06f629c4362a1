#include <string.h>

#include "shared/buf.h"
#include "shared/log.h"
#include "shared/wire.h"
#include "sidecar/admin/answer.h"
#include "sidecar/admin/bearer.h"
#include "sidecar/admin/members.h"
#include "sidecar/edge/gate.h"
#include "sidecar/feed/recalls.h"

static void
refuse(struct guest *guest, int status, const char *why)
{
	log_limited(LOG_LEVEL_INFO, "members refused path=%s status=%d why=%s", guest->target.path, status, why);
	answer_error(guest, status, why, status == 405 ? "GET, HEAD" : NULL);
}

static void
answer_list(struct guest *guest, struct span list)
{
	struct buf json = BUF_INIT;

	buf_bytes(&json, list.data, list.len);
	buf_u8(&json, '\n');
	if (json.failed)
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
		answer_list(guest, found->text);
		return;
	case WIRE_NO_ROUTE:
		refuse(guest, 404, "no route matches this path");
		return;
	case WIRE_NOT_READY:
		refuse(guest, 503, "no application has announced this path yet");
		return;
	case WIRE_MALFORMED:
	case WIRE_BAD_VERSION:
	case WIRE_NO_CONN:
	case WIRE_TOO_LARGE:
	case WIRE_EXPIRED:
	case WIRE_INVALID:
	case WIRE_BUSY:
	case WIRE_NOT_RELAYED:
		break;
	}
	refuse(guest, 503, "out of memory");
}

void
members_answer(const struct conf *conf, struct recalls *recalls, struct guest *guest)
{
	size_t before = strlen(MEMBERS_PREFIX) - 1;
	const struct wire_command command = {
		.type = WIRE_MEMBERS,
		.key = { guest->target.path + before, guest->target.path_len - before },
		.data = SPAN_EMPTY,
	};
	const char *why = NULL;
	int status = bearer_check(&guest->head, conf, &why);

	if (!head_is(&guest->head, "GET") && !head_is(&guest->head, "HEAD"))
		refuse(guest, 405, "members are read");
	else if (status != 200)
		refuse(guest, status, why);
	else if (guest_wait(guest))
		recalls_ask(recalls, &command, answer_reply, guest);
}
