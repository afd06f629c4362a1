#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tina4.h>
#include <tina4_test.h>

#include "fcgi/session/csrf.h"
#include "tests/tap.h"

/* An app's own tests drive this one: it has a page with a form, and a place that the form is sent to. */

static char directory[] = "/tmp/test_form_XXXXXX";
static struct tina4_test *test;
static int ran; /* handlers that got as far as their work */

static int
show(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	return tina4_response_render(res, "form.html", NULL);
}

static int
tell(struct tina4_request *req, struct tina4_response *res)
{
	const char *token, *again;

	(void)req;
	OK(tina4_response_form_token(res, &token) == 0 && tina4_response_form_token(res, &again) == 0 && token == again,
	    "an answer has one token");
	return tina4_response_text(res, token);
}

static int
order(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	ran++;
	return tina4_response_status(res, 201);
}

static int
careful(struct tina4_request *req, struct tina4_response *res)
{
	if (!tina4_request_is_ours(req, res))
		return 0;
	return order(req, res);
}

static void
begin(const char *setting)
{
	const char *const settings[] = { setting, "TINA4_LOG_LEVEL=error", NULL };
	struct tina4_app *app = tina4_app_new();

	tina4_app_templates(app, directory);
	tina4_get(app, "/form", show);
	tina4_get(app, "/token", tell);
	tina4_any(app, "/order", order);
	tina4_post(app, "/careful", careful);
	OK(tina4_test_new(&test, &app, settings) == 0, "an app with a setting");
}

static void
end(void)
{
	tina4_test_free(test);
	test = NULL;
}

static int
post(struct tina4_test_visitor *visitor, const char *path, const char *header)
{
	const char *headers[] = { header, NULL };
	struct tina4_test_request options = { .headers = headers, .json = "{}" };

	return tina4_test_status(tina4_test_http(visitor, "POST", path, &options));
}

static int
post_field(struct tina4_test_visitor *visitor, const char *path, const char *token)
{
	char field[128];
	const char *form[] = { field, "what=lamp", NULL };
	struct tina4_test_request options = { .form = form };

	snprintf(field, sizeof(field), "formToken=%s", token);
	return tina4_test_status(tina4_test_http(visitor, "POST", path, &options));
}

static int
post_json(struct tina4_test_visitor *visitor, const char *path, const char *token)
{
	char json[128];

	snprintf(json, sizeof(json), "{\"formToken\":\"%s\"}", token);
	return tina4_test_status(tina4_test_post(visitor, path, json));
}

/* --- the secret and its masks --------------------------------------------------------------- */

static void
test_masks(void)
{
	char cookie[CSRF_COOKIE_CHARS + 1], other[CSRF_COOKIE_CHARS + 1];
	char token[CSRF_TOKEN_CHARS + 1], again[CSRF_TOKEN_CHARS + 1], wrong[CSRF_TOKEN_CHARS + 2];
	bool all = true;

	OK(csrf_make_cookie(cookie) == 0 && csrf_make_cookie(other) == 0 && strcmp(cookie, other) != 0,
	    "each secret is another one");
	OK(strlen(cookie) == CSRF_COOKIE_CHARS, "it is as long as is said");
	OK(csrf_mask(cookie, token) == 0 && csrf_mask(cookie, again) == 0 && strcmp(token, again) != 0,
	    "each mask is another one");
	OK(strlen(token) == CSRF_TOKEN_CHARS && strstr(token, cookie) == NULL, "it hides the secret");
	OK(csrf_belongs(token, cookie) && csrf_belongs(again, cookie), "both belong to the cookie");
	OK(!csrf_belongs(token, other), "and to no other");
	for (size_t i = 0; i < CSRF_TOKEN_CHARS; i++) {
		strcpy(wrong, token);
		wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
		all = all && !csrf_belongs(wrong, cookie);
		wrong[i] = '\0';
		all = all && !csrf_belongs(wrong, cookie);
	}
	OK(all, "a token with another character, or without its end, is none");
	sprintf(wrong, "%sA", token);
	OK(!csrf_belongs(wrong, cookie), "nor is a longer one");
	OK(!csrf_belongs(NULL, cookie) && !csrf_belongs(token, NULL) && !csrf_belongs("", "") &&
		!csrf_belongs(NULL, NULL),
	    "nothing belongs to nothing");
	OK(!csrf_belongs(cookie, cookie), "the cookie is no token");
	OK(csrf_mask("short", token) == -EINVAL && csrf_mask("", token) == -EINVAL,
	    "a cookie that is none has no mask");
}

