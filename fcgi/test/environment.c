#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fcgi/test/environment.h"
#include "fcgi/test/jar.h"
#include "shared/buf.h"

const char *
environment_query(const char *target)
{
	const char *mark = strchr(target, '?');

	return mark != NULL ? mark + 1 : "";
}

/* --- headers ---------------------------------------------------------------------------------- */

static int
add(struct fields *fields, const char *name, const char *value)
{
	return fields_add(fields, name, strlen(name), value, strlen(value));
}

static int
add_line(struct fields *fields, const char *line)
{
	size_t name = strcspn(line, ":");
	const char *value = line[name] == ':' ? line + name + 1 : line + name;

	value += strspn(value, " ");
	return fields_add(fields, line, name, value, strlen(value));
}

static bool
has(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->n; i++)
		if (strcasecmp(fields_name(fields, i), name) == 0)
			return true;
	return false;
}

static int
add_token(struct fields *fields, const char *token)
{
	struct buf value = BUF_INIT;
	int r;

	buf_printf(&value, "Bearer %s", token);
	r = buf_cstr(&value) != NULL ? add(fields, "Authorization", buf_cstr(&value)) : -ENOMEM;
	buf_free(&value);
	return r;
}

static int
add_cookies(struct fields *fields, const struct jar *jar, const char *target, bool https)
{
	char *path = strndup(target, strcspn(target, "?#"));
	struct buf value = BUF_INIT;
	int r = 0;

	if (path == NULL)
		return -ENOMEM;
	jar_put(jar, path, https, &value);
	free(path);
	if (value.failed || buf_cstr(&value) == NULL)
		r = -ENOMEM;
	else if (value.len > 0)
		r = add(fields, "Cookie", buf_cstr(&value));
	buf_free(&value);
	return r;
}

int
environment_headers(
    const struct tina4_test_request *options, const struct jar *jar, const char *target, struct fields *ret)
{
	int r = 0;

	for (const char *const *line = options->headers; r == 0 && line != NULL && *line != NULL; line++)
		r = add_line(ret, *line);
	if (r == 0 && !has(ret, "Host"))
		r = add(ret, "Host", "localhost");
	if (r == 0 && options->token != NULL && !has(ret, "Authorization"))
		r = add_token(ret, options->token);
	if (r == 0 && !has(ret, "Cookie"))
		r = add_cookies(ret, jar, target, options->https);
	return r;
}

/* --- variables ---------------------------------------------------------------------------------- */

struct list {
	char **items;
	size_t n;
	bool failed;
};

static void __attribute__((format(printf, 2, 3))) put(struct list *list, const char *format, ...)
{
	char **items = realloc(list->items, (list->n + 2) * sizeof(*items));
	va_list args;

	if (items == NULL) {
		list->failed = true;
		return;
	}
	list->items = items;
	va_start(args, format);
	if (vasprintf(&items[list->n], format, args) < 0)
		list->failed = true;
	else
		list->n++;
	va_end(args);
	items[list->n] = NULL;
}

/* RFC 3875 section 4.1.18; the two of a body come under names of their own. */
static void
put_header(struct list *list, const char *name, const char *value)
{
	char *end;

	if (strcasecmp(name, "Content-Type") == 0 || strcasecmp(name, "Content-Length") == 0)
		return;
	put(list, "HTTP_%s=%s", name, value);
	if (list->failed)
		return;
	end = list->items[list->n - 1];
	for (; *end != '='; end++)
		*end = *end == '-' ? '_' : (char)toupper((unsigned char)*end);
}

char **
environment_new(
    const struct environment_request *request, const struct tina4_test_request *options, const struct fields *headers)
{
	const char *query = environment_query(request->target);
	struct list list = { 0 };

	put(&list, "REQUEST_METHOD=%s", request->method);
	put(&list, "REQUEST_URI=%s", request->target);
	put(&list, "QUERY_STRING=%.*s", (int)strcspn(query, "#"), query);
	put(&list, "SERVER_PROTOCOL=HTTP/1.1");
	put(&list, "REMOTE_ADDR=%s", options->ip != NULL ? options->ip : "127.0.0.1");
	put(&list, "REQUEST_SCHEME=%s", options->https ? "https" : "http");
	if (request->type != NULL) {
		put(&list, "CONTENT_TYPE=%s", request->type);
		put(&list, "CONTENT_LENGTH=%zu", request->len);
	}
	for (size_t i = 0; i < headers->n; i++)
		put_header(&list, fields_name(headers, i), fields_value(headers, i));
	if (!list.failed)
		return list.items;
	environment_free(list.items);
	return NULL;
}

void
environment_free(char **environment)
{
	for (char **variable = environment; variable != NULL && *variable != NULL; variable++)
		free(*variable);
	free(environment);
}
