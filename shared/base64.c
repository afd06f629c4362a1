#include <openssl/evp.h>

#include "shared/base64.h"
#include "shared/buf.h"

void
base64_encode(struct buf *buf, struct span bytes)
{
	size_t len = (bytes.len + 2) / 3 * 4;

	if (buf_reserve(buf, len + 1) < 0) /* OpenSSL ends it by a NUL */
		return;
	buf->len += (uint32_t)EVP_EncodeBlock(buf->data + buf->len, (const unsigned char *)bytes.data, (int)bytes.len);
}
