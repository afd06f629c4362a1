#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fcgi/http/conditional.h"
#include "fcgi/http/httpdate.h"
#include "fcgi/http/response.h"
#include "shared/span.h"

enum { STRONG_AFTER = 1 }; /* seconds: a date that is younger may be that of two versions, section 8.8.2.2 */

/* What the client may know of a file. */
struct validators {
	const char *etag;
	const char *date; /* Last-Modified */
};

/* Steps to the next of a list of entity tags, with its quotes and W/. Returns false at the end. */
static bool
next_etag(const char **at, struct span *ret)
{
	const char *from = *at + strspn(*at, ", \t");
	const char *quote = from + (strncmp(from, "W/", 2) == 0 ? 2 : 0);
	const char *end = *quote == '"' ? strchr(quote + 1, '"') : NULL;

	if (end == NULL)
		return false;
	*ret = (struct span){ from, (size_t)(end + 1 - from) };
	*at = end + 1;
	return true;
}

static struct span
without_weakness(struct span etag)
{
	return etag.len > 2 && memcmp(etag.data, "W/", 2) == 0 ? span_from(etag, 2) : etag;
}

/* Section 8.8.3.2: the strong comparison wants two tags that are not weak. */
static bool
same_etag(struct span a, struct span b, bool strong)
{
	if (strong && (a.data[0] == 'W' || b.data[0] == 'W'))
		return false;
	return span_equal(without_weakness(a), without_weakness(b));
}

/* True when a list, or "*", has the tag. */
static bool
has_etag(const char *list, const char *etag, bool strong)
{
	struct span item;

	if (strcmp(list, "*") == 0)
		return true;
	while (next_etag(&list, &item))
		if (same_etag(item, span_of(etag), strong))
			return true;
	return false;
}

/* True when the file has changed since a date. A date that is none does not count, as if it were not there. */
static bool
has_changed_since(const char *date, const struct validators *known, bool otherwise)
{
	time_t since, modified;

	if (!httpdate_parse(date, &since) || !httpdate_parse(known->date, &modified))
		return otherwise;
	return modified > since;
}

/* Section 13.2.2. Returns 200, 304 or 412. */
static int
judge(const struct tina4_request *req, const struct validators *known)
{
	const char *text;

	if ((text = tina4_request_header(req, "If-Match")) != NULL) {
		if (!has_etag(text, known->etag, true))
			return 412;
	} else if ((text = tina4_request_header(req, "If-Unmodified-Since")) != NULL) {
		if (has_changed_since(text, known, false))
			return 412;
	}
	if ((text = tina4_request_header(req, "If-None-Match")) != NULL)
		return has_etag(text, known->etag, false) ? 304 : 200;
	text = tina4_request_header(req, "If-Modified-Since");
	return text != NULL && !has_changed_since(text, known, true) ? 304 : 200;
}

/* Section 13.1.5: a range is of the version that the client has, or it gets the whole of the new one. */
static bool
range_is_of_this(const char *if_range, const struct validators *known)
{
	time_t date, now = time(NULL);

	if (if_range[0] == '"' || if_range[0] == 'W')
		return same_etag(span_of(if_range), span_of(known->etag), true);
	return strcmp(if_range, known->date) == 0 && httpdate_parse(if_range, &date) && now - date >= STRONG_AFTER;
}

static int
cut(struct tina4_response *res, const struct ranges *ranges)
{
	const struct range *only = &ranges->all[0];
	char text[96];
	int r;

	r = file_choose(&res->file, ranges, response_get(res, "Content-Type"));
	if (r == 0 && ranges->n > 1) {
		snprintf(text, sizeof(text), "multipart/byteranges; boundary=%s", res->file.boundary);
		r = tina4_response_header(res, "Content-Type", text);
	} else if (r == 0) {
		snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, only->from,
		    only->from + only->len - 1, res->file.bytes);
		r = tina4_response_header(res, "Content-Range", text);
	}
	if (r == 0)
		res->status = 206;
	return r;
}

static int
refuse(struct tina4_response *res, int status, const char *why)
{
	return tina4_response_error(res, status, "%s", why);
}

static int
refuse_range(struct tina4_response *res)
{
	char text[32];
	int r;

	snprintf(text, sizeof(text), "bytes */%" PRIu64, res->file.bytes);
	r = tina4_response_header(res, "Content-Range", text);
	return r == 0 ? refuse(res, 416, "The file has none of these bytes.") : r;
}

static int
apply_range(const struct tina4_request *req, const struct validators *known, struct tina4_response *res)
{
	const char *header = tina4_request_header(req, "Range");
	const char *if_range = tina4_request_header(req, "If-Range");
	struct ranges ranges;

	if (header == NULL || strcmp(tina4_request_method(req), "GET") != 0) /* section 14.2: for GET only */
		return 0;
	if (if_range != NULL && !range_is_of_this(if_range, known))
		return 0;
	switch (ranges_read(header, res->file.bytes, &ranges)) {
	case RANGES_PARTS:
		return cut(res, &ranges);
	case RANGES_NONE:
		return refuse_range(res);
	case RANGES_WHOLE:
		break;
	}
	return 0;
}

/* Makes known what the handler has not said itself. */
static int
add_validators(struct tina4_response *res)
{
	char date[HTTPDATE_BYTES];
	int r = 0;

	httpdate_format(res->file.modified, date);
	if (response_get(res, "ETag") == NULL)
		r = tina4_response_header(res, "ETag", res->file.etag);
	if (r == 0 && date[0] != '\0' && response_get(res, "Last-Modified") == NULL)
		r = tina4_response_header(res, "Last-Modified", date);
	if (r == 0 && response_get(res, "Accept-Ranges") == NULL)
		r = tina4_response_header(res, "Accept-Ranges", "bytes");
	return r;
}

int
conditional_apply(const struct tina4_request *req, struct tina4_response *res)
{
	const char *method = tina4_request_method(req);
	struct validators known;
	int r;

	if (res->file.fd < 0 || res->status != 200 || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0))
		return 0;
	r = add_validators(res);
	if (r < 0)
		return r;
	known = (struct validators){ response_get(res, "ETag"), response_get(res, "Last-Modified") };
	if (known.date == NULL)
		known.date = "";
	switch (judge(req, &known)) {
	case 304:
		res->status = 304;
		return 0;
	case 412:
		return refuse(res, 412, "The file is another version.");
	default:
		return apply_range(req, &known, res);
	}
}
