#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/response.h"
#include "tests/tap.h"

/* Requests go through an app whose templates lie in a fresh folder. */

static char directory[] = "/tmp/test_page_XXXXXX";
static struct tina4_app *app;
static struct tina4_response res;
static int rendered; /* what tina4_response_render() returned */

static void
put_file(const char *path, const char *text)
{
	FILE *stream = fopen(path, "w");

	fputs(text, stream);
	fclose(stream);
}

static int
show(struct tina4_request *req, struct tina4_response *to)
{
	cJSON *data = cJSON_CreateObject();

	cJSON_AddStringToObject(data, "room", tina4_request_param(req, "room"));
	rendered = tina4_response_render(to, tina4_request_query(req, "page"), &data);
	OK(data == NULL, "the data is taken");
	return rendered;
}

static int
forget(struct tina4_request *req, struct tina4_response *to)
{
	show(req, to);
	return 0;
}

static int
cope(struct tina4_request *req, struct tina4_response *to)
{
	show(req, to);
	return tina4_response_text(to, "instead");
}

/* Asks for a path, with a query behind '?'; the body is a string then. */
static const char *
get(const char *uri)
{
	char uri_variable[128], query_variable[128];
	char *env[] = { "REQUEST_METHOD=GET", uri_variable, query_variable, NULL };
	struct buf body = BUF_INIT;

	snprintf(uri_variable, sizeof(uri_variable), "REQUEST_URI=%s", uri);
	snprintf(query_variable, sizeof(query_variable), "QUERY_STRING=%s", strchr(uri, '?') + 1);
	response_reset(&res);
	dispatch(app, env, 0, &body, &res);
	buf_free(&body);
	return buf_cstr(&res.body);
}

static void
pages_are_html(void)
{
	OK(strcmp(get("/show/a%3Cb?page=room.html"), "<h1>a&lt;b</h1>") == 0 && res.status == 200,
	    "a page shows its data");
	OK(strcmp(fields_get(&res.headers, "Content-Type"), "text/html; charset=utf-8") == 0, "it is HTML");
}

static int
show_without_data(struct tina4_request *req, struct tina4_response *to)
{
	const char *page = tina4_request_query(req, "page");
	struct cJSON *none = NULL;

	OK(page == NULL || tina4_response_render(to, page, &none) == 0, "data may be no JSON");
	return tina4_response_render(to, page, NULL);
}

static void
data_may_be_null(void)
{
	OK(strcmp(get("/bare/?page=room.html"), "<h1></h1>") == 0 && res.status == 200, "or not there at all");
	get("/bare/?other");
	OK(res.status == 500, "a page has a name");
}

static void
failures_are_500(void)
{
	OK(strstr(get("/show/a?page=wrong.html"), "Internal Server Error") != NULL && res.status == 500 &&
		rendered == -EINVAL,
	    "a wrong template is 500");
	OK(strstr(buf_cstr(&res.body), "wrong.html") == NULL, "and tells clients nothing");
	get("/show/a?page=gone.html");
	OK(res.status == 500 && rendered == -ENOENT, "a missing one too");
	get("/show/a?page=../room.html");
	OK(res.status == 500 && rendered == -EPERM, "and a name that leads out");
	get("/forget/a?page=wrong.html");
	OK(res.status == 500, "a handler cannot forget that");
	OK(strcmp(get("/cope/a?page=wrong.html"), "instead") == 0 && res.status == 200, "but answer otherwise");
}

static int
break_down(struct tina4_request *req, struct tina4_response *to)
{
	(void)req, (void)to;
	return -EIO;
}

static void
debug_pages_explain(void)
{
	app->conf.debug = true;
	OK(strstr(get("/show/a?page=wrong.html"), "<pre>wrong.html:2: unknown tag &#39;x&#39;</pre>") != NULL &&
		res.status == 500,
	    "with TINA4_DEBUG the page says where and why");
	OK(strcmp(fields_get(&res.headers, "Content-Type"), "text/html; charset=utf-8") == 0, "as HTML");
	OK(strstr(get("/show/a?page=gone.html"), "<pre>no template &#39;gone.html&#39; in ") != NULL,
	    "also what is missing");
	OK(strcmp(get("/break?x"), "{\"error\":\"Internal Server Error\"}") == 0 && res.status == 500,
	    "but a failure that is no template's has no such page");
	app->conf.debug = false;
}

static void
settings_are_read(void)
{
	char *set[] = { "TINA4_TEMPLATES=/srv/pages", "TINA4_DEBUG=true", NULL },
	     *wrong[] = { "TINA4_DEBUG=yes", NULL };
	struct buf errors = BUF_INIT;
	struct conf conf;

	OK(conf_parse(&conf, NULL, NULL, ".env", &errors) == 0 && strcmp(conf.templates, "") == 0 && !conf.debug,
	    "the folder is for the program to say, and errors are not shown");
	conf_free(&conf);
	OK(conf_parse(&conf, set, NULL, ".env", &errors) == 0 && strcmp(conf.templates, "/srv/pages") == 0 &&
		conf.debug,
	    "TINA4_TEMPLATES and TINA4_DEBUG set both");
	conf_free(&conf);
	OK(conf_parse(&conf, wrong, NULL, ".env", &errors) == -EINVAL &&
		strcmp(buf_cstr(&errors), "TINA4_DEBUG: \"yes\": must be true or false\n") == 0,
	    "TINA4_DEBUG is true or false");
	conf_free(&conf);
	buf_free(&errors);
}

static void
a_folder_must_be_set(void)
{
	tina4_app_free(app);
	app = tina4_app_new();
	app->conf.cors_origins = strdup("");
	tina4_get(app, "/show/{room}", show);
	get("/show/a?page=room.html");
	OK(res.status == 500 && rendered == -EINVAL, "without a folder nothing is rendered");
}

int
main(void)
{
	if (mkdtemp(directory) == NULL || chdir(directory) < 0)
		return 99;
	mkdir("pages", 0700);
	put_file("pages/room.html", "<h1>{{ room }}</h1>");
	put_file("pages/wrong.html", "\n{% x %}");
	response_init(&res);
	app = tina4_app_new();
	app->conf.cors_origins = strdup("");
	tina4_app_templates(app, "nowhere");
	tina4_app_templates(app, "pages");
	tina4_get(app, "/break", break_down);
	tina4_get(app, "/show/{room}", show);
	tina4_get(app, "/forget/{room}", forget);
	tina4_get(app, "/cope/{room}", cope);
	tina4_get(app, "/bare/", show_without_data);
	pages_are_html();
	data_may_be_null();
	failures_are_500();
	debug_pages_explain();
	settings_are_read();
	a_folder_must_be_set();
	tina4_app_free(app);
	response_free(&res);
	unlink("pages/room.html");
	unlink("pages/wrong.html");
	rmdir("pages");
	rmdir(directory);
	return tap_done();
}
