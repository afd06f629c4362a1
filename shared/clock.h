/*
 * clock - what time it is, in the units that we wait and promise in.
 */
#ifndef SHARED_CLOCK_H
#define SHARED_CLOCK_H

#include <stdint.h>

/* Never set back: for waits and their deadlines. */
int64_t clock_ns(void);
int64_t clock_ms(void);

/* Unix time: for deadlines that another process reads. */
uint64_t clock_unix_ms(void);

#endif
