#include <errno.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "app.h"

enum { TEXT_MAX = 500 }; /* bytes of what somebody says */

static const char board_path[] = "/ws/board";

/* GET / */
static int
show(struct tina4_request *req, struct tina4_response *res)
{
	cJSON *data = cJSON_CreateObject();

	(void)req;
	cJSON_AddStringToObject(data, "title", "@NAME@");
	cJSON_AddStringToObject(data, "board", board_path);
	return tina4_response_render(res, "index.html", &data);
}

/* POST /say: whoever has the page open sees it. Without a script the form works as well, and comes back here. */
static int
say(struct tina4_request *req, struct tina4_response *res)
{
	const char *text = tina4_request_form(req, "text");
	int r;

	if (!tina4_request_is_ours(req, res))
		return 0; /* another site's page sent it */
	if (text == NULL || *text == '\0' || strlen(text) > TEXT_MAX)
		return tina4_response_error(res, 400, "text must have 1 to %d bytes.", TEXT_MAX);
	r = tina4_push_jsonf(tina4_request_app(req), board_path, NULL, NULL, "{'text':%s}", text);
	if (r < 0)
		return tina4_response_error(res, 503, "It was not sent: %s.", tina4_strerror(r));
	return tina4_response_redirect(res, 303, "/");
}

/* Tells all how many they are. */
static int
board(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)data;
	(void)len;
	if (event == TINA4_MESSAGE)
		return 0; /* pages only listen */
	return tina4_conn_broadcast_jsonf(conn, TINA4_TEXT, "{'online':%u}", tina4_conn_count(conn));
}

struct tina4_app *
app_new(void)
{
	struct tina4_app *app = tina4_app_new();

	if (app == NULL)
		return NULL;
	tina4_app_templates(app, "templates");
	tina4_get(app, "/", show);
	tina4_post(app, "/say", say);
	tina4_websocket(app, board_path, board);
	return app;
}
