#include <string.h>
#include <time.h>

#include "shared/buf.h"
#include "sidecar/admin/answer.h"
#include "sidecar/edge/gate.h"
#include "sidecar/edge/reply.h"

void
answer(struct guest *guest, int status, const char *type, struct span body)
{
	struct reply reply = {
		.status = status, .type = type, .body = body, .bodiless = head_is(&guest->head, "HEAD")
	};
	struct buf bytes = BUF_INIT;

	reply_put(&reply, (int64_t)time(NULL), &bytes);
	guest_reply(guest, &bytes);
}

void
answer_json(struct guest *guest, int status, struct span json)
{
	answer(guest, status, "application/json", json);
}

void
answer_error(struct guest *guest, int status, const char *why, const char *allow)
{
	struct buf bytes = BUF_INIT;

	reply_put_error(status, why, allow, head_is(&guest->head, "HEAD"), (int64_t)time(NULL), &bytes);
	guest_reply(guest, &bytes);
}
