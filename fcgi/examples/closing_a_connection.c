#include <errno.h>
#include <stdlib.h>

#include "demo.h"

enum { TOKEN_SECONDS = 300 };

/* A browser cannot set headers for a WebSocket, so the token is in the query, and does not live long. */
int
demo_secure(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	int r;

	(void)data;
	(void)len;
	if (event != TINA4_OPEN)
		return 0;
	if (tina4_auth_valid(tina4_conn_app(conn), tina4_conn_param(conn, "token"), NULL) == 0)
		return 0;

	r = tina4_conn_send_jsonf(conn, 0, "{'type':'error','message':'Invalid token'}");
	return r < 0 ? r : tina4_conn_close(conn, 0, NULL);
}

/* Who may have a token is for the application to say; this one gives one to everybody. */
int
demo_token(struct tina4_request *req, struct tina4_response *res)
{
	cJSON *claims = cJSON_CreateObject();
	char *token;
	int r;

	if (!cJSON_AddStringToObject(claims, "sub", "visitor")) {
		cJSON_Delete(claims);
		return -ENOMEM;
	}
	r = tina4_auth_token(tina4_request_app(req), &claims, TOKEN_SECONDS, &token);
	if (r < 0)
		return tina4_response_error(res, 503, "%s: set TINA4_SECRET", tina4_strerror(r));
	r = tina4_response_jsonf(res, "{'token':%s}", token);
	free(token);
	return r;
}
