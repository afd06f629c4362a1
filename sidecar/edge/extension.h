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

/* LWS_CALLBACK_ADD_HEADERS, once it was agreed on: completes the answer. Returns 0, or -1 when it is not as expected.
 */
int extension_answer(struct lws_process_html_args *args);

#endif
