#include <errno.h>

#include "fcgi/format.h"
#include "fcgi/jsonf.h"
#include "shared/log.h"

static int
refuse_null(void)
{
	log_error("format is NULL");
	return -EINVAL;
}

int
format_text(struct buf *buf, const char *format, va_list args)
{
	if (format == NULL)
		return refuse_null();
	buf_vprintf(buf, format, args);
	return buf->failed ? -ENOMEM : 0;
}

int
format_json(struct buf *buf, const char *format, va_list args)
{
	int r;

	if (format == NULL)
		return refuse_null();
	r = vjsonf(buf, format, args);
	if (r == -EINVAL)
		log_error("format makes no whole JSON format=%s", format);
	return r;
}
