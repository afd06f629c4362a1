#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fcgi/format.h"
#include "fcgi/reserved.h"
#include "fcgi/http/response.h"
#include "shared/jsonprint.h"

enum { HEAD_BYTES = 512 }; /* enough for most */

static const char type_json[] = "application/json";
static const char type_bytes[] = "application/octet-stream";
static const char type_text[] = "text/plain; charset=utf-8";
static const char type_html[] = "text/html; charset=utf-8";

static const struct {
	const char *ending;
	const char *type;
} types[] = {
	{ ".avif", "image/avif" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".csv", "text/csv; charset=utf-8" },
	{ ".gif", "image/gif" },
	{ ".gz", "application/gzip" },
	{ ".htm", type_html },
	{ ".html", type_html },
	{ ".ico", "image/vnd.microsoft.icon" },
	{ ".jpeg", "image/jpeg" },
	{ ".jpg", "image/jpeg" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".json", type_json },
	{ ".map", type_json },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".mp3", "audio/mpeg" },
	{ ".mp4", "video/mp4" },
	{ ".pdf", "application/pdf" },
	{ ".png", "image/png" },
	{ ".svg", "image/svg+xml" },
	{ ".txt", type_text },
	{ ".wasm", "application/wasm" },
	{ ".webm", "video/webm" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".webp", "image/webp" },
	{ ".woff", "font/woff" },
	{ ".woff2", "font/woff2" },
	{ ".xml", "application/xml" },
	{ ".zip", "application/zip" },
};

/* Final ones of IANA's HTTP Status Code Registry, and one of RFC 2324. */
static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 203, "Non-Authoritative Information" },
	{ 204, "No Content" },
	{ 205, "Reset Content" },
	{ 206, "Partial Content" },
	{ 207, "Multi-Status" },
	{ 208, "Already Reported" },
	{ 226, "IM Used" },
	{ 300, "Multiple Choices" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 305, "Use Proxy" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 407, "Proxy Authentication Required" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 418, "I'm a teapot" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 423, "Locked" },
	{ 424, "Failed Dependency" },
	{ 425, "Too Early" },
	{ 426, "Upgrade Required" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 451, "Unavailable For Legal Reasons" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 506, "Variant Also Negotiates" },
	{ 507, "Insufficient Storage" },
	{ 508, "Loop Detected" },
	{ 510, "Not Extended" },
	{ 511, "Network Authentication Required" },
};

void
response_init(struct tina4_response *res)
{
	*res = (struct tina4_response){ .status = 200, .file = FILE_NONE };
}

/* Forgets the body that was set before. */
static void
clear_body(struct tina4_response *res)
{
	buf_free(&res->body);
	file_close(&res->file);
	buf_free(&res->failure);
}

void
response_reset(struct tina4_response *res)
{
	clear_body(res);
	fields_free(&res->cookies);
	fields_free(&res->headers);
	res->status = 200;
}

void
response_free(struct tina4_response *res)
{
	response_reset(res);
}

void
response_fail(struct tina4_response *res, struct buf *why)
{
	clear_body(res);
	res->failure = *why;
	*why = (struct buf)BUF_INIT;
}

static const char *
reason_of(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* RFC 9110 section 15.2: 1xx is no answer, but something that goes before one. */
static bool
is_final(int status)
{
	return status >= 200 && status <= 599;
}

int
tina4_response_status(struct tina4_response *res, int status)
{
	if (!is_final(status))
		return -EINVAL;
	if (res->stream != STREAM_NONE)
		return -EALREADY;
	res->status = status;
	return 0;
}

/* RFC 9110 section 5.6.2. */
static bool
is_token(const char *text)
{
	static const char letters[] = "!#$%&'*+-.^_`|~0123456789"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	return *text != '\0' && text[strspn(text, letters)] == '\0';
}

/* RFC 9110 section 5.5: visible bytes with blanks only between them. */
static bool
is_field_value(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool blank = c == ' ' || c == '\t';

		if ((c < ' ' && !blank) || c == 0x7f || (blank && (i == 0 || i == len - 1)))
			return false;
	}
	return true;
}

/* Length and status are ours to write. */
static bool
is_reserved(const char *name)
{
	return strcasecmp(name, "Content-Length") == 0 || strcasecmp(name, "Transfer-Encoding") == 0 ||
	    strcasecmp(name, "Status") == 0;
}

int
tina4_response_header(struct tina4_response *res, const char *name, const char *value)
{
	if (name == NULL || value == NULL)
		return -EINVAL;
	if (!is_token(name) || !is_field_value(value) || is_reserved(name))
		return -EINVAL;
	if (res->stream != STREAM_NONE)
		return -EALREADY;
	return fields_set(&res->headers, name, value);
}

/* RFC 6265 section 4.1.1: cookie-value. */
static bool
is_cookie_value(const char *text)
{
	size_t len = strlen(text);

	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr("\",;\\", text[i]) != NULL)
			return false;
	return true;
}

