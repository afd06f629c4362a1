/*
 * buf - growable bytes, written once and read many times.
 *
 * Numbers are written in network byte order. An allocation that fails, or a
 * buffer that would pass 4 GiB, sets `failed`; every later write does nothing,
 * so a writer checks once, at its end.
 */
#ifndef SHARED_BUF_H
#define SHARED_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data; /* NULL while empty */
	uint32_t len;
	uint32_t cap;
	bool failed;
};

#define BUF_INIT                                                                                                       \
	{                                                                                                              \
		0                                                                                                      \
	}

/* Frees the bytes and makes the buffer empty and usable again. */
void buf_free(struct buf *buf);

/* Empties the buffer, keeping its memory for the next writer. */
void buf_clear(struct buf *buf);

/* Makes room for n more bytes. Returns 0, or -ENOMEM when `failed` is set. */
int buf_reserve(struct buf *buf, size_t n);

void buf_u8(struct buf *buf, uint8_t value);
void buf_u16(struct buf *buf, uint16_t value);
void buf_u32(struct buf *buf, uint32_t value);
void buf_u64(struct buf *buf, uint64_t value);

/* Appends n bytes; data may be NULL when n is 0. */
void buf_bytes(struct buf *buf, const void *data, size_t n);

/* Appends a 32-bit length and then the n bytes. */
void buf_blob(struct buf *buf, const void *data, size_t n);

/* Appends a string without its NUL. */
void buf_string(struct buf *buf, const char *string);

/* Appends a number in decimal digits. */
void buf_decimal(struct buf *buf, uint64_t value);

/* Overwrites the 32 bits at an offset that has been written before. */
void buf_put_u32(struct buf *buf, size_t offset, uint32_t value);

void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/*
 * Borrows the content as a NUL-terminated string (the NUL is not counted in
 * len) until the next write. Returns NULL when out of memory.
 */
const char *buf_cstr(struct buf *buf);

#endif