/* --- requests -------------------------------------------------------------------------------- */

static void
test_a_form(void)
{
	struct tina4_test_visitor *visitor = tina4_test_visitor(test), *other = tina4_test_visitor(test);
	const struct tina4_test_response *page = tina4_test_get(visitor, "/form");
	const char *body = tina4_test_body(page, NULL), *cookie = tina4_test_cookie(visitor, "tina4_csrf");
	const char *set = tina4_test_header(page, "Set-Cookie"),
		   *field = "<input type=\"hidden\" name=\"formToken\" value=\"";
	char token[CSRF_TOKEN_CHARS + 1], header[160], first[64];

	OK(strncmp(body, field, strlen(field)) == 0 && strlen(body) > strlen(field) + CSRF_TOKEN_CHARS,
	    "the page has a field");
	if (strlen(body) <= strlen(field) + CSRF_TOKEN_CHARS)
		return;
	memcpy(token, body + strlen(field), CSRF_TOKEN_CHARS);
	token[CSRF_TOKEN_CHARS] = '\0';
	snprintf(header, sizeof(header), "\">|%s", token);
	OK(strcmp(body + strlen(field) + CSRF_TOKEN_CHARS, header) == 0, "and the same token for scripts");
	OK(csrf_belongs(token, cookie), "the token belongs to the cookie");
	OK(strstr(set, "; HttpOnly") != NULL && strstr(set, "; SameSite=Lax") != NULL && strstr(set, "Secure") == NULL,
	    "the cookie is for the site alone");
	OK(strcmp(tina4_test_header(page, "Cache-Control"), "private") == 0, "no shared cache keeps the page");

	snprintf(first, sizeof(first), "%s", cookie);
	page = tina4_test_get(visitor, "/form");
	OK(tina4_test_header(page, "Set-Cookie") == NULL &&
		strcmp(tina4_test_cookie(visitor, "tina4_csrf"), first) == 0,
	    "the next page leaves the cookie");
	OK(strcmp(tina4_test_body(page, NULL), body) != 0, "and has another mask");

	ran = 0;
	snprintf(header, sizeof(header), "X-Form-Token: %s", token);
	OK(post_field(visitor, "/careful", token) == 201 && post_json(visitor, "/careful", token) == 201 &&
		post(visitor, "/careful", header) == 201 && ran == 3,
	    "a field, a member and a header are taken");
	OK(post(visitor, "/careful", NULL) == 403 && post_field(visitor, "/careful", "") == 403 &&
		post_field(visitor, "/careful", first) == 403 && ran == 3,
	    "nothing, an empty field and the cookie itself are not");
	OK(post_field(other, "/careful", token) == 403 && ran == 3, "it is nobody else's");
	tina4_test_get(other, "/form");
	OK(post_field(other, "/careful", token) == 403 && ran == 3, "not with a cookie of his own either");
	OK(post(visitor, "/careful", "X-Form-Token: ") == 403, "an empty header is no token");
	tina4_test_set_cookie(visitor, "tina4_csrf", "planted");
	OK(tina4_test_header(tina4_test_get(visitor, "/token"), "Set-Cookie") != NULL,
	    "a cookie that is none is replaced");
}

