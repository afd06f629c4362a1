#include <string.h>

#include "sidecar/edge/extension.h"

/* libwebsockets calls it for every frame, too. */
static int
callback(struct lws_context *context, const struct lws_extension *extension, struct lws *wsi,
    enum lws_extension_callback_reasons reason, void *user, void *in, size_t len)
{
	static const struct lws_ext_options none[] = { { NULL, EXTARG_NONE } };

	(void)context;
	(void)extension;
	(void)wsi;
	(void)user;
	(void)len;
	if (reason == LWS_EXT_CB_CONSTRUCT)
		*(const struct lws_ext_options **)in = none;
	return 0;
}

const struct lws_extension extensions[] = {
	{ "permessage-deflate", callback, NULL },
	{ NULL, NULL, NULL },
};

/* RFC 7692 section 7.1.1: the server may rule out context takeover without being asked. */
int
extension_answer(struct lws_process_html_args *args)
{
	static const char written[] = "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
	static const char rest[] = "; server_no_context_takeover; client_no_context_takeover\r\n";
	size_t len = strlen(written);

	if (memcmp(args->p - len, written, len) != 0 || args->max_len < (int)sizeof(rest))
		return -1;
	args->p -= strlen("\r\n");
	memcpy(args->p, rest, sizeof(rest));
	args->p += strlen(rest);
	args->max_len -= (int)(strlen(rest) - strlen("\r\n"));
	return 0;
}
