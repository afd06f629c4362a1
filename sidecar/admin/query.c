#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/url.h"
#include "sidecar/admin/query.h"

static int
decode(struct span value, char **ret)
{
	char *text = malloc(value.len + 1);

	if (text == NULL)
		return -ENOMEM;
	text[url_decode_component(value.data, value.len, text)] = '\0';
	*ret = text;
	return 0;
}

int
query_get(struct span query, const char *name, char **ret)
{
	char *copy = strndup(query.data, query.len);
	const char *rest = copy;
	struct span key, value;
	int r = 0;

	if (copy == NULL)
		return -ENOMEM;
	*ret = NULL;
	while (*ret == NULL && r == 0 && url_next_pair(&rest, &key, &value))
		if (span_is(key, name))
			r = decode(value, ret);
	free(copy);
	return r;
}
