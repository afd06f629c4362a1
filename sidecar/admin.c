#include <libwebsockets.h>
#include <string.h>

#include "sidecar/admin.h"
#include "sidecar/feed.h"
#include "sidecar/greeting.h"

struct page {
	int status;
	const char *body;
};

static struct page
page_of(const struct admin *admin, const struct request_line *line)
{
	const char *path = line->path;

	if (!line->is_get)
		return (struct page){ 405, "{\"error\":\"only GET\"}\n" };
	if (strcmp(path, "/healthz") == 0)
		return (struct page){ 200, "{\"status\":\"alive\"}\n" };
	if (strcmp(path, "/readyz") != 0)
		return (struct page){ 404, "{\"error\":\"no such page\"}\n" };
	if (feed_ready(admin->feed))
		return (struct page){ 200, "{\"status\":\"ready\"}\n" };
	return (struct page){ 503, "{\"status\":\"waiting\",\"why\":\"no route has a worker\"}\n" };
}

void
admin_answer(const struct admin *admin, struct lws *wsi, const struct request_line *line)
{
	unsigned char head[LWS_PRE + 512], *at = head + LWS_PRE, *end = head + sizeof(head);
	unsigned char body[LWS_PRE + 256];
	struct page page = page_of(admin, line);
	size_t len = strlen(page.body);

	memcpy(body + LWS_PRE, page.body, len);
	if (lws_add_http_common_headers(wsi, (unsigned int)page.status, "application/json", len, &at, end) ||
	    lws_finalize_write_http_header(wsi, head + LWS_PRE, &at, end))
		return;
	lws_write(wsi, body + LWS_PRE, len, LWS_WRITE_HTTP_FINAL);
}
