#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fcgi/fields.h"
#include "fcgi/joined.h"
#include "fcgi/ws/meta.h"
#include "shared/path.h"

struct meta {
	const struct path_pattern *pattern;
	char *path;
	char *ip;
	struct fields params; /* the path's, then the query's */
	struct fields headers;
	struct joined *joined; /* headers that came several times and were asked for */
	struct fields cookies; /* empty until one is asked for */
	bool has_cookies;
	struct cJSON *user;
	char *protocol; /* or NULL */
};

/* Copies a span that becomes a string. */
static int
copy_string(struct span span, char **ret)
{
	if (memchr(span.data, '\0', span.len) != NULL)
		return -EPROTO;
	*ret = strndup(span.data, span.len);
	return *ret != NULL ? 0 : -ENOMEM;
}

static int
add_path_params(struct meta *meta)
{
	struct path_match match;
	int r = 0;

	if (!path_match(meta->pattern, meta->path, strlen(meta->path), &match))
		return -EPROTO;
	for (size_t i = 0; i < match.n && r == 0; i++) {
		const struct path_param *param = &match.params[i];

		r = fields_add(&meta->params, param->name, strlen(param->name), param->value, param->len);
	}
	return r;
}

static int
add_query_params(struct meta *meta, struct span span)
{
	char *query = NULL;
	int r = copy_string(span, &query);

	if (r == 0)
		r = fields_add_query(&meta->params, query);
	free(query);
	return r;
}

static int
add_headers(struct meta *meta, struct span pairs)
{
	struct wire_reader reader = wire_reader(pairs.data, pairs.len);
	struct span name, value;
	int r;

	while ((r = wire_get_pair(&reader, &name, &value)) > 0) {
		r = fields_add(&meta->headers, name.data, name.len, value.data, value.len);
		if (r < 0)
			return r;
	}
	return r;
}

static int
parse_claims(struct meta *meta, struct span json)
{
	if (json.len == 0)
		return 0;
	meta->user = cJSON_ParseWithLength(json.data, json.len);
	return meta->user != NULL ? 0 : -EPROTO;
}

int
meta_new(struct meta **ret, const struct path_pattern *pattern, const struct wire_meta *wire)
{
	struct meta *meta = calloc(1, sizeof(*meta));
	int r;

	if (meta == NULL)
		return -ENOMEM;
	meta->pattern = pattern;
	r = copy_string(wire->path, &meta->path);
	if (r == 0)
		r = copy_string(wire->ip, &meta->ip);
	if (r == 0)
		r = add_path_params(meta);
	if (r == 0)
		r = add_query_params(meta, wire->query);
	if (r == 0)
		r = add_headers(meta, wire->headers);
	if (r == 0)
		r = parse_claims(meta, wire->claims);
	if (r == 0 && wire->protocol.len > 0)
		r = copy_string(wire->protocol, &meta->protocol);
	if (r < 0) {
		meta_free(meta);
		return r;
	}
	*ret = meta;
	return 0;
}

void
meta_free(struct meta *meta)
{
	if (meta == NULL)
		return;
	free(meta->protocol);
	cJSON_Delete(meta->user);
	fields_free(&meta->cookies);
	joined_free(meta->joined);
	fields_free(&meta->headers);
	fields_free(&meta->params);
	free(meta->ip);
	free(meta->path);
	free(meta);
}

const char *
meta_path(const struct meta *meta)
{
	return meta->path;
}

const char *
meta_ip(const struct meta *meta)
{
	return meta->ip;
}

const char *
meta_param(const struct meta *meta, const char *name, size_t i)
{
	return fields_get_at(&meta->params, name, i);
}

const char *
meta_header_at(const struct meta *meta, const char *name, size_t i)
{
	for (size_t at = 0; at < meta->headers.n; at++)
		if (strcasecmp(fields_name(&meta->headers, at), name) == 0 && i-- == 0)
			return fields_value(&meta->headers, at);
	return NULL;
}

static const char *
header_line(const void *context, const char *name, size_t i)
{
	return meta_header_at(context, name, i);
}

const char *
meta_header(struct meta *meta, const char *name)
{
	return joined_get(&meta->joined, name, strcasecmp(name, "Cookie") == 0, header_line, meta);
}

const struct fields *
meta_params(const struct meta *meta)
{
	return &meta->params;
}

const struct fields *
meta_headers(const struct meta *meta)
{
	return &meta->headers;
}

const struct fields *
meta_cookies(struct meta *meta)
{
	const char *header;

	/* Cookies past a limit of fields are not there. */
	for (size_t at = 0; !meta->has_cookies && (header = meta_header_at(meta, "cookie", at)) != NULL; at++)
		fields_add_cookies(&meta->cookies, header);
	meta->has_cookies = true;
	return &meta->cookies;
}

const char *
meta_cookie(struct meta *meta, const char *name, size_t i)
{
	return fields_get_at(meta_cookies(meta), name, i);
}

const struct path_pattern *
meta_pattern(const struct meta *meta)
{
	return meta->pattern;
}

const char *
meta_protocol(const struct meta *meta)
{
	return meta->protocol;
}

const struct cJSON *
meta_user(const struct meta *meta)
{
	return meta->user;
}
