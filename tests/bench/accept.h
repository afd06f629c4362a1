/*
 * accept - the server's answer to a Sec-WebSocket-Key, RFC 6455 section 4.2.2.
 */
#ifndef BENCH_ACCEPT_H
#define BENCH_ACCEPT_H

enum { ACCEPT_KEY = 24, ACCEPT_ANSWER = 28 };

/* key has ACCEPT_KEY bytes; the answer is terminated. */
void accept_answer(const char *key, char ret[static ACCEPT_ANSWER + 1]);

#endif
