#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fcgi/app.h"
#include "fcgi/convert.h"
#include "fcgi/fields.h"
#include "fcgi/http/multipart.h"
#include "fcgi/http/request.h"
#include "fcgi/joined.h"
#include "shared/jsontext.h"
#include "fcgi/session/session.h"
#include "shared/address.h"
#include "shared/url.h"

enum { HEADER_NAME_MAX = 256 }; /* bytes of a header's name that is asked for */

static const char byte_order_mark[] = "\xef\xbb\xbf"; /* RFC 8259 section 8.1 lets a reader skip it */

struct tina4_request {
	struct tina4_app *app;
	char *const *env;
	const char *method;
	char ip[ADDRESS_TEXT_MAX];
	bool https;
	struct fields params;
	struct fields query;
	struct fields cookies;
	struct joined *joined; /* headers that came several times and were asked for */
	struct fields form;
	struct tina4_upload *uploads; /* the three strings of each are one block, its name's */
	size_t n_uploads;
	cJSON *json;
	const char *body;
	size_t body_len;
	struct request_kept kept;
	char path[PATH_MAX_BYTES + 1]; /* the last: all before it begins as zero */
};

const char *
request_variable(char *const *env, const char *name)
{
	return request_variable_at(env, name, 0);
}

const char *
request_variable_at(char *const *env, const char *name, size_t i)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (**env == *name && strncmp(*env, name, len) == 0 && (*env)[len] == '=' && i-- == 0)
			return *env + len + 1;
	return NULL;
}

/* The variable, or "" when it is not there. */
static const char *
variable(const struct tina4_request *req, const char *name)
{
	const char *value = request_variable(req->env, name);

	return value ? value : "";
}

int
request_body_bytes(char *const *env, size_t max_bytes, size_t *ret)
{
	const char *text = request_variable(env, "CONTENT_LENGTH");
	size_t bytes = 0;

	if (text == NULL || *text == '\0')
		return -ENOENT;
	if (text[strspn(text, "0123456789")] != '\0')
		return -EINVAL;
	for (; *text != '\0'; text++) {
		bytes = bytes * 10 + (size_t)(*text - '0');
		if (bytes > max_bytes)
			return -EFBIG;
	}
	*ret = bytes;
	return 0;
}

char *const *
request_environment(const struct tina4_request *req)
{
	return req->env;
}

bool
request_is_head(char *const *env)
{
	const char *method = request_variable(env, "REQUEST_METHOD");

	return method != NULL && strcmp(method, "HEAD") == 0;
}

/* Answers what fields_add() refused in a part of the request. */
static int
refuse_fields(struct tina4_response *refusal, const char *part, int error)
{
	switch (error) {
	case -EINVAL:
		tina4_response_error(refusal, 400, "The %s has a NUL byte.", part);
		return -EBADMSG;
	case -ENOBUFS:
		tina4_response_error(refusal, 400, "The %s has more than %d fields.", part, FIELDS_MAX);
		return -EBADMSG;
	default:
		return error;
	}
}

/* Skips the scheme and authority of an absolute form, RFC 9112 section 3.2.2. */
static const char *
skip_origin(const char *uri)
{
	if (strncasecmp(uri, "http://", 7) == 0)
		uri += 7;
	else if (strncasecmp(uri, "https://", 8) == 0)
		uri += 8;
	else
		return uri;
	uri += strcspn(uri, "/?");
	return *uri == '/' ? uri : "/";
}

/* A web server without REQUEST_URI says the path in two decoded pieces. Returns what url_decode_path() does. */
static int
join_path(struct tina4_request *req)
{
	const char *script = variable(req, "SCRIPT_NAME"), *rest = variable(req, "PATH_INFO");
	size_t len = strlen(script) + strlen(rest);

	if (len >= sizeof(req->path))
		return -E2BIG;
	strcpy(stpcpy(req->path, script), rest);
	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)req->path[i]))
			return -EINVAL;
	return req->path[0] == '/' && !url_has_dots(req->path, len) ? (int)len : -EINVAL;
}

static int
read_path(struct tina4_request *req, struct tina4_response *refusal)
{
	const char *uri = request_variable(req->env, "REQUEST_URI");
	int r;

	if (uri != NULL && *uri != '\0') {
		uri = skip_origin(uri);
		r = url_decode_path(uri, strcspn(uri, "?#"), req->path, sizeof(req->path));
	} else {
		r = join_path(req);
	}
	if (r >= 0)
		return 0;
	if (r == -E2BIG)
		tina4_response_error(refusal, 414, "The path is longer than %d bytes.", PATH_MAX_BYTES);
	else
		tina4_response_error(refusal, 400, "The path is malformed.");
	return -EBADMSG;
}

