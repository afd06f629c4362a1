#include <errno.h>
#include <string.h>

#include "shared/base64url.h"
#include "shared/buf.h"
#include "tests/tap.h"

static bool
encodes(const char *bytes, size_t len, const char *text)
{
	struct buf buf = BUF_INIT;
	bool same;

	base64url_encode(&buf, bytes, len);
	same = buf.len == strlen(text) && memcmp(buf_cstr(&buf), text, buf.len) == 0;
	buf_clear(&buf);
	same &= base64url_decode(&buf, text, strlen(text)) == 0 && buf.len == len &&
	    memcmp(buf_cstr(&buf), bytes, len) == 0;
	buf_free(&buf);
	return same;
}

static bool
refuses(const char *text)
{
	struct buf buf = BUF_INIT;
	bool refused;

	buf_string(&buf, "before");
	refused = base64url_decode(&buf, text, strlen(text)) == -EINVAL && buf.len == 6;
	buf_free(&buf);
	return refused;
}

static void
bytes_go_there_and_back(void)
{
	OK(encodes("", 0, ""), "nothing is nothing");
	OK(encodes("f", 1, "Zg") && encodes("fo", 2, "Zm8") && encodes("foo", 3, "Zm9v"),
	    "RFC 4648 section 10, without padding");
	OK(encodes("foobar", 6, "Zm9vYmFy"), "more than one group");
	OK(encodes("\xfb\xff\xfe", 3, "-__-"), "the digits that URLs allow");
	OK(encodes("\0\0", 2, "AAA"), "zero bytes");
}

static void
other_text_is_refused(void)
{
	OK(refuses("Zg=="), "padding");
	OK(refuses("+/+/"), "the digits of plain base64");
	OK(refuses("Zm9v\n") && refuses(" Zm9v"), "white space");
	OK(refuses("Z") && refuses("A") && refuses("AAAAA"), "a digit too many");
	OK(refuses("Zh") && refuses("Zm9"), "bits that the encoder leaves zero");
}

int
main(void)
{
	bytes_go_there_and_back();
	other_text_is_refused();
	return tap_done();
}
