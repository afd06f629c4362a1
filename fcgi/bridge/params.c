#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "fcgi/bridge/description.h"
#include "fcgi/bridge/merged.h"
#include "fcgi/bridge/params.h"
#include "fcgi/bridge/question.h"
#include "fcgi/bridge/record.h"
#include "fcgi/fields.h"
#include "fcgi/ws/conn.h"
#include "fcgi/ws/meta.h"
#include "shared/buf.h"
#include "shared/jsonprint.h"
#include "shared/path.h"

#include <cjson/cJSON.h>

static void
put(struct buf *buf, const char *name, const char *value)
{
	record_put_pair(buf, span_of(name), span_of(value));
}

static void
put_number(struct buf *buf, const char *name, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	put(buf, name, digits);
}

/* Where the script is, and that it is asked as a web server asks. */
static void
put_script(struct buf *buf, const char *file)
{
	const char *name = strrchr(file, '/');

	put(buf, "GATEWAY_INTERFACE", "CGI/1.1");
	put(buf, "SERVER_SOFTWARE", PACKAGE_NAME "/" PACKAGE_VERSION);
	put(buf, "SERVER_PROTOCOL", "HTTP/1.1");
	put(buf, "REDIRECT_STATUS", "200"); /* PHP's CGI wants it */
	put(buf, "SCRIPT_FILENAME", file);
	put(buf, "SCRIPT_NAME", name != NULL ? name : file);
	record_put_pair(buf, span_of("DOCUMENT_ROOT"), (struct span){ file, name != NULL ? (size_t)(name - file) : 0 });
}

/* --- what the client sent ----------------------------------------------------------------- */

/* Percent-encodes all but what is unreserved, RFC 3986 section 2.3, and slashes if those may stay. */
static void
put_encoded(struct buf *buf, const char *text, bool slashes)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c < 0x80 && isalnum(c)) || strchr("-._~", c) != NULL || (slashes && c == '/'))
			buf_u8(buf, c);
		else
			buf_printf(buf, "%%%02X", c);
	}
}

/* Query parameters come behind those of the path. */
static void
put_query(struct buf *buf, const struct fields *params, size_t from)
{
	for (size_t i = from; i < params->n; i++) {
		if (i > from)
			buf_u8(buf, '&');
		put_encoded(buf, fields_name(params, i), false);
		buf_u8(buf, '=');
		put_encoded(buf, fields_value(params, i), false);
	}
}

/* Path parameters of their own names, and all of them as JSON. */
static int
put_params(struct buf *buf, const struct meta *meta, const struct path_match *match)
{
	struct buf json = BUF_INIT;
	char name[PATH_MAX_BYTES + sizeof("TINA4_PARAM_")];
	int r = description_params(&json, meta);

	record_put_pair(buf, span_of("TINA4_PARAMS"), span_of_buf(&json));
	for (size_t i = 0; i < match->n; i++) {
		snprintf(name, sizeof(name), "TINA4_PARAM_%s", match->params[i].name);
		record_put_pair(buf, span_of(name), (struct span){ match->params[i].value, match->params[i].len });
	}
	r = json.failed ? -ENOMEM : r;
	buf_free(&json);
	return r;
}

static int
put_target(struct buf *buf, const struct meta *meta)
{
	struct path_match match = { 0 };
	struct buf query = BUF_INIT, target = BUF_INIT;
	const char *path = meta_path(meta);
	int r;

	path_match(meta_pattern(meta), path, strlen(path), &match);
	put_query(&query, meta_params(meta), match.n);
	put_encoded(&target, path, true);
	if (query.len > 0)
		buf_u8(&target, '?');
	buf_bytes(&target, query.data, query.len);
	record_put_pair(buf, span_of("REQUEST_URI"), span_of_buf(&target));
	record_put_pair(buf, span_of("QUERY_STRING"), span_of_buf(&query));
	r = query.failed || target.failed ? -ENOMEM : put_params(buf, meta, &match);
	buf_free(&query);
	buf_free(&target);
	return r;
}

/*
 * "x-forwarded-for" is HTTP_X_FORWARDED_FOR. One with another character, that would
 * be the same, is left out, as web servers do; so are Proxy, which programs take for
 * a setting (CVE-2016-5385), and what tells of a body that there is not.
 */
static bool
name_header(const char *name, char *ret, size_t size)
{
	static const char *const without[] = { "proxy", "content-length", "content-type", "transfer-encoding" };
	size_t len = strlen(name);

	if (len + sizeof("HTTP_") > size)
		return false;
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (strcasecmp(name, without[i]) == 0)
			return false;
	ret += sprintf(ret, "HTTP_");
	for (; *name != '\0'; name++) {
		if (!isascii((unsigned char)*name) || (!isalnum((unsigned char)*name) && *name != '-'))
			return false;
		*ret++ = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
	}
	*ret = '\0';
	return true;
}