static int
read_query(struct tina4_request *req, struct tina4_response *refusal)
{
	int r = fields_add_query(&req->query, variable(req, "QUERY_STRING"));

	return r < 0 ? refuse_fields(refusal, "query", r) : 0;
}

static int
read_cookies(struct tina4_request *req, struct tina4_response *refusal)
{
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && (text = request_variable_at(req->env, "HTTP_COOKIE", i)) != NULL; i++)
		r = fields_add_cookies(&req->cookies, text);
	return r < 0 ? refuse_fields(refusal, "Cookie header", r) : 0;
}

/* A proxy may add a line of its own behind the client's: they are one list, RFC 9110 section 5.3. */
static int
join_forwarded(const struct tina4_request *req, struct buf *list)
{
	const char *text;

	for (size_t i = 0; (text = request_variable_at(req->env, "HTTP_X_FORWARDED_FOR", i)) != NULL; i++) {
		buf_string(list, i > 0 ? "," : "");
		buf_string(list, text);
	}
	return buf_cstr(list) != NULL ? 0 : -ENOMEM;
}

/* Who asks, and how, where the peer of the web server may be a proxy that we trust. */
static int
read_client(struct tina4_request *req)
{
	const struct address_list *trusted = req->app->conf.trusted_proxies;
	const char *peer = variable(req, "REMOTE_ADDR");
	struct buf forwarded = BUF_INIT;
	int r;

	if (strncmp(peer, "unix:", 5) == 0) /* nginx on a unix socket */
		peer = "";
	r = join_forwarded(req, &forwarded);
	if (r == 0)
		address_of_client(trusted, peer, (const char *)forwarded.data, req->ip);
	buf_free(&forwarded);

	req->https =
	    strcasecmp(variable(req, "HTTPS"), "on") == 0 || strcasecmp(variable(req, "REQUEST_SCHEME"), "https") == 0;
	if (*peer == '\0' || address_list_contains(trusted, peer))
		req->https |= strcasecmp(variable(req, "HTTP_X_FORWARDED_PROTO"), "https") == 0;
	return r;
}

static int
read_form(struct tina4_request *req, struct tina4_response *refusal)
{
	int r = -EINVAL;

	if (strlen(req->body) == req->body_len)
		r = fields_add_query(&req->form, req->body);
	return r < 0 ? refuse_fields(refusal, "form", r) : 0;
}

