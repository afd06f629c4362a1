#include <string.h>
#include <strings.h>

#include "shared/buf.h"
#include "sidecar/edge/head.h"
#include "sidecar/edge/elements.h"

/* "HTTP/1.1", with the blanks around the target */
enum { VERSION_BYTES = 8, LINE_BYTES = HEAD_MAX_METHOD + 1 + HEAD_MAX_TARGET + 1 + VERSION_BYTES + 2 };

void
head_init(struct head *head)
{
	*head = (struct head){ .refusal = REFUSAL_NONE };
}

static struct span
span_of_part(const struct head *head, struct head_part part)
{
	return (struct span){ head->bytes + part.at, part.len };
}

static struct head_part
part_of(const struct head *head, const char *at, const char *end)
{
	return (struct head_part){ (uint16_t)(at - head->bytes), (uint16_t)(end - at) };
}

static void
refuse(struct head *head, enum refusal refusal)
{
	if (head->refusal == REFUSAL_NONE)
		head->refusal = refusal;
}

/* --- the request line ---------------------------------------------------------- */

static bool
is_target_byte(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && c != '#';
}

/* Skips the scheme of an absolute form; NULL when it is none. */
static const char *
skip_scheme(const char *at, const char *end)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i]);

		if ((size_t)(end - at) > len && strncasecmp(at, schemes[i], len) == 0)
			return at + len;
	}
	return NULL;
}

/* Finds the first byte of set, or the end. */
static const char *
find(const char *at, const char *end, const char *set)
{
	while (at < end && strchr(set, *at) == NULL)
		at++;
	return at;
}

/* RFC 9112 section 3.2.1, from the path on. */
static void
read_origin_form(struct head *head, const char *at, const char *end)
{
	const char *mark = find(at, end, "?");

	head->path = part_of(head, at, mark);
	if (mark < end)
		head->query = part_of(head, mark + 1, end);
}

/* RFC 9112 section 3.2. */
static void
read_target(struct head *head, const char *at, const char *end)
{
	const char *host = skip_scheme(at, end);

	if (end - at > HEAD_MAX_TARGET) {
		refuse(head, REFUSAL_TARGET_TOO_LONG);
		return;
	}
	for (const char *c = at; c < end; c++)
		if (!is_target_byte(*c))
			refuse(head, REFUSAL_TARGET);
	if (host != NULL) {
		at = find(host, end, "/?");
		head->absolute = true;
		head->host = part_of(head, host, at);
		read_origin_form(head, at, end);
	} else if (at < end && *at == '/') {
		read_origin_form(head, at, end);
	} else if (end - at == 1 && *at == '*' && head_is(head, "OPTIONS")) {
		head->asterisk = true;
		head->path = part_of(head, at, end);
	} else {
		refuse(head, REFUSAL_TARGET);
	}
}

/* RFC 9112 section 2.3: the name has a case, and each number is one digit. */
static void
read_version(struct head *head, const char *at, const char *end)
{
	if (end - at != VERSION_BYTES || memcmp(at, "HTTP/", 5) != 0 || at[5] < '0' || at[5] > '9' || at[6] != '.' ||
	    at[7] < '0' || at[7] > '9')
		refuse(head, REFUSAL_REQUEST_LINE);
	else if ((at[5] == '2' || at[5] == '3') && at[7] == '0')
		refuse(head, REFUSAL_OTHER_HTTP);
	else if (at[5] != '1' || at[7] > '1')
		refuse(head, REFUSAL_HTTP_VERSION);
	else
		head->minor = (uint8_t)(at[7] - '0');
}

static void
read_request_line(struct head *head, const char *at, const char *end)
{
	const char *method_end = memchr(at, ' ', (size_t)(end - at));
	const char *target_end = memrchr(at, ' ', (size_t)(end - at));

	if (method_end == NULL || target_end == method_end) {
		refuse(head, REFUSAL_REQUEST_LINE);
		return;
	}
	if (method_end - at > HEAD_MAX_METHOD || !element_is_token((struct span){ at, (size_t)(method_end - at) })) {
		refuse(head, REFUSAL_METHOD);
		return;
	}
	head->method = part_of(head, at, method_end);
	read_version(head, target_end + 1, end);
	read_target(head, method_end + 1, target_end);
}

