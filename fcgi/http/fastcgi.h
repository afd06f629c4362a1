/*
 * fastcgi - threads that answer the requests of a web server.
 *
 * A thread waits for a connection and for the stop at once, so a stop is never
 * late and cuts no request off.
 */
#ifndef FCGI_FASTCGI_H
#define FCGI_FASTCGI_H

struct tina4_app;

/*
 * Serves on a listening socket until SIGTERM or SIGINT, which stay blocked in
 * the caller, and finishes the requests that run. The socket stays open. The
 * caller's thread is in meanwhile(), which returns, with 0 or a negative errno,
 * once stop_fd is readable, and does not read it. Returns 0, -ECANCELED when the
 * start hook of a thread failed, another negative errno, or -EBUSY when requests
 * still run after TINA4_STOP_SECONDS: their threads use the app, so it cannot be
 * freed.
 */
int fastcgi_serve(struct tina4_app *app, int listen_fd, int (*meanwhile)(struct tina4_app *app, int stop_fd));

#endif