/* RFC 6265 section 4.1.1: av-octets of Path and Domain, with no room for a second meaning. */
static bool
is_cookie_attribute(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || *text == ';' || *text == ',')
			return false;
	return true;
}

static const char *
same_site_name(const struct tina4_cookie *options)
{
	switch (options->same_site) {
	case TINA4_SAMESITE_LAX:
		return "Lax";
	case TINA4_SAMESITE_STRICT:
		return "Strict";
	case TINA4_SAMESITE_NONE:
		return "None";
	}
	return NULL;
}

static void
format_cookie(struct buf *text, const char *name, const char *value, const struct tina4_cookie *options, bool https)
{
	/* Browsers drop SameSite=None that is not Secure. */
	bool secure = (https && !options->insecure) || options->same_site == TINA4_SAMESITE_NONE;

	buf_printf(text, "%s=%s; Path=%s", name, value, options->path ? options->path : "/");
	if (options->domain != NULL)
		buf_printf(text, "; Domain=%s", options->domain);
	if (options->max_age != 0)
		buf_printf(text, "; Max-Age=%" PRId64, options->max_age > 0 ? options->max_age : 0);
	if (!options->script)
		buf_string(text, "; HttpOnly");
	buf_printf(text, "; SameSite=%s", same_site_name(options));
	if (secure)
		buf_string(text, "; Secure");
}

int
tina4_response_cookie(
    struct tina4_response *res, const char *name, const char *value, const struct tina4_cookie *options)
{
	static const struct tina4_cookie defaults;
	struct buf text = BUF_INIT;
	int r;

	if (res->stream != STREAM_NONE)
		return -EALREADY;
	if (options == NULL)
		options = &defaults;
	if (!RESERVED_IS_ZERO(options) || same_site_name(options) == NULL)
		return -EINVAL;
	if (name == NULL || value == NULL || !is_token(name) || !is_cookie_value(value))
		return -EINVAL;
	if (options->path != NULL && (options->path[0] != '/' || !is_cookie_attribute(options->path)))
		return -EINVAL;
	if (options->domain != NULL && (options->domain[0] == '\0' || !is_cookie_attribute(options->domain)))
		return -EINVAL;

	format_cookie(&text, name, value, options, res->https);
	r = text.failed ? -ENOMEM : fields_add(&res->cookies, name, strlen(name), (char *)text.data, text.len);
	buf_free(&text);
	return r;
}

int
tina4_response_body(struct tina4_response *res, const void *data, size_t len, const char *type)
{
	struct buf body = BUF_INIT;
	int r;

	if (data == NULL && len > 0)
		return -EINVAL;
	buf_bytes(&body, data, len);
	if (body.failed)
		return -ENOMEM;
	r = tina4_response_header(res, "Content-Type", type ? type : type_bytes);
	if (r < 0) {
		buf_free(&body);
		return r;
	}
	clear_body(res);
	res->body = body;
	return 0;
}

int
tina4_response_text(struct tina4_response *res, const char *text)
{
	return text != NULL ? tina4_response_body(res, text, strlen(text), type_text) : -EINVAL;
}

int
tina4_response_html(struct tina4_response *res, const char *html)
{
	return html != NULL ? tina4_response_body(res, html, strlen(html), type_html) : -EINVAL;
}

int
tina4_response_json(struct tina4_response *res, cJSON **json)
{
	char *text;
	int r = -ENOMEM;

	if (json == NULL || *json == NULL)
		return -EINVAL;
	text = jsonprint(*json);
	if (text != NULL)
		r = tina4_response_body(res, text, strlen(text), type_json);
	cJSON_free(text);
	cJSON_Delete(*json);
	*json = NULL;
	return r;
}

static int
set_error(struct tina4_response *res, const char *text)
{
	cJSON *json = cJSON_CreateObject();

	if (cJSON_AddStringToObject(json, "error", text) == NULL) {
		cJSON_Delete(json);
		return -ENOMEM;
	}
	return tina4_response_json(res, &json);
}

int
tina4_response_jsonf(struct tina4_response *res, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;
	int r;

	va_start(args, format);
	r = format_json(&text, format, args);
	va_end(args);
	if (r == 0)
		r = tina4_response_body(res, text.data, text.len, type_json);
	buf_free(&text);
	return r;
}

int
tina4_response_error(struct tina4_response *res, int status, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;
	int r;

	if (!is_final(status))
		return -EINVAL;
	va_start(args, format);
	r = format_text(&text, format, args);
	va_end(args);

	if (r == 0)
		r = buf_cstr(&text) ? set_error(res, buf_cstr(&text)) : -ENOMEM;
	if (r == 0)
		res->status = status;
	buf_free(&text);
	return r;
}

/* What RFC 3986 lets a reference contain. */
static bool
is_reference(const char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return *text != '\0';
}

/*
 * True for a reference within this origin. A browser takes a backslash for a
 * slash, and what begins with two of them for another host.
 */
