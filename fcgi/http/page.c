#include <cjson/cJSON.h>
#include <errno.h>

#include "fcgi/app.h"
#include "fcgi/http/page.h"
#include "fcgi/http/response.h"
#include "fcgi/place.h"
#include "fcgi/session/csrf.h"
#include "fcgi/template/render.h"
#include "fcgi/template/templates.h"
#include "fcgi/template/text.h"
#include "shared/buf.h"

int
tina4_app_templates(struct tina4_app *app, const char *folder)
{
	struct buf path = BUF_INIT;
	struct templates *templates = NULL;

	if (folder == NULL)
		return -EINVAL;
	if (place_find(folder, &path) == 0 && buf_cstr(&path) != NULL)
		templates = templates_new(buf_cstr(&path));
	buf_free(&path);
	if (templates == NULL)
		return -ENOMEM;
	templates_free(app->templates);
	app->templates = templates;
	return 0;
}

/* A render_form_token. */
static int
get_form_token(void *context, const char **ret)
{
	return tina4_response_form_token(context, ret);
}

/* Returns 0, or a negative errno after a message. */
static int
render(struct tina4_response *res, const char *name, const cJSON *data, struct buf *page, struct buf *why)
{
	struct render_input input = { data, get_form_token, res, CSRF_FIELD };
	int r;

	if (res->app == NULL || res->app->templates == NULL) {
		buf_string(why, "no template folder: tina4_app_templates() was not called");
		return -EINVAL;
	}
	if (name == NULL) {
		buf_string(why, "the template's name is NULL");
		return -EINVAL;
	}
	r = templates_render(res->app->templates, name, &input, page, why);
	if (r == -ENOENT && why->len == 0)
		buf_printf(why, "no template '%s'", name);
	if (r == -ENOENT)
		buf_printf(why, " in %s", templates_folder(res->app->templates));
	return r;
}

int
tina4_response_render(struct tina4_response *res, const char *name, struct cJSON **data)
{
	struct buf page = BUF_INIT, why = BUF_INIT;
	cJSON *taken = data != NULL ? *data : NULL;
	int r;

	r = render(res, name, taken, &page, &why);
	if (r == 0)
		r = tina4_response_body(res, page.data, page.len, "text/html; charset=utf-8");
	if (r < 0)
		response_fail(res, &why);
	buf_free(&why);
	buf_free(&page);
	cJSON_Delete(taken);
	if (data != NULL)
		*data = NULL;
	return r;
}

int
page_explain(struct tina4_response *res, const char *why)
{
	struct buf page = BUF_INIT;
	int r;

	buf_string(&page,
	    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	    "<title>500: the template</title>\n<h1>The template was not rendered</h1>\n<pre>");
	text_put_html(&page, span_of(why));
	buf_string(&page, "</pre>\n<p>You see this because TINA4_DEBUG is true.</p>\n</html>\n");
	r = buf_cstr(&page) != NULL ? tina4_response_html(res, buf_cstr(&page)) : -ENOMEM;
	buf_free(&page);
	return r == 0 ? tina4_response_status(res, 500) : r;
}
