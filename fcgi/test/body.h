/*
 * body - what a browser makes of a form. Pure.
 */
#ifndef FCGI_TEST_BODY_H
#define FCGI_TEST_BODY_H

#include "fcgi/tina4_test.h"
#include "shared/buf.h"

/* Appends the body of a request and returns its Content-Type: borrowed, NULL when there is no body. */
const char *body_put(const struct tina4_test_request *options, struct buf *ret);

#endif
