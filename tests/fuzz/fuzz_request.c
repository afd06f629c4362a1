/* Input: lines "NAME=value" of a CGI environment, an empty line, the body. */
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "shared/address.h"
#include "shared/buf.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_VARIABLES = 64 };

static const char *const names[] = { "a", "id", "sid", "name", "file", "Content-Type", "X-Forwarded-For" };

/* Asks for all there is, and says it back. */
static int
mirror(struct tina4_request *req, struct tina4_response *res)
{
	size_t len;
	const char *body = tina4_request_body(req, &len);

	assert(body[len] == '\0' && tina4_request_path(req)[0] == '/' && tina4_request_ip(req) != NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *cookie = tina4_request_cookie(req, names[i]);
		const char *header = tina4_request_header(req, names[i]);
		const struct tina4_upload *upload = tina4_request_upload(req, names[i]);
		int64_t number;

		if (tina4_request_param_int(req, names[i], INT64_MIN, INT64_MAX, &number) == 0)
			assert(strtoll(tina4_request_param(req, names[i]), NULL, 10) == number);
		if (upload != NULL)
			assert((const char *)upload->data >= body &&
			    (const char *)upload->data + upload->len <= body + len);
		if (header != NULL)
			tina4_response_header(res, "X-Mirror", header);
		for (size_t at = 0; at < 2; at++) {
			const char *value = tina4_request_query_at(req, names[i], at);

			assert(at > 0 || value == tina4_request_query(req, names[i]));
			assert(value == NULL || at == 0 || tina4_request_query(req, names[i]) != NULL);
		}
		if (cookie != NULL)
			tina4_response_cookie(res, names[i], cookie, NULL);
		if (tina4_request_query(req, names[i]) != NULL)
			tina4_response_text(res, tina4_request_query(req, names[i]));
		if (tina4_request_form(req, names[i]) != NULL)
			tina4_response_redirect(res, 303, tina4_request_form(req, names[i]));
	}
	tina4_request_is_ours(req, res);
	if (tina4_request_json(req) != NULL) {
		cJSON *json = cJSON_Duplicate(tina4_request_json(req), true);

		tina4_response_json(res, &json);
	}
	return 0;
}

static struct tina4_app *
app_of_routes(void)
{
	struct tina4_app *app = tina4_app_new();

	assert(address_list_parse("10.0.0.0/8", &app->conf.trusted_proxies, NULL) == 0);
	app->conf.cors_origins = strdup("https://*.example.com");
	tina4_any(app, "/orders/{id:int}", mirror);
	tina4_post(app, "/{name}/{a:float}", mirror);
	tina4_get(app, "/{name:path}", mirror);
	return app;
}

static int
append(void *context, const void *data, size_t len)
{
	buf_bytes(context, data, len);
	return 0;
}

/* The head is lines that end in CR LF, and nothing a client said has added one that is no field. */
static void
check_head(struct buf *written)
{
	const char *line = buf_cstr(written), *end;

	assert(strncmp(line, "Status: ", 8) == 0);
	while ((end = strstr(line, "\r\n")) != line) {
		assert(end != NULL && memchr(line, '\n', (size_t)(end - line)) == NULL);
		assert(memchr(line, ':', (size_t)(end - line)) != NULL);
		line = end + 2;
	}
}

static void
answer(struct tina4_app *app, char *const *env, struct buf *body)
{
	struct tina4_response res;
	struct buf written = BUF_INIT;

	response_init(&res);
	dispatch(app, env, 0, body, &res);
	assert(res.status < 500);
	assert(response_write(&res, append, &written) == 0);
	check_head(&written);
	buf_free(&written);
	response_free(&res);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tina4_app *app;
	const char *separator = memmem(data, len, "\n\n", 2);
	size_t head_len = separator != NULL ? (size_t)(separator - (const char *)data) : len;
	char *head = strndup((const char *)data, head_len), *rest = head;
	char *env[MAX_VARIABLES + 1] = { NULL };
	struct buf body = BUF_INIT;

	if (app == NULL)
		app = app_of_routes();
	for (size_t i = 0; i < MAX_VARIABLES && rest != NULL; i++)
		env[i] = strsep(&rest, "\n");
	if (separator != NULL)
		buf_bytes(&body, separator + 2, len - head_len - 2);
	answer(app, env, &body);
	buf_free(&body);
	free(head);
	return 0;
}
