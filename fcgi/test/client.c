/*
 * client - a browser's WebSocket: its upgrade, and what the program asks of it.
 */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fcgi/app.h"
#include "fcgi/session/auth.h"
#include "fcgi/reserved.h"
#include "fcgi/test/environment.h"
#include "fcgi/test/test.h"
#include "shared/closecode.h"
#include "shared/credentials.h"
#include "shared/jsonprint.h"
#include "shared/list.h"
#include "shared/path.h"
#include "shared/protocols.h"
#include "shared/url.h"

static const struct ws_route *
find_route(const struct tina4_app *app, const char *path)
{
	for (size_t i = 0; i < app->n_ws_routes; i++)
		if (path_match(app->ws_routes[i].pattern, path, strlen(path), NULL))
			return &app->ws_routes[i];
	return NULL;
}

static const char *
header(const struct fields *headers, const char *name)
{
	for (size_t i = 0; i < headers->n; i++)
		if (strcasecmp(fields_name(headers, i), name) == 0)
			return fields_value(headers, i);
	return NULL;
}

/* Checks the token of a secure route as the sidecar does. Returns the upgrade's status, and the claims for 101. */
static int
check_token(const struct tina4_app *app, const char *query, const struct fields *headers, cJSON **ret_claims)
{
	struct credentials credentials = {
		.authorization = header(headers, "Authorization"),
		.query = query,
		.cookies = header(headers, "Cookie"),
		.cookie_name = app->conf.token_cookie,
	};

	switch (auth_check(app, credentials_token(&credentials), ret_claims)) {
	case TOKEN_VALID:
		return 101;
	case TOKEN_UNCHECKED:
		return 503;
	case TOKEN_MISSING:
	case TOKEN_MALFORMED:
	case TOKEN_WRONG_ALGORITHM:
	case TOKEN_BAD_SIGNATURE:
	case TOKEN_EXPIRED:
	case TOKEN_NO_EXPIRY:
	case TOKEN_NOT_YET_VALID:
	case TOKEN_WRONG_AUDIENCE:
	case TOKEN_WRONG_ISSUER:
		break;
	}
	return 401;
}

static void
put_headers(struct buf *meta, const struct fields *headers)
{
	for (size_t i = 0; i < headers->n; i++) {
		char *name = strdup(fields_name(headers, i));

		if (name == NULL) {
			meta->failed = true;
			return;
		}
		for (char *c = name; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
		wire_put_pair(meta, span_of(name), span_of(fields_value(headers, i)));
		free(name);
	}
}

/* The first that is offered of those which the route speaks. */
static struct span
find_protocol(const struct ws_route *route, const struct fields *headers)
{
	const char *rest;
	struct span offer;

	for (size_t i = 0; i < headers->n; i++) {
		if (strcasecmp(fields_name(headers, i), "Sec-WebSocket-Protocol") != 0)
			continue;
		for (rest = fields_value(headers, i); list_next(&rest, &offer);)
			if (protocols_have(span_of(route->protocols), offer))
				return offer;
	}
	return SPAN_EMPTY;
}

static int
put_meta(struct tina4_test_client *client, const char *query, const struct tina4_test_request *options,
    const struct fields *headers, const cJSON *claims)
{
	const char *user = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, "sub"));
	char *text = claims != NULL ? jsonprint(claims) : NULL;
	struct wire_meta meta = {
		.pattern = span_of(path_pattern_text(client->route->pattern)),
		.path = span_of(client->path),
		.query = { query, strcspn(query, "#") },
		.ip = span_of(options->ip != NULL ? options->ip : "127.0.0.1"),
		.claims = span_of(text != NULL ? text : ""),
		.user = span_of(user != NULL ? user : ""),
		.protocol = find_protocol(client->route, headers),
	};

	wire_put_meta(&client->meta, &meta);
	put_headers(&client->meta, headers);
	cJSON_free(text);
	return client->meta.failed || (claims != NULL && text == NULL) ? -ENOMEM : 0;
}

