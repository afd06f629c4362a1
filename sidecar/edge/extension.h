/*
 * extension - permessage-deflate in libwebsockets' handshake.
 *
 * libwebsockets' own implementation keeps a compressor with each connection.
 * This one only agrees on the extension, so that compressed frames are taken,
 * and leaves their payload as it is: see deflate.
 */
#ifndef SIDECAR_EXTENSION_H
#define SIDECAR_EXTENSION_H

#include <libwebsockets.h>

/* For a vhost. */
extern const struct lws_extension extensions[];

/* LWS_CALLBACK_CONFIRM_EXTENSION_OKAY: returns 0 to agree. */
int extension_confirm(struct lws *wsi);

/* LWS_CALLBACK_ADD_HEADERS: completes the answer that agrees. Returns 0, or -1 when it is not as expected. */
int extension_answer(struct lws *wsi, struct lws_process_html_args *args);

#endif
