#include <errno.h>
#include <fastcgi.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "fcgi/http/management.h"
#include "fcgi/writeall.h"
#include "shared/buf.h"
#include "shared/span.h"

enum {
	CONTENT_MAX = 65535,
	PADDING_MAX = 255,
	LONG_LENGTH = 0x80, /* in the first byte of a length that has four: section 3.4 */
	VALUES = 3,         /* that there are */
};

struct reader {
	const uint8_t *at, *end;
};

/* A length of one byte or four. Returns -1 when it is cut short. */
static int64_t
read_length(struct reader *reader)
{
	int64_t length;

	if (reader->at == reader->end)
		return -1;
	if (!(*reader->at & LONG_LENGTH))
		return *reader->at++;
	if (reader->end - reader->at < 4)
		return -1;
	length =
	    (int64_t)(reader->at[0] & ~LONG_LENGTH) << 24 | reader->at[1] << 16 | reader->at[2] << 8 | reader->at[3];
	reader->at += 4;
	return length;
}

/* The next name; its value, which is empty in a question, is skipped. Returns 0 at the end, also of what is malformed.
 */
static int
read_name(struct reader *reader, struct span *ret)
{
	int64_t name = read_length(reader);
	int64_t value = name < 0 ? -1 : read_length(reader);

	if (value < 0 || name + value > reader->end - reader->at)
		return 0;
	*ret = (struct span){ (const char *)reader->at, (size_t)name };
	reader->at += name + value;
	return 1;
}

static void
put_value(struct buf *buf, const char *name, unsigned value)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", value);

	buf_u8(buf, (uint8_t)strlen(name));
	buf_u8(buf, (uint8_t)len);
	buf_string(buf, name);
	buf_bytes(buf, text, (size_t)len);
}

void
management_put(const void *content, size_t len, const struct management_values *values, struct buf *ret)
{
	const struct {
		const char *name;
		unsigned value;
	} known[VALUES] = {
		{ FCGI_MAX_CONNS, values->connections },
		{ FCGI_MAX_REQS, values->requests },
		{ FCGI_MPXS_CONNS, 0 },
	};
	struct reader reader = { content, (const uint8_t *)content + len };
	struct buf answer = BUF_INIT;
	unsigned said = 0;
	struct span name;

	while (read_name(&reader, &name))
		for (unsigned i = 0; i < VALUES; i++)
			if (span_is(name, known[i].name) && !(said & 1U << i)) {
				put_value(&answer, known[i].name, known[i].value);
				said |= 1U << i; /* once, or an answer could be as long as a question */
			}
	buf_u8(ret, FCGI_VERSION_1);
	buf_u8(ret, FCGI_GET_VALUES_RESULT);
	buf_u16(ret, FCGI_NULL_REQUEST_ID);
	buf_u16(ret, (uint16_t)answer.len);
	buf_u16(ret, 0); /* no padding, and a reserved byte */
	buf_bytes(ret, answer.data, answer.len);
	ret->failed |= answer.failed;
	buf_free(&answer);
}

/* Returns the bytes, 0 at the end of the connection, or a negative errno. */
static ssize_t
receive(int fd, void *to, size_t len, int flags)
{
	ssize_t n;

	do
		n = recv(fd, to, len, flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int
management_answer(int fd, const struct management_values *values)
{
	uint8_t record[FCGI_HEADER_LEN + CONTENT_MAX + PADDING_MAX];
	const FCGI_Header *header = (const FCGI_Header *)record;
	struct buf answer = BUF_INIT;
	size_t content, rest;
	ssize_t n;
	int r;

	n = receive(fd, record, FCGI_HEADER_LEN, MSG_PEEK); /* of a header in pieces only the first */
	if (n <= 0)
		return n < 0 ? (int)n : -EPIPE;
	if (n < 2 || header->version != FCGI_VERSION_1 || header->type != FCGI_GET_VALUES)
		return 0;
	n = receive(fd, record, FCGI_HEADER_LEN, MSG_WAITALL);
	if (n != FCGI_HEADER_LEN)
		return -EPIPE;
	content = (size_t)header->contentLengthB1 << 8 | header->contentLengthB0;
	rest = content + header->paddingLength;
	if (rest > 0 && receive(fd, record + FCGI_HEADER_LEN, rest, MSG_WAITALL) != (ssize_t)rest)
		return -EPIPE;
	management_put(record + FCGI_HEADER_LEN, content, values, &answer);
	r = answer.failed ? -ENOMEM : writeall(fd, answer.data, answer.len);
	buf_free(&answer);
	return r < 0 ? r : 1;
}