/* --- fields ------------------------------------------------------------------------ */

/* RFC 9110 section 5.5. */
static bool
is_value_byte(char c)
{
	return (unsigned char)c >= ' ' ? c != 0x7f : c == '\t';
}

/* RFC 9112 section 5. */
static void
read_field(struct head *head, const char *at, const char *end)
{
	const char *colon = memchr(at, ':', (size_t)(end - at));

	if (*at == ' ' || *at == '\t') {
		refuse(head, REFUSAL_FOLDED);
		return;
	}
	if (colon == NULL || !element_is_token((struct span){ at, (size_t)(colon - at) })) {
		refuse(head, REFUSAL_FIELD_NAME);
		return;
	}
	if (head->n_fields == HEAD_MAX_FIELDS) {
		refuse(head, REFUSAL_TOO_MANY_FIELDS);
		return;
	}
	for (const char *c = colon + 1; c < end; c++)
		if (!is_value_byte(*c))
			refuse(head, REFUSAL_FIELD_VALUE);
	head->fields[head->n_fields].name = part_of(head, at, colon);
	at = colon + 1;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (at < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	head->fields[head->n_fields++].value = part_of(head, at, end);
}

/* --- what the whole says -------------------------------------------------------------- */

/* RFC 9112 section 3.2: one that makes sense, also beside an absolute target, which then counts. */
static void
check_host(struct head *head)
{
	struct span host = head_get(head, "host");
	struct authority authority;

	if (host.data == NULL && head->minor == 0 && !head->absolute)
		return;
	if (head_count(head, "host") != 1) {
		refuse(head, REFUSAL_NO_HOST);
		return;
	}
	if (!head->absolute)
		head->host = part_of(head, host.data, host.data + host.len);
	if (!authority_parse(host.data, host.len, &authority) ||
	    !authority_parse(head->bytes + head->host.at, head->host.len, &authority))
		refuse(head, REFUSAL_HOST);
}

/* RFC 9110 section 8.6; a list of the same number is no number either. */
static void
check_length(struct head *head)
{
	struct span length = head_get(head, "content-length");

	if (length.data == NULL)
		return;
	if (head_count(head, "content-length") != 1 || length.len == 0)
		refuse(head, REFUSAL_LENGTH);
	for (size_t i = 0; i < length.len; i++) {
		size_t digit = (size_t)(length.data[i] - '0');

		if (length.data[i] < '0' || length.data[i] > '9') {
			refuse(head, REFUSAL_LENGTH);
			return;
		}
		head->body_len = head->body_len > (SIZE_MAX - digit) / 10 ? SIZE_MAX : head->body_len * 10 + digit;
	}
	head->has_length = true;
}

/* RFC 9112 section 6.1: what may be a try to smuggle a request is none that we guess at. */
static void
check_transfer(struct head *head)
{
	struct span transfer = head_get(head, "transfer-encoding");

	if (transfer.data == NULL)
		return;
	if (head->has_length || head->minor == 0 || head_count(head, "transfer-encoding") != 1)
		refuse(head, REFUSAL_TRANSFER);
	if (!element_is(transfer, "chunked"))
		refuse(head, element_is_token(transfer) ? REFUSAL_TRANSFER_CODING : REFUSAL_TRANSFER);
	head->chunked = true;
}

static void
finish(struct head *head, size_t len)
{
	check_host(head);
	check_length(head);
	check_transfer(head);
	head->len = (uint16_t)len;
	head->whole = head->refusal == REFUSAL_NONE;
}

/* --- reading ------------------------------------------------------------------------------ */

/* Takes the line that begins at head->line and ends with the line feed at bytes[feed]. */
static void
take_line(struct head *head, size_t feed)
{
	const char *at = head->bytes + head->line, *end = head->bytes + feed;

	head->line = head->scanned = (uint16_t)(feed + 1);
	if (end == at || end[-1] != '\r') {
		refuse(head, REFUSAL_LINE_END);
		return;
	}
	end--;
	if (end > at && head->method.len == 0)
		read_request_line(head, at, end);
	else if (end > at)
		read_field(head, at, end);
	else if (head->method.len > 0)
		finish(head, feed + 1);
	/* RFC 9112 section 2.2: an empty line before the request line is none. */
}

/* What is no request for sure, or too long for one, needs not be waited for. */
static void
check_unfinished(struct head *head, size_t len)
{
	const char *at = head->bytes + head->line;
	size_t pending = len - head->line;

	if (head->method.len == 0 && pending > 0 && *at != '\r' && !element_is_token((struct span){ at, 1 }))
		refuse(head, REFUSAL_METHOD);
	if (head->method.len == 0 && pending > HEAD_MAX_METHOD && memchr(at, ' ', HEAD_MAX_METHOD + 1) == NULL)
		refuse(head, REFUSAL_METHOD);
	if (head->method.len == 0 && pending >= LINE_BYTES)
		refuse(head, REFUSAL_TARGET_TOO_LONG);
	if (len >= HEAD_MAX_BYTES)
		refuse(head, REFUSAL_HEAD_TOO_LARGE);
}

bool
head_read(struct head *head, const char *bytes, size_t len)
{
	size_t max = len < HEAD_MAX_BYTES ? len : HEAD_MAX_BYTES;

	head->bytes = bytes;
	while (!head->whole && head->refusal == REFUSAL_NONE) {
		const char *feed = memchr(bytes + head->scanned, '\n', max - head->scanned);

		if (feed == NULL) {
			head->scanned = (uint16_t)max;
			check_unfinished(head, max);
			break;
		}
		take_line(head, (size_t)(feed - bytes));
	}
	return head->whole || head->refusal != REFUSAL_NONE;
}

/* --- asking ------------------------------------------------------------------------------------ */

struct span
head_method(const struct head *head)
{
	return span_of_part(head, head->method);
}

/* RFC 9112 section 3.2.1: an absolute target may leave the path out. */
struct span
head_path(const struct head *head)
{
	return head->path.len == 0 ? span_of("/") : span_of_part(head, head->path);
}

struct span
head_query(const struct head *head)
{
	return span_of_part(head, head->query);
}

struct span
head_host(const struct head *head)
{
	return span_of_part(head, head->host);
}

struct span
head_name(const struct head *head, size_t i)
{
	return span_of_part(head, head->fields[i].name);
}

struct span
head_value(const struct head *head, size_t i)
{
	return span_of_part(head, head->fields[i].value);
}

bool
head_is(const struct head *head, const char *method)
{
	return head->method.len == strlen(method) &&
	    memcmp(head->bytes + head->method.at, method, head->method.len) == 0;
}

bool
head_has_body(const struct head *head)
{
	return head->chunked || head->body_len > 0;
}

/* The index of the first field of that name from i on, or n_fields. */
static size_t
find_field(const struct head *head, const char *name, size_t i)
{
	while (i < head->n_fields && !element_is(head_name(head, i), name))
		i++;
	return i;
}

size_t
head_count(const struct head *head, const char *name)
{
	size_t n = 0;

	for (size_t i = find_field(head, name, 0); i < head->n_fields; i = find_field(head, name, i + 1))
		n++;
	return n;
}

struct span
head_get(const struct head *head, const char *name)
{
	size_t i = find_field(head, name, 0);

	return i == head->n_fields ? (struct span){ NULL, 0 } : head_value(head, i);
}

size_t
head_join(const struct head *head, const char *name, struct buf *ret)
{
	const char *between = strcasecmp(name, "cookie") == 0 ? "; " : ", ";
	size_t n = 0;

	for (size_t i = find_field(head, name, 0); i < head->n_fields; i = find_field(head, name, i + 1)) {
		struct span value = head_value(head, i);

		buf_string(ret, n++ > 0 ? between : "");
		buf_bytes(ret, value.data, value.len);
	}
	return n;
}

struct head_list
head_list(const struct head *head, const char *name)
{
	return (struct head_list){ .head = head, .name = name };
}

bool
head_list_next(struct head_list *list, struct span *ret)
{
	while (!element_next(&list->rest, ret)) {
		size_t i = find_field(list->head, list->name, list->next);

		if (i == list->head->n_fields)
			return false;
		list->rest = head_value(list->head, i);
		list->next = i + 1;
	}
	return true;
}

bool
head_lists(const struct head *head, const char *name, const char *element)
{
	struct head_list list = head_list(head, name);
	struct span found;

	while (head_list_next(&list, &found))
		if (element_is(found, element))
			return true;
	return false;
}
