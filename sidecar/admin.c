#include <libwebsockets.h>
#include <string.h>

#include "sidecar/admin.h"
#include "sidecar/answer.h"
#include "sidecar/feed.h"
#include "sidecar/greeting.h"

static void
answer_page(const struct admin *admin, struct lws *wsi, const char *path)
{
	if (strcmp(path, "/healthz") == 0)
		answer_json(wsi, 200, "{\"status\":\"alive\"}\n");
	else if (strcmp(path, "/readyz") != 0)
		answer_error(wsi, 404, "no such page", NULL);
	else if (feed_ready(admin->feed))
		answer_json(wsi, 200, "{\"status\":\"ready\"}\n");
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
