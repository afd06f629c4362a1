/*
 * conditional - what a request's conditions make of a file: RFC 9110 sections 13
 * and 14.
 *
 * If-Match and If-Unmodified-Since may refuse it (412), If-None-Match and
 * If-Modified-Since spare it (304), Range and If-Range cut it (206, 416).
 */
#ifndef FCGI_CONDITIONAL_H
#define FCGI_CONDITIONAL_H

struct tina4_request;
struct tina4_response;

/*
 * Applies to a response that is 200 and a file, and only to GET and HEAD. Adds
 * the file's ETag and Last-Modified, which a handler may have set itself.
 * Returns 0 or a negative errno.
 */
int conditional_apply(const struct tina4_request *req, struct tina4_response *res);

#endif
