#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* it does not write to its input */
#include <zlib.h>

#include "sidecar/hub/deflate.h"

enum {
	LEVEL = 3,        /* what more would save, a broadcast's recipients would wait for */
	WINDOW_BITS = 15, /* negative means to zlib: neither header nor checksum */
	MEMORY_LEVEL = 8, /* zlib's default */
	UNPACK_STEP = 4096,
};

/* RFC 7692 section 7.2.1: what a flush ends with, and a compressed message does not. */
static const uint8_t tail[] = { 0, 0, 0xff, 0xff };

struct deflate {
	z_stream out, in;
};

struct deflate *
deflate_new(void)
{
	struct deflate *deflate = calloc(1, sizeof(*deflate));

	if (deflate == NULL)
		return NULL;
	if (deflateInit2(&deflate->out, LEVEL, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK ||
	    inflateInit2(&deflate->in, -WINDOW_BITS) != Z_OK) {
		deflate_free(deflate);
		return NULL;
	}
	return deflate;
}

void
deflate_free(struct deflate *deflate)
{
	if (deflate == NULL)
		return;
	deflateEnd(&deflate->out);
	inflateEnd(&deflate->in);
	free(deflate);
}

/* --- offers ------------------------------------------------------------------- */

enum parameter { /* RFC 7692 section 7.1, as far as they can be agreed to */
	UNKNOWN = 0,
	SERVER_NO_CONTEXT_TAKEOVER = 1,
	CLIENT_NO_CONTEXT_TAKEOVER = 2,
	CLIENT_MAX_WINDOW_BITS = 4,
};

struct text {
	const char *at;
	size_t len;
};

static bool
is(struct text text, const char *word)
{
	return text.len == strlen(word) && memcmp(text.at, word, text.len) == 0;
}

static struct text
without_blanks(struct text text)
{
	while (text.len > 0 && isblank((unsigned char)text.at[0])) {
		text.at++;
		text.len--;
	}
	while (text.len > 0 && isblank((unsigned char)text.at[text.len - 1]))
		text.len--;
	return text;
}

/* Splits off what comes before a mark. rest->at becomes NULL with the last part. */
static struct text
split(struct text *rest, char mark)
{
	const char *end = memchr(rest->at, mark, rest->len);
	struct text part = { rest->at, end == NULL ? rest->len : (size_t)(end - rest->at) };

	*rest = end == NULL ? (struct text){ 0 } : (struct text){ end + 1, rest->len - part.len - 1 };
	return without_blanks(part);
}

/* 8 to 15, which may be quoted. */
static bool
is_window_bits(struct text text)
{
	if (text.len > 2 && text.at[0] == '"' && text.at[text.len - 1] == '"')
		text = (struct text){ text.at + 1, text.len - 2 };
	if (text.len == 1)
		return text.at[0] == '8' || text.at[0] == '9';
	return text.len == 2 && text.at[0] == '1' && text.at[1] >= '0' && text.at[1] <= '5';
}

/* server_max_window_bits is not among them: the compressor is the same for all. */
static enum parameter
parameter_of(struct text text)
{
	struct text name = split(&text, '=');
	bool has_value = text.at != NULL;

	if (is(name, "client_max_window_bits"))
		return !has_value || is_window_bits(without_blanks(text)) ? CLIENT_MAX_WINDOW_BITS : UNKNOWN;
	if (has_value)
		return UNKNOWN;
	if (is(name, "server_no_context_takeover"))
		return SERVER_NO_CONTEXT_TAKEOVER;
	if (is(name, "client_no_context_takeover"))
		return CLIENT_NO_CONTEXT_TAKEOVER;
	return UNKNOWN;
}

/* Each at most once. */
static bool
accepts_parameters(struct text rest)
{
	unsigned seen = 0;

	while (rest.at != NULL) {
		enum parameter parameter = parameter_of(split(&rest, ';'));

		if (parameter == UNKNOWN || (seen & parameter) != 0)
			return false;
		seen |= parameter;
	}
	return true;
}

bool
deflate_accepts(const char *offers)
{
	struct text rest = { offers, offers == NULL ? 0 : strlen(offers) };
	bool fine = false, bare = false;

	while (rest.at != NULL) {
		struct text offer = split(&rest, ',');

		if (!is(split(&offer, ';'), "permessage-deflate"))
			continue;
		if (bare) /* with a second one after that, libwebsockets 4.1.6 refuses the connection */
			return false;
		bare = !fine && offer.at == NULL;
		fine |= accepts_parameters(offer);
	}
	return fine;
}

/* --- messages ----------------------------------------------------------------- */

int
deflate_pack(struct deflate *z, const void *data, size_t len, struct buf *ret)
{
	z_stream *out = &z->out;
	size_t max = len + sizeof(tail) - 1; /* with the tail, if it is to be smaller than the message */

	if (len < DEFLATE_MIN_BYTES)
		return -ENOSPC;
	if (buf_reserve(ret, max) < 0)
		return -ENOMEM;
	deflateReset(out);
	out->next_in = data;
	out->avail_in = (uInt)len;
	out->next_out = ret->data;
	out->avail_out = (uInt)max;
	if (deflate(out, Z_SYNC_FLUSH) != Z_OK || out->avail_out == 0)
		return -ENOSPC;
	ret->len = max - out->avail_out - sizeof(tail);
	return 0;
}

/* Returns 0 when it has taken all of the input, or as deflate_unpack() does. */
static int
unpack(z_stream *in, const void *data, size_t len, size_t max_bytes, struct buf *ret)
{
	int r;

	in->next_in = data;
	in->avail_in = (uInt)len;
	do {
		if (buf_reserve(ret, UNPACK_STEP) < 0)
			return -ENOMEM;
		in->next_out = ret->data + ret->len;
		in->avail_out = UNPACK_STEP;
		r = inflate(in, Z_SYNC_FLUSH);
		ret->len += UNPACK_STEP - in->avail_out;
		if (ret->len > max_bytes)
			return -EMSGSIZE;
		if (r == Z_STREAM_END) /* RFC 7692 section 7.2.3.5: a block may say that it is the last one */
			inflateReset(in);
		else if (r == Z_MEM_ERROR)
			return -ENOMEM;
		else if (r != Z_OK && r != Z_BUF_ERROR)
			return -EBADMSG;
	} while (in->avail_in > 0 || in->avail_out == 0);
	return 0;
}

/* zlib says so of what it last read. */
static bool
ends_with_a_block(const z_stream *in)
{
	return (in->data_type & 128) != 0;
}

int
deflate_unpack(struct deflate *z, const void *data, size_t len, size_t max_bytes, struct buf *ret)
{
	z_stream *in = &z->in;
	int r;

	inflateReset(in);
	r = unpack(in, data, len, max_bytes, ret);
	if (r == 0)
		r = unpack(in, tail, sizeof(tail), max_bytes, ret);
	return r == 0 && !ends_with_a_block(in) ? -EBADMSG : r;
}

/* At worst deflate puts 5 bytes before each 16 KiB or so that it cannot compress. */
size_t
deflate_bound(size_t len)
{
	return len + len / 1024 + 64;
}
