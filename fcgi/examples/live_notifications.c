/*
 * Live notifications: an HTTP request of one user reaches another's browser.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "demo.h"

enum { USER_BYTES = 64 };

int
demo_notifications(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)data; /* "mark-read" would go to a database */
	(void)len;
	if (event == TINA4_OPEN)
		return tina4_conn_send_jsonf(conn, 0, "{'type':'connected','message':'Listening for notifications'}");
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

static int
notify(struct tina4_app *app, const char *user, long long order)
{
	char path[USER_BYTES + sizeof("/ws/notifications/")], now[DEMO_TIMESTAMP_BYTES];

	snprintf(path, sizeof(path), "/ws/notifications/%s", user);
	demo_timestamp(now);
	return tina4_push_jsonf(app, path, NULL, NULL,
	    "{'type':'notification','title':'Order Shipped','message':'Your order #%lld has been shipped!',"
	    "'action_url':'/orders/%lld','timestamp':%s}",
	    order, order, now);
}

int
demo_ship(struct tina4_request *req, struct tina4_response *res)
{
	char user[USER_BYTES];
	int64_t order;
	int r;

	r = tina4_request_param_int(req, "orderId", INT64_MIN, INT64_MAX, &order);
	if (r < 0)
		return r;

	r = get_user(req, user);
	if (r < 0)
		return tina4_response_error(res, 400,
		    r == -ENOENT ? "user_id is missing" : "user_id must be a number or a word of 63 bytes at most");

	/* ... the order's row would change here ... */

	r = notify(tina4_request_app(req), user, order);
	if (r < 0)
		return tina4_response_error(res, 503, "%s", tina4_strerror(r));
	return tina4_response_jsonf(res, "{'message':'Order shipped, user notified'}");
}
