/*
 * Live notifications: an HTTP request of one user reaches another's browser.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "demo.h"

enum {
	USER_BYTES = 64,
	TEXT_BYTES = 64, /* a short sentence with a number in it */
};

int
demo_notifications(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)data; /* "mark-read" would go to a database */
	(void)len;
	if (event == TINA4_OPEN)
		return tina4_conn_sendf(conn, "{\"type\":\"connected\",\"message\":\"Listening for notifications\"}");
	return 0;
}

/* Finds user_id in a JSON or a form body. Returns 0, -ENOENT, or -EINVAL for what can be no part of a path. */
static int
get_user(const struct tina4_request *req, char ret[static USER_BYTES])
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(tina4_request_json(req), "user_id");
	const char *text = item != NULL ? cJSON_GetStringValue(item) : tina4_request_form(req, "user_id");
	int n;

	if (cJSON_IsNull(item) || (item == NULL && text == NULL))
		return -ENOENT;
	if (cJSON_IsNumber(item) && item->valuedouble == item->valueint)
		n = snprintf(ret, USER_BYTES, "%d", item->valueint);
	else if (text != NULL && strchr(text, '/') == NULL)
		n = snprintf(ret, USER_BYTES, "%s", text);
	else
		return -EINVAL;
	return n > 0 && n < USER_BYTES ? 0 : -EINVAL;
}

static cJSON *
new_notification(int64_t order)
{
	cJSON *json = cJSON_CreateObject();
	char message[TEXT_BYTES], url[TEXT_BYTES], now[DEMO_TIMESTAMP_BYTES];

	snprintf(message, sizeof(message), "Your order #%" PRId64 " has been shipped!", order);
	snprintf(url, sizeof(url), "/orders/%" PRId64, order);
	demo_timestamp(now);
	if (!cJSON_AddStringToObject(json, "type", "notification") ||
	    !cJSON_AddStringToObject(json, "title", "Order Shipped") ||
	    !cJSON_AddStringToObject(json, "message", message) || !cJSON_AddStringToObject(json, "action_url", url) ||
	    !cJSON_AddStringToObject(json, "timestamp", now)) {
		cJSON_Delete(json);
		return NULL;
	}
	return json;
}

int
demo_ship(struct tina4_request *req, struct tina4_response *res)
{
	char user[USER_BYTES], path[USER_BYTES + sizeof("/ws/notifications/")];
	cJSON *json;
	int64_t order;
	int r;

	r = tina4_request_param_int(req, "orderId", &order);
	if (r < 0)
		return r;

	r = get_user(req, user);
	if (r < 0)
		return tina4_response_error(res, 400,
		    r == -ENOENT ? "user_id is missing" : "user_id must be a number or a word of 63 bytes at most");

	/* ... the order's row would change here ... */

	json = new_notification(order);
	if (json == NULL)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/ws/notifications/%s", user);
	r = tina4_push_json(tina4_request_app(req), path, &json, NULL, NULL);
	if (r < 0)
		return tina4_response_error(res, 503, "%s", tina4_strerror(r));

	json = cJSON_CreateObject();
	if (!cJSON_AddStringToObject(json, "message", "Order shipped, user notified")) {
		cJSON_Delete(json);
		return -ENOMEM;
	}
	return tina4_response_json(res, &json);
}
