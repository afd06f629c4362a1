#include <string.h>

#include "sidecar/hub/deflate.h"
#include "sidecar/edge/extension.h"
#include "sidecar/edge/request_line.h"

enum { OFFERS_BYTES = 256 }; /* libwebsockets 4.1.6 takes no longer header */

/* libwebsockets calls it for every frame, too. */
static int
callback(struct lws_context *context, const struct lws_extension *extension, struct lws *wsi,
    enum lws_extension_callback_reasons reason, void *user, void *in, size_t len)
{
	static const struct lws_ext_options none[] = { { NULL, EXTARG_NONE } };
	struct request_line *line = lws_get_opaque_user_data(wsi);

	(void)context;
	(void)extension;
	(void)user;
	(void)len;
	if (reason != LWS_EXT_CB_CONSTRUCT)
		return 0;
	*(const struct lws_ext_options **)in = none;
	line->deflate = true;
	return 0;
}

const struct lws_extension extensions[] = {
	{ "permessage-deflate", callback, NULL },
	{ NULL, NULL, NULL },
};

int
extension_confirm(struct lws *wsi)
{
	char offers[OFFERS_BYTES];

	if (lws_hdr_copy(wsi, offers, sizeof(offers), WSI_TOKEN_EXTENSIONS) < 0)
		return -1;
	return deflate_accepts(offers) ? 0 : -1;
}

/* RFC 7692 section 7.1.1: the server may rule out context takeover without being asked. */
int
extension_answer(struct lws *wsi, struct lws_process_html_args *args)
{
	static const char written[] = "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
	static const char rest[] = "; server_no_context_takeover; client_no_context_takeover\r\n";
	const struct request_line *line = lws_get_opaque_user_data(wsi);
	size_t len = strlen(written);

	if (line == NULL || !line->deflate)
		return 0;
	if (memcmp(args->p - len, written, len) != 0 || args->max_len < (int)sizeof(rest))
		return -1;
	args->p -= strlen("\r\n");
	memcpy(args->p, rest, sizeof(rest));
	args->p += strlen(rest);
	args->max_len -= (int)(strlen(rest) - strlen("\r\n"));
	return 0;
}
