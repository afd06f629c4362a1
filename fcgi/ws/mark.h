/*
 * mark - the name of one message that is kept, as positions have it: ORIGIN.N.
 */
#ifndef FCGI_MARK_H
#define FCGI_MARK_H

#include <stdint.h>

enum { MARK_BYTES = 40 }; /* with its NUL */

void mark_format(uint64_t origin, uint64_t number, char ret[static MARK_BYTES]);

#endif
