#include <errno.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/listener.h"
#include "sidecar/admin/admin.h"
#include "sidecar/edge/answer.h"
#include "sidecar/admin/figures.h"
#include "sidecar/admin/metrics.h"
#include "sidecar/admin/post.h"
#include "sidecar/relay/relay.h"
#include "sidecar/edge/request_line.h"
#include "sidecar/feed/roster.h"

void
admin_open(struct admin *admin, const struct conf *conf, const struct roster *roster, const struct figures *figures,
    struct posts *posts)
{
	*admin = (struct admin){ conf, roster, figures, posts };
}

/* True when a process can reach the bus: its socket's file may have been taken away since it was bound. */
static bool
bus_takes_connections(const struct admin *admin)
{
	return listener_probe(conf_bus_path(admin->conf)) == -EADDRINUSE;
}

/* Looks at what carries messages, not at whether the parts exist. Returns NULL when all of it works. */
static const char *
why_not_ready(const struct admin *admin)
{
	if (!bus_takes_connections(admin))
		return "nobody can connect to the bus";
	if (!roster_ready(admin->roster))
		return "no route has a worker";
	return NULL;
}

/* Without the other hosts this one still serves, and says so. */
static void
answer_ready(const struct admin *admin, struct lws *wsi)
{
	const struct relay *relay = admin->figures->relay;
	const char *why = why_not_ready(admin);
	const char *trouble = relay == NULL ? NULL : relay_trouble(relay);
	char text[256];

	if (why == NULL && trouble == NULL) {
		answer_json(wsi, 200, "{\"status\":\"ready\"}\n");
		return;
	}
	snprintf(text, sizeof(text), "{\"status\":\"%s\",\"why\":\"%s\"}\n", why != NULL ? "waiting" : "degraded",
	    why != NULL ? why : trouble);
	answer_json(wsi, why != NULL ? 503 : 200, text);
}

static void
answer_metrics(const struct admin *admin, struct lws *wsi)
{
	struct answer answer = { .status = 200, .type = METRICS_TYPE };
	struct buf text = BUF_INIT;

	metrics_put(admin->figures, &text);
	answer.body = text.data;
	answer.len = text.len;
	if (text.failed)
		answer_error(wsi, 503, "out of memory", NULL);
	else
		answer_send(wsi, &answer);
	buf_free(&text);
}

static void
answer_page(const struct admin *admin, struct lws *wsi, const char *path)
{
	if (strcmp(path, "/healthz") == 0)
		answer_json(wsi, 200, "{\"status\":\"alive\"}\n");
	else if (strcmp(path, "/readyz") == 0)
		answer_ready(admin, wsi);
	else if (strcmp(path, "/metrics") == 0)
		answer_metrics(admin, wsi);
	else
		answer_error(wsi, 404, "no such page", NULL);
}

int
admin_request(struct admin *admin, struct lws *wsi, struct request_line *line)
{
	if (strncmp(line->path, POST_PREFIX, strlen(POST_PREFIX)) == 0)
		return post_begin(admin->posts, wsi, line);
	if (line->is_get)
		answer_page(admin, wsi, line->path);
	else
		answer_error(wsi, 405, "only GET", "GET");
	return -1;
}
