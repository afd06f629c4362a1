#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

#include "sidecar/admin.h"
#include "sidecar/answer.h"
#include "sidecar/feed.h"
#include "sidecar/greeting.h"
#include "sidecar/hub.h"
#include "sidecar/relay.h"

/* Without the other hosts this one still serves, and says so. */
static void
answer_ready(const struct relay *relay, struct lws *wsi)
{
	const char *trouble = relay == NULL ? NULL : relay_trouble(relay);
	char body[128];

	if (trouble == NULL) {
		answer_json(wsi, 200, "{\"status\":\"ready\"}\n");
		return;
	}
	snprintf(body, sizeof(body), "{\"status\":\"degraded\",\"why\":\"%s\"}\n", trouble);
	answer_json(wsi, 200, body);
}

static void
answer_page(const struct admin *admin, struct lws *wsi, const char *path)
{
	if (strcmp(path, "/healthz") == 0)
		answer_json(wsi, 200, "{\"status\":\"alive\"}\n");
	else if (strcmp(path, "/readyz") != 0)
		answer_error(wsi, 404, "no such page", NULL);
	else if (feed_ready(admin->feed))
		answer_ready(admin->feed->hub->relay, wsi);
	else
		answer_json(wsi, 503, "{\"status\":\"waiting\",\"why\":\"no route has a worker\"}\n");
}

int
admin_request(struct admin *admin, struct lws *wsi, struct request_line *line)
{
	if (strncmp(line->path, POST_PREFIX, strlen(POST_PREFIX)) == 0)
		return post_begin(&admin->posts, wsi, line);
	if (line->is_get)
		answer_page(admin, wsi, line->path);
	else
		answer_error(wsi, 405, "only GET", "GET");
	return -1;
}
