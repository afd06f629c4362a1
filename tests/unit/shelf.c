#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/template/render.h"
#include "fcgi/template/template.h"
#include "shared/buf.h"
#include "tests/unit/shelf.h"

enum { MAX_TEMPLATES = 32 };

static struct {
	const char *name, *source;
} shelf[MAX_TEMPLATES];

static cJSON *data;
static struct buf written, error;

void
shelf_put(const char *name, const char *source)
{
	size_t i = 0;

	while (shelf[i].name != NULL && strcmp(shelf[i].name, name) != 0)
		i++;
	shelf[i].name = name;
	shelf[i].source = source;
}

void
shelf_data(const char *json)
{
	cJSON_Delete(data);
	data = cJSON_Parse(json);
}

void
shelf_clear(void)
{
	memset(shelf, 0, sizeof(shelf));
	cJSON_Delete(data);
	data = NULL;
	buf_free(&written);
	buf_free(&error);
}

static int
find(void *context, const char *name, struct template **ret, struct buf *why)
{
	(void)context;
	for (size_t i = 0; i < MAX_TEMPLATES && shelf[i].name != NULL; i++)
		if (strcmp(shelf[i].name, name) == 0)
			return template_parse(name, span_of(shelf[i].source), ret, why);
	return -ENOENT;
}

/* Returns what render_template() does. */
static int
render(const char *name)
{
	buf_clear(&written);
	buf_clear(&error);
	return render_template(find, NULL, name, &(struct render_input){ .data = data }, &written, &error);
}

const char *
shelf_render(const char *name)
{
	return render(name) == 0 ? buf_cstr(&written) : buf_cstr(&error);
}

static bool
is(const char *what, const char *text, const char *expected)
{
	if (strcmp(text, expected) == 0)
		return true;
	printf("# %s: %s\n", what, text);
	return false;
}

bool
renders(const char *source, const char *expected)
{
	shelf_put("page.html", source);
	if (render("page.html") < 0)
		return is("fails", buf_cstr(&error), "");
	return is("writes", buf_cstr(&written), expected) && error.len == 0;
}

bool
refuses(const char *source, const char *message)
{
	shelf_put("page.html", source);
	if (render("page.html") == 0)
		return is("writes", buf_cstr(&written), "nothing, but fails");
	return is("says", buf_cstr(&error), message) && written.len == 0;
}
