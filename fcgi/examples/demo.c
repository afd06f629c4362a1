#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "demo.h"

static struct timespec started;

long
demo_uptime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - started.tv_sec;
}

void
demo_timestamp(char ret[static DEMO_TIMESTAMP_BYTES])
{
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(ret, DEMO_TIMESTAMP_BYTES, "%Y-%m-%dT%H:%M:%S+00:00", &utc);
}

cJSON *
demo_parse(const struct tina4_conn *conn, const char *data, size_t len)
{
	cJSON *json;

	/* cJSON takes a NUL for blank space, and bytes for text. */
	if (tina4_conn_is_binary(conn) || memchr(data, '\0', len) != NULL)
		return NULL;
	json = cJSON_ParseWithLengthOpts(data, len + 1, NULL, true);
	if (cJSON_IsObject(json))
		return json;
	cJSON_Delete(json);
	return NULL;
}

const char *
demo_field(const cJSON *json, const char *name, const char *otherwise)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

	if (item == NULL || cJSON_IsNull(item))
		return otherwise;
	return cJSON_GetStringValue(item);
}

const char *
demo_name(const cJSON *json, const char *name, const char *otherwise)
{
	const char *value = demo_field(json, name, otherwise);

	return value != NULL && *value != '\0' && strlen(value) <= DEMO_NAME_BYTES ? value : NULL;
}

int
demo_refuse(struct tina4_conn *conn, const char *why)
{
	return tina4_conn_send_jsonf(conn, 0, "{'type':'error','message':%s}", why);
}

/* Nothing runs or is loaded that is not a file of ours, whatever got into a page. */
static const char content_security_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

int
demo_page(struct tina4_response *res, const char *template, const char *name, const char *value)
{
	cJSON *data = cJSON_CreateObject();

	if (data == NULL || (name != NULL && cJSON_AddStringToObject(data, name, value) == NULL)) {
		cJSON_Delete(data);
		return -ENOMEM;
	}
	return demo_page_with(res, template, &data);
}

int
demo_page_with(struct tina4_response *res, const char *template, cJSON **data)
{
	int r = tina4_response_header(res, "Content-Security-Policy", content_security_policy);

	if (r == 0)
		r = tina4_response_header(res, "X-Content-Type-Options", "nosniff");
	if (r == 0)
		return tina4_response_render(res, template, data);
	cJSON_Delete(*data);
	*data = NULL;
	return r;
}

struct tina4_app *
demo_app(void)
{
	static const struct tina4_websocket_options chat = { .history = DEMO_CHAT_HISTORY };
	struct tina4_app *app = tina4_app_new();

	if (app == NULL)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &started);
	tina4_app_templates(app, DEMO_TEMPLATES);

	tina4_websocket(app, "/ws/echo", demo_echo);
	tina4_websocket(app, "/ws/notifications", demo_connection_events);
	tina4_websocket(app, "/ws/chat", demo_complete_handler);
	tina4_websocket(app, "/ws/private", demo_single_client);
	tina4_websocket(app, "/ws/secure", demo_secure);
	tina4_post(app, "/api/token", demo_token);
	tina4_websocket(app, "/ws/announcements", demo_broadcasting);
	tina4_websocket(app, "/ws/exclude-sender", demo_excluding_sender);
	tina4_websocket(app, "/ws/chat/{room}", demo_isolation);
	tina4_websocket_with(app, "/ws/livechat/{room}", demo_live_chat, &chat);
	tina4_websocket(app, "/ws/notifications/{userId}", demo_notifications);
	tina4_post(app, "/api/orders/{orderId:int}/ship", demo_ship);
	tina4_websocket(app, "/ws/room/{roomName}", demo_chat_room);
	tina4_websocket(app, "/ws/fan", demo_fan_out);

	tina4_get(app, "/", demo_home);
	tina4_get(app, "/chat/{room}", demo_chat_page);
	tina4_get(app, "/room/{roomName}", demo_room_page);
	tina4_get(app, "/source/{name}", demo_source);
	tina4_not_found(app, demo_not_found);

	return app;
}