static void
refuse_json(struct tina4_response *refusal, const char *text, const struct jsontext_fault *fault)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < fault->at; i++) {
		column++;
		if (text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	tina4_response_error(refusal, 400, "The body %s: line %zu, byte %zu.", fault->why, line, column);
}

/* cJSON takes more for JSON than RFC 8259 does, and cuts strings at a NUL: what it gets has been looked at before. */
static int
read_json(struct tina4_request *req, struct tina4_response *refusal)
{
	size_t mark = strncmp(req->body, byte_order_mark, strlen(byte_order_mark)) == 0 ? strlen(byte_order_mark) : 0;
	const char *text = req->body + mark;
	size_t len = req->body_len - mark;
	struct jsontext_fault fault;

	if (len == 0)
		return 0; /* a type without a body, as with GET */
	if (!jsontext_check(text, len, &fault)) {
		refuse_json(refusal, text, &fault);
		return -EBADMSG;
	}
	req->json = cJSON_ParseWithLength(text, len);
	return req->json != NULL ? 0 : -ENOMEM;
}

/* Keeps a part that has a file. */
static int
add_upload(struct tina4_request *req, const struct multipart_part *part)
{
	size_t name = strlen(part->name) + 1, filename = strlen(part->filename) + 1, type = strlen(part->type) + 1;
	struct tina4_upload *uploads = realloc(req->uploads, (req->n_uploads + 1) * sizeof(*uploads));
	char *strings;

	if (uploads == NULL)
		return -ENOMEM;
	req->uploads = uploads;
	strings = malloc(name + filename + type);
	if (strings == NULL)
		return -ENOMEM;
	memcpy(strings, part->name, name);
	memcpy(strings + name, part->filename, filename);
	memcpy(strings + name + filename, part->type, type);

	uploads[req->n_uploads++] = (struct tina4_upload){
		.name = strings,
		.filename = strings + name,
		.type = strings + name + filename,
		.data = part->data,
		.len = part->len,
	};
	return 0;
}

static int
add_part(struct tina4_request *req, const struct multipart_part *part, struct tina4_response *refusal)
{
	int r;

	if (part->has_filename && part->filename[0] == '\0' && part->len == 0)
		return 0; /* what browsers send when no file was chosen */
	if (part->has_filename)
		return add_upload(req, part);
	r = fields_add(&req->form, part->name, strlen(part->name), part->data, part->len);
	return r < 0 ? refuse_fields(refusal, "form", r) : 0;
}

static int
read_multipart(struct tina4_request *req, const char *type, struct tina4_response *refusal)
{
	struct multipart multipart;
	struct multipart_part part;
	int r;

	r = multipart_begin(&multipart, type, req->body, req->body_len);
	if (r < 0)
		goto refuse;
	while ((r = multipart_next(&multipart, &part)) > 0) {
		r = add_part(req, &part, refusal);
		if (r < 0)
			return r;
	}
	if (r == 0)
		return 0;
refuse:
	tina4_response_error(refusal, 400,
	    r == -E2BIG ? "The multipart body is past a limit on its parts or their headers."
			: "The multipart body is malformed or cut short.");
	return -EBADMSG;
}

/* Compares a Content-Type without its parameters. */
static bool
is_type(const char *header, const char *type)
{
	size_t len = strcspn(header, "; \t");

	return len == strlen(type) && strncasecmp(header, type, len) == 0;
}

/* RFC 8259 section 11 and the suffix of RFC 6839 section 3.1. */
static bool
is_json_type(const char *header)
{
	size_t len = strcspn(header, "; \t");

	return is_type(header, "application/json") || (len > 5 && strncasecmp(header + len - 5, "+json", 5) == 0);
}

static int
read_body(struct tina4_request *req, struct tina4_response *refusal)
{
	const char *type = variable(req, "CONTENT_TYPE");

	if (is_json_type(type))
		return read_json(req, refusal);
	if (is_type(type, "application/x-www-form-urlencoded"))
		return read_form(req, refusal);
	if (is_type(type, "multipart/form-data"))
		return read_multipart(req, type, refusal);
	return 0;
}

int
request_new(struct tina4_app *app, char *const *env, const char *body, size_t len, struct tina4_response *refusal,
    struct tina4_request **ret)
{
	struct tina4_request *req = malloc(sizeof(*req));
	int r;

	if (req == NULL)
		return -ENOMEM;
	memset(req, 0, offsetof(struct tina4_request, path));
	req->app = app;
	req->env = env;
	req->body = body;
	req->body_len = len;
	req->method = variable(req, "REQUEST_METHOD");

	r = read_path(req, refusal);
	if (r < 0)
		goto fail;
	r = read_query(req, refusal);
	if (r < 0)
		goto fail;
	r = read_cookies(req, refusal);
	if (r < 0)
		goto fail;
	r = read_body(req, refusal);
	if (r < 0)
		goto fail;
	r = read_client(req);
	if (r < 0)
		goto fail;
	*ret = req;
	return 0;
fail:
	request_free(req);
	return r;
}

void
request_free(struct tina4_request *req)
{
	if (req == NULL)
		return;
	session_free(req->kept.session);
	cJSON_Delete(req->kept.user);
	cJSON_Delete(req->json);
	for (size_t i = 0; i < req->n_uploads; i++)
		free((char *)req->uploads[i].name);
	free(req->uploads);
	fields_free(&req->form);
	joined_free(req->joined);
	fields_free(&req->cookies);
	fields_free(&req->query);
	fields_free(&req->params);
	free(req);
}

struct request_kept *
request_kept(struct tina4_request *req)
{
	return &req->kept;
}

bool
request_is_https(const struct tina4_request *req)
{
	return req->https;
}

int
request_set_match(struct tina4_request *req, const struct path_match *match)
{
	for (size_t i = 0; i < match->n; i++) {
		const struct path_param *param = &match->params[i];
		int r = fields_add(&req->params, param->name, strlen(param->name), param->value, param->len);

		if (r < 0)
			return r;
	}
	return 0;
}

struct tina4_app *
tina4_request_app(const struct tina4_request *req)
{
	return req->app;
}

const char *
tina4_request_method(const struct tina4_request *req)
{
	return req->method;
}

const char *
tina4_request_path(const struct tina4_request *req)
{
	return req->path;
}

const char *
tina4_request_ip(const struct tina4_request *req)
{
	return req->ip;
}

const char *
tina4_request_param(const struct tina4_request *req, const char *name)
{
	return fields_get(&req->params, name);
}

const char *
tina4_request_query(const struct tina4_request *req, const char *name)
{
	return fields_get(&req->query, name);
}

const char *
tina4_request_query_at(const struct tina4_request *req, const char *name, size_t i)
{
	return fields_get_at(&req->query, name, i);
}

/* Web servers say "" for a header that did not come. */
static const char *
none_if_empty(const char *value)
{
	return *value != '\0' ? value : NULL;
}

const char *
tina4_request_header_at(const struct tina4_request *req, const char *name, size_t i)
{
	char variable_name[sizeof("HTTP_") + HEADER_NAME_MAX];
	char *end = stpcpy(variable_name, "HTTP_");

	/* RFC 3875 section 4.1: these two come under names of their own. */
	if (strcasecmp(name, "Content-Type") == 0)
		return i == 0 ? none_if_empty(variable(req, "CONTENT_TYPE")) : NULL;
	if (strcasecmp(name, "Content-Length") == 0)
		return i == 0 ? none_if_empty(variable(req, "CONTENT_LENGTH")) : NULL;

	if (strlen(name) > HEADER_NAME_MAX)
		return NULL;
	for (; *name != '\0'; name++)
		*end++ = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
	*end = '\0';
	return request_variable_at(req->env, variable_name, i);
}

static const char *
header_line(const void *context, const char *name, size_t i)
{
	return tina4_request_header_at(context, name, i);
}

const char *
tina4_request_header(const struct tina4_request *req, const char *name)
{
	struct joined **joined = &((struct tina4_request *)req)->joined; /* what is remembered changes nothing */

	return joined_get(joined, name, strcasecmp(name, "Cookie") == 0, header_line, req);
}

const char *
tina4_request_cookie(const struct tina4_request *req, const char *name)
{
	return fields_get(&req->cookies, name);
}

const char *
tina4_request_cookie_at(const struct tina4_request *req, const char *name, size_t i)
{
	return fields_get_at(&req->cookies, name, i);
}

const char *
tina4_request_form(const struct tina4_request *req, const char *name)
{
	return fields_get(&req->form, name);
}

const char *
tina4_request_form_at(const struct tina4_request *req, const char *name, size_t i)
{
	return fields_get_at(&req->form, name, i);
}

const struct tina4_upload *
tina4_request_upload(const struct tina4_request *req, const char *name)
{
	return tina4_request_upload_at(req, name, 0);
}

const struct tina4_upload *
tina4_request_upload_at(const struct tina4_request *req, const char *name, size_t i)
{
	for (size_t at = 0; at < req->n_uploads; at++)
		if (strcmp(req->uploads[at].name, name) == 0 && i-- == 0)
			return &req->uploads[at];
	return NULL;
}

int
tina4_request_param_int(const struct tina4_request *req, const char *name, int64_t min, int64_t max, int64_t *ret)
{
	return convert_int(tina4_request_param(req, name), min, max, ret);
}

int
tina4_request_param_float(const struct tina4_request *req, const char *name, double min, double max, double *ret)
{
	return convert_float(tina4_request_param(req, name), min, max, ret);
}

int
tina4_request_query_int(const struct tina4_request *req, const char *name, int64_t min, int64_t max, int64_t *ret)
{
	return convert_int(tina4_request_query(req, name), min, max, ret);
}

int
tina4_request_query_float(const struct tina4_request *req, const char *name, double min, double max, double *ret)
{
	return convert_float(tina4_request_query(req, name), min, max, ret);
}

int
tina4_request_form_int(const struct tina4_request *req, const char *name, int64_t min, int64_t max, int64_t *ret)
{
	return convert_int(tina4_request_form(req, name), min, max, ret);
}

int
tina4_request_form_float(const struct tina4_request *req, const char *name, double min, double max, double *ret)
{
	return convert_float(tina4_request_form(req, name), min, max, ret);
}

const cJSON *
tina4_request_json(const struct tina4_request *req)
{
	return req->json;
}

const void *
tina4_request_body(const struct tina4_request *req, size_t *ret_len)
{
	*ret_len = req->body_len;
	return req->body;
}