static bool
stays_here(const char *location)
{
	size_t word = strcspn(location, ":/?#");

	return location[word] != ':' && strncmp(location, "//", 2) != 0 && strchr(location, '\\') == NULL;
}

/* RFC 9110 section 4.2: another origin is one of the web, and has a host. */
static bool
is_web_address(const char *location)
{
	size_t scheme = strncasecmp(location, "https://", 8) == 0 ? 8
	    : strncasecmp(location, "http://", 7) == 0            ? 7
								  : 0;

	return scheme > 0 && strcspn(location + scheme, "/?#\\") > 0 && strchr(location, '\\') == NULL;
}

static int
redirect(struct tina4_response *res, int status, const char *location)
{
	int r;

	if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
		return -EINVAL;
	r = tina4_response_header(res, "Location", location);
	if (r < 0)
		return r;
	clear_body(res);
	fields_remove(&res->headers, "Content-Type");
	res->status = status;
	return 0;
}

int
tina4_response_redirect(struct tina4_response *res, int status, const char *location)
{
	if (location == NULL || !is_reference(location) || !stays_here(location))
		return -EINVAL;
	return redirect(res, status, location);
}

int
tina4_response_redirect_away(struct tina4_response *res, int status, const char *url)
{
	if (url == NULL || !is_reference(url) || !is_web_address(url))
		return -EINVAL;
	return redirect(res, status, url);
}

static const char *
type_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot, types[i].ending) == 0)
			return types[i].type;
	return type_bytes;
}

int
tina4_response_file(struct tina4_response *res, const char *path, const char *type)
{
	struct file file;
	int r;

	if (path == NULL)
		return -EINVAL;
	r = file_open(&file, path);
	if (r < 0)
		return r;
	r = tina4_response_header(res, "Content-Type", type ? type : type_of(path));
	if (r < 0) {
		file_close(&file);
		return r;
	}
	clear_body(res);
	res->file = file;
	return 0;
}

/* RFC 9110 sections 15.3.5 and 15.4.5. */
static bool
may_have_length(int status)
{
	return status != 204 && status != 304;
}

/* Section 15.3.6: with 205 the length is said, and is 0. */
bool
response_has_body(const struct tina4_response *res)
{
	return may_have_length(res->status) && res->status != 205;
}

const char *
response_get(const struct tina4_response *res, const char *name)
{
	for (size_t i = 0; i < res->headers.n; i++)
		if (strcasecmp(fields_name(&res->headers, i), name) == 0)
			return fields_value(&res->headers, i);
	return NULL;
}

static uint64_t
body_length(const struct tina4_response *res)
{
	if (!response_has_body(res))
		return 0;
	return res->file.fd >= 0 ? file_length(&res->file) : res->body.len;
}

static void
put_header(struct buf *head, const char *name, const char *value)
{
	buf_string(head, name);
	buf_string(head, ": ");
	buf_string(head, value);
	buf_string(head, "\r\n");
}

static void
put_status(struct buf *head, int status)
{
	buf_string(head, "Status: ");
	buf_decimal(head, (uint64_t)status);
	buf_string(head, " ");
	buf_string(head, reason_of(status));
	buf_string(head, "\r\n");
}

static void
put_length(struct buf *head, uint64_t bytes)
{
	buf_string(head, "Content-Length: ");
	buf_decimal(head, bytes);
	buf_string(head, "\r\n");
}

static void
format_head(const struct tina4_response *res, struct buf *head)
{
	buf_reserve(head, HEAD_BYTES);
	put_status(head, res->status);
	for (size_t i = 0; i < res->headers.n; i++)
		put_header(head, fields_name(&res->headers, i), fields_value(&res->headers, i));
	for (size_t i = 0; i < res->cookies.n; i++)
		put_header(head, "Set-Cookie", fields_value(&res->cookies, i));
	if (response_get(res, "X-Content-Type-Options") == NULL)
		buf_string(head, "X-Content-Type-Options: nosniff\r\n");
}

static int
put_head(const struct tina4_response *res, bool with_length, sink_put *put, void *context)
{
	struct buf text = BUF_INIT;
	int r;

	format_head(res, &text);
	if (with_length)
		put_length(&text, body_length(res));
	buf_string(&text, "\r\n");
	r = text.failed ? -ENOMEM : put(context, text.data, text.len);
	buf_free(&text);
	return r;
}

int
response_put_head(const struct tina4_response *res, sink_put *put, void *context)
{
	return put_head(res, false, put, context);
}

int
response_write(const struct tina4_response *res, sink_put *put, void *context)
{
	int r;

	if (res->stream != STREAM_NONE)
		return 0;
	r = put_head(res, may_have_length(res->status), put, context);
	if (r < 0 || res->without_body || !response_has_body(res))
		return r;
	if (res->file.fd >= 0)
		return file_write(&res->file, put, context);
	return res->body.len > 0 ? put(context, res->body.data, res->body.len) : 0;
}