/* Returns 0 with the upgrade's status and, for 101, all that a connection needs. */
static int
upgrade(struct tina4_test_client *client, const char *target, const struct tina4_test_request *options,
    const struct fields *headers)
{
	const struct tina4_app *app = client->test->app;
	const char *query = environment_query(target);
	char path[PATH_MAX_BYTES + 1];
	cJSON *claims = NULL;
	int r = 0;

	client->status = 400;
	if (url_decode_path(target, strcspn(target, "?#"), path, sizeof(path)) < 0)
		return 0;
	client->path = strdup(path);
	if (client->path == NULL)
		return -ENOMEM;
	client->route = find_route(app, path);
	client->status = client->route != NULL ? 101 : 404;
	if (client->status == 101 && client->route->secure)
		client->status = check_token(app, query, headers, &claims);
	if (client->status == 101)
		r = put_meta(client, query, options, headers, claims);
	cJSON_Delete(claims);
	return r;
}

static int
connect_client(struct tina4_test_visitor *visitor, struct tina4_test_client *client, const char *target,
    const struct tina4_test_request *options)
{
	struct fields headers = { 0 };
	int r;

	r = wire_id_random(&client->id);
	if (r == 0)
		r = environment_headers(options, &visitor->jar, target, &headers);
	if (r == 0)
		r = upgrade(client, target, options, &headers);
	fields_free(&headers);
	if (r < 0)
		return r;
	wire_id_format(&client->id, client->id_text);
	if (client->status != 101) {
		client->code = CLOSE_ABNORMAL; /* what a browser says of a refused upgrade */
		return 0;
	}
	return standin_enter(&visitor->test->standin, client);
}

struct tina4_test_client *
tina4_test_connect(struct tina4_test_visitor *visitor, const char *target, const struct tina4_test_request *options)
{
	static const struct tina4_test_request defaults;
	struct tina4_test_client *client;

	if (options == NULL)
		options = &defaults;
	if (visitor == NULL || !RESERVED_IS_ZERO(options))
		return NULL;
	if (standin_settle(&visitor->test->standin) < 0 || test_settle_session(visitor) < 0)
		return NULL;
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return NULL;
	client->test = visitor->test;
	standin_add(&visitor->test->standin, client);
	return connect_client(visitor, client, target, options) == 0 ? client : NULL;
}

int
tina4_test_upgrade(const struct tina4_test_client *client)
{
	return client != NULL ? client->status : 0;
}

int
tina4_test_send(struct tina4_test_client *client, const void *data, size_t len, unsigned flags)
{
	if (client == NULL)
		return -ENOTCONN;
	return standin_say(&client->test->standin, client, (struct span){ data, len }, flags);
}

int
tina4_test_send_text(struct tina4_test_client *client, const char *text)
{
	return tina4_test_send(client, text, strlen(text), TINA4_TEXT);
}

int
tina4_test_request(struct tina4_test_client *client, const void *data, size_t len, unsigned flags,
    const struct tina4_test_message **ret)
{
	*ret = NULL;
	if (client == NULL)
		return -ENOTCONN;
	return standin_ask(&client->test->standin, client, (struct span){ data, len }, flags, ret);
}

int
tina4_test_close(struct tina4_test_client *client, int code)
{
	if (client == NULL)
		return -ENOTCONN;
	return standin_leave(&client->test->standin, client, code != 0 ? (uint16_t)code : CLOSE_NORMAL);
}

/* What the program has pushed or closed itself may have had consequences. */
static void
settle(const struct tina4_test_client *client)
{
	standin_settle(&client->test->standin);
}

int
tina4_test_result(const struct tina4_test_client *client)
{
	if (client == NULL)
		return 0;
	settle(client);
	return client->result;
}

const struct tina4_test_message *
tina4_test_received(struct tina4_test_client *client)
{
	const struct tina4_test_message *message;

	if (client == NULL)
		return NULL;
	settle(client);
	pthread_mutex_lock(&client->test->standin.lock);
	message = inbox_next(&client->inbox);
	pthread_mutex_unlock(&client->test->standin.lock);
	return message;
}

int
tina4_test_closed(const struct tina4_test_client *client)
{
	if (client == NULL)
		return CLOSE_ABNORMAL;
	settle(client);
	return client->code;
}

const char *
tina4_test_close_reason(const struct tina4_test_client *client)
{
	return client != NULL ? client->reason : "";
}

const char *
tina4_test_conn_id(const struct tina4_test_client *client)
{
	return client != NULL ? client->id_text : "";
}

const char *
tina4_test_attribute(const struct tina4_test_client *client, const char *name)
{
	if (client == NULL)
		return NULL;
	settle(client);
	return attributes_get(&client->attributes, name);
}
