/*
 * fake_browser - a browser at the other end of a socketpair, and the functions
 * of libwebsockets that its client needs.
 *
 * The socketpair keeps packets apart, so that each write can be told. What the
 * browser got is a text: messages with a blank between them, '|' between
 * writes, and "close:CODE:REASON" where the closing handshake began. It inflates
 * what is compressed, which is for those only who have agreed on that.
 */
#ifndef TESTS_UNIT_FAKE_BROWSER_H
#define TESTS_UNIT_FAKE_BROWSER_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"
#include "sidecar/hub/client.h"

struct hub;

/* What libwebsockets knows of a connection: a definition of its opaque struct. */
struct lws {
	int fd;
	bool partial;  /* the test says: something is partially buffered */
	bool reading;  /* the client is read from */
	bool writable; /* LWS_CALLBACK_SERVER_WRITEABLE has been asked for */
	unsigned code;
	char reason[124];
};

struct browser {
	struct lws wsi;
	int fd;
	struct client *client; /* borrowed */
	struct buf got;
	unsigned n_deflated; /* messages that came compressed */
	bool first;          /* nothing in the present write yet */
	/* Is given each text as well, whole: NULL for nobody. */
	void (*hear)(void *context, const void *text, size_t len);
	void *context;
};

/* Opens the socketpair and makes a client whose id begins with n. */
void browser_open(struct browser *browser, unsigned n);

/* The client must be gone; its end of the socketpair may be closed before. */
void browser_close(struct browser *browser);

/* Its socket is gone, and with it the client: out of the hub, and freed; then as browser_close(). */
void browser_leave(struct browser *browser, struct hub *hub);

/* What has arrived since the last call, borrowed until the next one. */
const char *browser_got(struct browser *browser);

/* True when our side has shut the connection down. */
bool browser_sees_end(struct browser *browser);

/* Lets libwebsockets call what has been asked for. */
void browser_let_write(struct browser *browser);

#endif