static void
test_a_token(void)
{
	struct tina4_test_visitor *visitor = tina4_test_visitor(test);
	cJSON *claims = cJSON_CreateObject();
	struct tina4_test_request options = { .json = "{}" };
	char *token = NULL;

	OK(tina4_auth_token(tina4_test_app(test), &claims, 60, &token) == 0, "there is a token");
	options.token = token;
	OK(tina4_test_status(tina4_test_http(visitor, "POST", "/careful", &options)) == 201,
	    "who has an Authorization header needs no form");
	options.token = "forged";
	OK(tina4_test_status(tina4_test_http(visitor, "POST", "/careful", &options)) == 403,
	    "one that is not valid is none");
	free(token);
}

static void
test_https(void)
{
	struct tina4_test_visitor *visitor = tina4_test_visitor(test);
	struct tina4_test_request options = { .https = true };
	const struct tina4_test_response *page = tina4_test_http(visitor, "GET", "/token", &options);
	const char *set = tina4_test_header(page, "Set-Cookie");
	char header[128], cookie[64];
	const char *headers[] = { header, NULL };

	OK(strncmp(set, "__Host-tina4_csrf=", 18) == 0 && strstr(set, "; Secure") != NULL &&
		strstr(set, "; Path=/;") != NULL && strstr(set, "Domain") == NULL,
	    "behind https no other host can set it");
	snprintf(header, sizeof(header), "X-Form-Token: %s", tina4_test_body(page, NULL));
	options.headers = headers;
	options.json = "{}";
	OK(tina4_test_status(tina4_test_http(visitor, "POST", "/careful", &options)) == 201, "it is taken");
	snprintf(cookie, sizeof(cookie), "%s", tina4_test_cookie(visitor, "__Host-tina4_csrf"));
	tina4_test_set_cookie(visitor, "__Host-tina4_csrf", NULL);
	tina4_test_set_cookie(visitor, "tina4_csrf", cookie);
	OK(tina4_test_status(tina4_test_http(visitor, "POST", "/careful", &options)) == 403,
	    "a cookie that another host could have set is not");
}

/* --- the setting ------------------------------------------------------------------------------ */

static void
test_all_routes(void)
{
	static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };
	struct tina4_test_visitor *visitor = tina4_test_visitor(test);
	bool refused = true;

	ran = 0;
	for (size_t i = 0; i < 4; i++)
		refused = refused && tina4_test_status(tina4_test_http(visitor, methods[i], "/order", NULL)) == 403;
	OK(refused && ran == 0, "each method that changes something is refused");
	OK(tina4_test_status(tina4_test_get(visitor, "/order")) == 201 && ran == 1, "a GET is not");
	OK(tina4_test_status(tina4_test_http(visitor, "HEAD", "/order", NULL)) == 201, "nor is a HEAD");
	OK(tina4_test_status(tina4_test_http(visitor, "OPTIONS", "/order", NULL)) == 204,
	    "nor the question what is allowed");
	OK(tina4_test_status(tina4_test_post(visitor, "/nowhere", "{}")) == 404, "what is not there is not there");
	OK(post_field(visitor, "/order", tina4_test_form_token(visitor)) == 201, "with a token all go");
	OK(post_field(visitor, "/order", tina4_test_form_token(visitor)) == 201, "and once more");
}

static void
test_no_route(void)
{
	OK(tina4_test_status(tina4_test_post(tina4_test_visitor(test), "/order", "{}")) == 201,
	    "without the setting a route asks for itself");
}

int
main(void)
{
	FILE *file;
	char path[64];

	if (mkdtemp(directory) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/form.html", directory);
	file = fopen(path, "w");
	fputs("{{ form_token() }}|{{ form_token_value() }}", file);
	fclose(file);

	test_masks();
	begin("TINA4_CSRF=false");
	test_a_form();
	test_a_token();
	test_https();
	test_no_route();
	end();
	begin("TINA4_CSRF=true");
	test_all_routes();
	end();

	unlink(path);
	rmdir(directory);
	return tap_done();
}
