#include <cjson/cJSON.h>
#include <errno.h>

#include "fcgi/bridge/answer.h"
#include "fcgi/bridge/handler.h"
#include "fcgi/ws/worker.h"
#include "shared/log.h"
#include "shared/wire.h"

static const char *
name_of(enum tina4_event event)
{
	if (event == TINA4_OPEN)
		return "open";
	return event == TINA4_MESSAGE ? "message" : "close";
}

int
handler_run(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	const struct cJSON *answer = tina4_app_user(tina4_conn_app(conn));
	struct answer_fault fault;
	int r = answer_apply(answer, conn, &fault);

	(void)data;
	(void)len;
	if (r == -EBADMSG)
		log_limited(LOG_LEVEL_ERROR, "answer not understood event=%s path=%s conn=%s why=%s", name_of(event),
		    tina4_conn_path(conn), tina4_conn_id(conn), fault.why);
	if (r == -ECANCELED)
		log_limited(LOG_LEVEL_ERROR, "handler gave up event=%s path=%s conn=%s why=%s", name_of(event),
		    tina4_conn_path(conn), tina4_conn_id(conn), fault.why);
	return r;
}

int
handler_answer(struct tina4_app *app, struct worker *worker, struct wire_event *event, const struct cJSON *answer)
{
	int r;

	tina4_app_set_user(app, (struct cJSON *)answer);
	r = worker_handle(worker, event);
	tina4_app_set_user(app, NULL);
	return r;
}

int
handler_fail(struct tina4_app *app, struct worker *worker, struct wire_event *event, const char *why)
{
	cJSON *answer = cJSON_CreateObject();
	int r = -ENOMEM;

	if (answer != NULL && cJSON_AddStringToObject(answer, "fail", why) != NULL)
		r = handler_answer(app, worker, event, answer);
	cJSON_Delete(answer);
	return r;
}
