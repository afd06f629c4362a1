/*
 * dispatch - one request in, one response out.
 *
 * It stands between the ways to be called (FastCGI, CGI, a test) and the
 * handlers, and does no input or output of its own but a log line; a handler
 * that streams sends its pieces to the outlet of the response.
 */
#ifndef FCGI_DISPATCH_H
#define FCGI_DISPATCH_H

struct buf;
struct tina4_app;
struct tina4_response;

/*
 * Fills res, which is empty, with the answer to a request: the handler's, or
 * why there is none. body_error tells how the body was read: 0, -EFBIG past
 * TINA4_MAX_BODY, -EINVAL for a wrong length, -EPIPE when it was cut short, or
 * another negative errno. Returns 0, or -EPIPE when a stream has begun that is
 * not whole: who reads it must see that.
 */
int dispatch(struct tina4_app *app, char *const *env, int body_error, struct buf *body, struct tina4_response *res);

#endif
