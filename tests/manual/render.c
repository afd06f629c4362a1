#include <cjson/cJSON.h>
#include <stdio.h>

#include "fcgi/template/render.h"
#include "fcgi/template/templates.h"
#include "shared/buf.h"

/* Renders a template of a folder with the data on standard input, for test_template. */

static cJSON *
read_data(void)
{
	char text[4096];
	size_t len = fread(text, 1, sizeof(text), stdin);

	return cJSON_ParseWithLength(text, len);
}

int
main(int argc, char **argv)
{
	struct templates *templates = argc == 3 ? templates_new(argv[1]) : NULL;
	struct buf page = BUF_INIT, error = BUF_INIT;
	cJSON *data = read_data();
	struct render_input input = { .data = data };
	int r = 1;

	if (templates != NULL && data != NULL)
		r = templates_render(templates, argv[2], &input, &page, &error);
	fputs(r == 0 ? buf_cstr(&page) : "", stdout);
	fputs(buf_cstr(&error), stderr);
	cJSON_Delete(data);
	buf_free(&error);
	buf_free(&page);
	templates_free(templates);
	return r == 0 ? 0 : 1;
}
