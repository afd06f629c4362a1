#include <string.h>

#include "fcgi/test/body.h"

#define BOUNDARY "tina4-test-0123456789abcdef"

/* WHATWG URL standard, application/x-www-form-urlencoded. */
static void
put_encoded(struct buf *ret, const char *text, size_t len)
{
	static const char plain[] = "*-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == ' ')
			buf_u8(ret, '+');
		else if (c != '\0' && strchr(plain, c) != NULL)
			buf_u8(ret, c);
		else
			buf_printf(ret, "%%%02X", c);
	}
}

static void
put_form(struct buf *ret, const char *const *form)
{
	for (const char *const *field = form; *field != NULL; field++) {
		size_t name = strcspn(*field, "=");

		if (field != form)
			buf_u8(ret, '&');
		put_encoded(ret, *field, name);
		buf_u8(ret, '=');
		if ((*field)[name] == '=')
			put_encoded(ret, *field + name + 1, strlen(*field + name + 1));
	}
}

/* As browsers do it: the quote and line ends are percent-encoded. */
static void
put_quoted(struct buf *ret, const char *text, size_t len)
{
	buf_u8(ret, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\r' || text[i] == '\n')
			buf_printf(ret, "%%%02X", text[i]);
		else
			buf_u8(ret, (uint8_t)text[i]);
	}
	buf_u8(ret, '"');
}

static void
put_part(struct buf *ret, const char *name, size_t len)
{
	buf_string(ret, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=");
	put_quoted(ret, name, len);
}

static void
put_field(struct buf *ret, const char *field)
{
	size_t name = strcspn(field, "=");

	put_part(ret, field, name);
	buf_string(ret, "\r\n\r\n");
	buf_string(ret, field[name] == '=' ? field + name + 1 : "");
	buf_string(ret, "\r\n");
}

static void
put_upload(struct buf *ret, const struct tina4_upload *upload)
{
	const char *filename = upload->filename != NULL ? upload->filename : "";

	put_part(ret, upload->name, strlen(upload->name));
	buf_string(ret, "; filename=");
	put_quoted(ret, filename, strlen(filename));
	if (upload->type != NULL && upload->type[0] != '\0')
		buf_printf(ret, "\r\nContent-Type: %s", upload->type);
	buf_string(ret, "\r\n\r\n");
	buf_bytes(ret, upload->data, upload->len);
	buf_string(ret, "\r\n");
}

const char *
body_put(const struct tina4_test_request *options, struct buf *ret)
{
	if (options->json != NULL) {
		buf_string(ret, options->json);
		return "application/json";
	}
	if (options->uploads != NULL) {
		for (const char *const *field = options->form; field != NULL && *field != NULL; field++)
			put_field(ret, *field);
		for (size_t i = 0; i < options->n_uploads; i++)
			put_upload(ret, &options->uploads[i]);
		buf_string(ret, "--" BOUNDARY "--\r\n");
		return "multipart/form-data; boundary=" BOUNDARY;
	}
	if (options->form != NULL) {
		put_form(ret, options->form);
		return "application/x-www-form-urlencoded";
	}
	if (options->body == NULL)
		return NULL;
	buf_bytes(ret, options->body, options->len);
	return options->type != NULL ? options->type : "application/octet-stream";
}
