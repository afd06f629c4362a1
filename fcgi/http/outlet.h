/*
 * outlet - where an answer goes while its handler still runs.
 */
#ifndef FCGI_OUTLET_H
#define FCGI_OUTLET_H

#include "fcgi/sink.h"

struct outlet {
	sink_put *put;

	/* What was put goes on its way. Returns 0 or a negative errno. NULL: it does so by itself. */
	int (*flush)(void *context);

	/* Returns 0 after so many milliseconds, or at once -EPIPE when nobody reads any more, -ECANCELED to stop. */
	int (*wait)(void *context, int ms);

	void *context;
};

#endif
