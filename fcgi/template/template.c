#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/template/ast.h"
#include "fcgi/template/limits.h"
#include "fcgi/template/parser.h"
#include "fcgi/template/template.h"
#include "shared/buf.h"
#include "shared/utf8.h"

static struct template *
new_template(const char *name, struct span source)
{
	struct template *template = calloc(1, sizeof(*template));

	if (template == NULL)
		return NULL;
	atomic_init(&template->refs, 1);
	template->name = strdup(name);
	template->source.data = arena_copy(&template->arena, source.data, source.len);
	template->source.len = source.len;
	if (template->name == NULL || template->source.data == NULL) {
		template_unref(template);
		return NULL;
	}
	return template;
}

/* Returns 0, or a negative errno after a message. */
static int
check_source(const char *name, struct span source, struct buf *error)
{
	if (source.len > TEMPLATE_MAX_BYTES) {
		buf_printf(error, "%s: larger than %d bytes", name, TEMPLATE_MAX_BYTES);
		return -E2BIG;
	}
	if (!utf8_valid(source.data, source.len)) {
		buf_printf(error, "%s: not UTF-8", name);
		return -EINVAL;
	}
	return 0;
}

int
template_parse(const char *name, struct span source, struct template **ret, struct buf *error)
{
	struct template *template;
	int r;

	r = check_source(name, source, error);
	if (r < 0)
		return r;
	template = new_template(name, source);
	if (template == NULL) {
		buf_printf(error, "%s: out of memory", name);
		return -ENOMEM;
	}
	r = parser_parse(template, error);
	if (r < 0)
		template_unref(template);
	else
		*ret = template;
	return r;
}

struct template *
template_ref(struct template *template)
{
	atomic_fetch_add_explicit(&template->refs, 1, memory_order_relaxed);
	return template;
}

void
template_unref(struct template *template)
{
	if (template == NULL || atomic_fetch_sub_explicit(&template->refs, 1, memory_order_acq_rel) > 1)
		return;
	arena_free(&template->arena);
	free(template->name);
	free(template);
}
