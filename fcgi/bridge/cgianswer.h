/*
 * cgianswer - what a script printed: a head of fields and a body, RFC 3875 section 6.
 * Pure.
 */
#ifndef FCGI_BRIDGE_CGIANSWER_H
#define FCGI_BRIDGE_CGIANSWER_H

#include "shared/span.h"

/*
 * Finds its status, 200 when it names none, and its body, which borrows. Returns 0,
 * or -EPROTO for what does not begin with a head.
 */
int cgianswer_read(struct span text, unsigned *ret_status, struct span *ret_body);

#endif
