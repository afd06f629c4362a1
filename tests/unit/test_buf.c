#include <errno.h>
#include <string.h>

#include "shared/buf.h"
#include "tests/tap.h"

static bool
content_is(const struct buf *buf, const void *bytes, size_t len)
{
	return !buf->failed && buf->len == len && (len == 0 || memcmp(buf->data, bytes, len) == 0);
}

static void
numbers_are_in_network_order(void)
{
	struct buf buf = BUF_INIT;

	buf_u8(&buf, 0x01);
	buf_u16(&buf, 0x0203);
	buf_u32(&buf, 0x04050607);
	buf_u64(&buf, 0x08090a0b0c0d0e0f);
	OK(content_is(&buf, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 15),
	    "numbers are written with their highest byte first");
	buf_put_u32(&buf, 3, 0xfffefdfc);
	OK(memcmp(buf.data, "\x01\x02\x03\xff\xfe\xfd\xfc\x08", 8) == 0, "32 bits can be overwritten");
	buf_free(&buf);
}

static void
bytes_are_appended(void)
{
	struct buf buf = BUF_INIT;

	buf_bytes(&buf, NULL, 0);
	OK(content_is(&buf, "", 0) && buf.data == NULL, "nothing costs nothing");
	buf_blob(&buf, "ab", 2);
	buf_blob(&buf, NULL, 0);
	buf_string(&buf, "cd");
	OK(content_is(&buf, "\0\0\0\2ab\0\0\0\0cd", 12), "a blob has its length before it, a string has not");
	buf_free(&buf);
}

static void
text_is_formatted(void)
{
	struct buf buf = BUF_INIT;

	buf_printf(&buf, "%s=%d", "a", 1);
	buf_printf(&buf, "&%s", "b");
	OK(content_is(&buf, "a=1&b", 5), "formatted text is appended without its NUL");
	OK(strcmp(buf_cstr(&buf), "a=1&b") == 0, "the content can be had as a string");
	OK(buf.len == 5, "whose NUL does not count");
	buf_free(&buf);
	OK(strcmp(buf_cstr(&buf), "") == 0, "an empty buffer is an empty string");
	buf_free(&buf);
}

static void
numbers_are_written_in_decimal(void)
{
	struct buf buf = BUF_INIT;

	buf_decimal(&buf, 0);
	buf_string(&buf, ",");
	buf_decimal(&buf, 9);
	buf_string(&buf, ",");
	buf_decimal(&buf, 10);
	buf_string(&buf, ",");
	buf_decimal(&buf, UINT64_MAX);
	OK(content_is(&buf, "0,9,10,18446744073709551615", 27), "numbers are written in decimal digits");
	buf_free(&buf);
}

static void
it_grows(void)
{
	struct buf buf = BUF_INIT;
	bool same = true;

	for (int i = 0; i < 100000; i++)
		buf_u8(&buf, (uint8_t)i);
	for (size_t i = 0; i < buf.len; i++)
		same = same && buf.data[i] == (uint8_t)i;
	OK(buf.len == 100000 && same, "a buffer grows and keeps what it had");
	buf_free(&buf);
}

static void
memory_is_kept_and_given_back(void)
{
	struct buf buf = BUF_INIT;
	const uint8_t *data;

	buf_string(&buf, "text");
	data = buf.data;
	buf_clear(&buf);
	OK(buf.len == 0 && buf.data == data, "clearing keeps the memory");
	buf_free(&buf);
	OK(buf.len == 0 && buf.cap == 0 && buf.data == NULL, "freeing makes it empty");
	buf_string(&buf, "again");
	OK(content_is(&buf, "again", 5), "and usable again");
	buf_free(&buf);
}

static void
room_can_be_reserved(void)
{
	struct buf buf = BUF_INIT;
	const uint8_t *data;

	OK(buf_reserve(&buf, 1000) == 0 && buf.cap >= 1000 && buf.len == 0, "room is made without content");
	data = buf.data;
	for (int i = 0; i < 1000; i++)
		buf_u8(&buf, 0);
	OK(buf.data == data, "the bytes then do not move");
	buf_free(&buf);
}

static void
failure_sticks(void)
{
	struct buf buf = BUF_INIT;

	buf_string(&buf, "kept");
	OK(buf_reserve(&buf, UINT32_MAX) == -ENOMEM && buf.failed, "past 4 GiB a buffer fails");
	buf_string(&buf, "lost");
	buf_u8(&buf, 1);
	buf_printf(&buf, "%d", 1);
	buf_put_u32(&buf, 0, 0);
	OK(buf.len == 4 && memcmp(buf.data, "kept", 4) == 0, "later writes do nothing");
	OK(buf_cstr(&buf) == NULL, "there is no string of it");
	buf_clear(&buf);
	buf_string(&buf, "new");
	OK(content_is(&buf, "new", 3), "clearing forgets the failure");
	buf_free(&buf);

	buf_blob(&buf, "", (size_t)UINT32_MAX + 1);
	OK(buf.failed && buf.len == 0, "a blob longer than its length can say fails before it is read");
	buf_free(&buf);
	OK(!buf.failed, "freeing forgets the failure too");
}

int
main(void)
{
	numbers_are_in_network_order();
	numbers_are_written_in_decimal();
	bytes_are_appended();
	text_is_formatted();
	it_grows();
	memory_is_kept_and_given_back();
	room_can_be_reserved();
	failure_sticks();
	return tap_done();
}
