/*
 * http - FastCGI: threads that answer the requests of a web server.
 *
 * A thread waits for a connection and for the stop at once, so a stop is never
 * late and cuts no request off.
 */
#ifndef FCGI_HTTP_H
#define FCGI_HTTP_H

struct tina4_app;

enum http_limits {
	HTTP_FIRST_MS = 2000,   /* from a connection of the web server to its request */
	HTTP_PEER_SECONDS = 60, /* of silence in mid-request */
};

/*
 * Serves on a listening socket until SIGTERM or SIGINT, which stay blocked in
 * the caller, and finishes the requests that run. The socket stays open.
 * Returns 0, a negative errno, or -EBUSY when requests still run after
 * TINA4_STOP_SECONDS: their threads use the app, so it cannot be freed.
 */
int http_serve(struct tina4_app *app, int listen_fd);

#endif
