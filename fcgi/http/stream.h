/*
 * stream - an answer that is sent in pieces, while its handler runs.
 *
 * It has no length, so how it ends says whether it is whole: who sends it must
 * see to that.
 */
#ifndef FCGI_STREAM_H
#define FCGI_STREAM_H

struct tina4_response;

/* After the handler, whose result is error. Returns 0, or -EPIPE when the client is to see that it is not whole. */
int stream_finish(struct tina4_response *res, int error);

#endif