static int
put_headers(struct buf *buf, const struct meta *meta)
{
	struct merged *merged = NULL;
	int r = merged_add(&merged, meta_headers(meta), true);
	char name[256];

	for (const struct merged_pair *pair = merged_first(merged); pair != NULL; pair = pair->next)
		if (name_header(pair->name, name, sizeof(name)))
			record_put_pair(buf, span_of(name), span_of_buf(&pair->value));
	merged_free(merged);
	return r;
}

/* The name and the port by which the client asked. */
static void
put_server(struct buf *buf, struct meta *meta)
{
	const char *host = meta_header(meta, "host"), *scheme = meta_header(meta, "x-forwarded-proto");
	bool secure = scheme != NULL && strcmp(scheme, "https") == 0;
	const char *colon;

	host = host != NULL ? host : "localhost";
	colon = strrchr(host, ':');
	if (colon != NULL && strchr(colon, ']') != NULL)
		colon = NULL; /* within an address of IPv6 */
	record_put_pair(
	    buf, span_of("SERVER_NAME"), (struct span){ host, colon != NULL ? (size_t)(colon - host) : strlen(host) });
	put(buf, "SERVER_PORT", colon != NULL ? colon + 1 : secure ? "443" : "80");
	put(buf, "REQUEST_SCHEME", secure ? "https" : "http");
	if (secure)
		put(buf, "HTTPS", "on");
}

/* --- the event ------------------------------------------------------------------------------ */

static void
put_message(struct buf *buf, const struct wire_event *event)
{
	bool binary = event->flags & WIRE_BINARY;

	put(buf, "REQUEST_METHOD", "POST");
	put(buf, "CONTENT_TYPE", binary ? "application/octet-stream" : "text/plain; charset=utf-8");
	put_number(buf, "CONTENT_LENGTH", event->data.len);
	put(buf, "TINA4_BINARY", binary ? "1" : "0");
	put(buf, "TINA4_ASKS", event->flags & WIRE_ASKS ? "1" : "0");
}

static void
put_event(struct buf *buf, const struct tina4_conn *conn, const struct wire_event *event)
{
	struct buf attributes = BUF_INIT;
	char id[WIRE_ID_HEX];

	conn_format_event_id(event, id);
	put(buf, "TINA4_EVENT", wire_event_name(event->kind));
	put(buf, "TINA4_EVENT_ID", id);
	put_number(buf, "TINA4_ATTEMPT", event->attempt);
	put(buf, "TINA4_CONN", tina4_conn_id(conn));
	put(buf, "TINA4_PATH", tina4_conn_path(conn));
	put_number(buf, "TINA4_COUNT", event->count);
	question_attributes(&attributes, conn);
	record_put_pair(buf, span_of("TINA4_ATTRIBUTES"), span_of_buf(&attributes));
	buf->failed |= attributes.failed;
	buf_free(&attributes);
	if (tina4_conn_user_id(conn) != NULL)
		put(buf, "TINA4_USER_ID", tina4_conn_user_id(conn));
	if (event->kind == WIRE_CLOSE)
		put_number(buf, "TINA4_CODE", event->code);
	if (event->kind == WIRE_MESSAGE)
		put_message(buf, event);
	else
		put(buf, "REQUEST_METHOD", "GET");
}

static int
put_user(struct buf *buf, const struct cJSON *user)
{
	char *text = user != NULL ? jsonprint(user) : NULL;

	if (text != NULL)
		put(buf, "TINA4_USER", text);
	cJSON_free(text);
	return user != NULL && text == NULL ? -ENOMEM : 0;
}

int
params_put(struct buf *buf, const char *file, struct tina4_conn *conn, const struct wire_event *event)
{
	struct meta *meta = conn_meta(conn);
	int r;

	put_script(buf, file);
	put_server(buf, meta);
	put(buf, "REMOTE_ADDR", meta_ip(meta));
	put_event(buf, conn, event);
	put(buf, "TINA4_ROUTE", path_pattern_text(meta_pattern(meta)));
	if (meta_protocol(meta) != NULL)
		put(buf, "TINA4_PROTOCOL", meta_protocol(meta));
	r = put_user(buf, meta_user(meta));
	if (r == 0)
		r = put_target(buf, meta);
	if (r == 0)
		r = put_headers(buf, meta);
	return r < 0 ? r : buf->failed ? -ENOMEM : 0;
}

int
params_put_routes(struct buf *buf, const char *file)
{
	put_script(buf, file);
	put(buf, "SERVER_NAME", "localhost");
	put(buf, "SERVER_PORT", "80");
	put(buf, "REMOTE_ADDR", "127.0.0.1");
	put(buf, "REQUEST_METHOD", "GET");
	put(buf, "REQUEST_URI", "/");
	put(buf, "QUERY_STRING", "");
	put(buf, "TINA4_EVENT", "routes");
	return buf->failed ? -ENOMEM : 0;
}
