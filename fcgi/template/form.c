/*
 * form - what a template writes into a form, so that nobody else can send it.
 */
#include <errno.h>
#include <string.h>

#include "fcgi/template/render.h"
#include "shared/buf.h"

static int
find_token(struct render *render, const char **ret)
{
	const struct render_input *input = render->input;
	int r;

	if (input->form_token == NULL)
		return budget_fail(&render->budget, -EINVAL, "a form's token is for the page that answers a request");
	r = input->form_token(input->context, ret);
	return r < 0 ? budget_fail(&render->budget, r, "there is no token for a form: %s", strerror(-r)) : 0;
}

int
render_form_value(struct render *render, struct value *ret)
{
	struct buf text = BUF_INIT;
	const char *token;
	int r = find_token(render, &token);

	if (r < 0)
		return r;
	buf_string(&text, token);
	return value_of_buf(&render->budget, &text, ret);
}

int
render_form_field(struct render *render, struct value *ret)
{
	struct buf text = BUF_INIT;
	const char *token;
	int r = find_token(render, &token);

	if (r < 0)
		return r;
	buf_printf(&text, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", render->input->form_field, token);
	r = value_of_buf(&render->budget, &text, ret);
	if (r == 0)
		ret->safe = true;
	return r;
}
