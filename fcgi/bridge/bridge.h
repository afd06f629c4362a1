/*
 * bridge - the handlers of an app in another language, as its settings name them.
 */
#ifndef FCGI_BRIDGE_BRIDGE_H
#define FCGI_BRIDGE_BRIDGE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct conf;
struct tina4_app;

/* What one is told beside the settings. All borrowed. */
struct bridge {
	char *const *routes; /* "PATTERN[,secure][,push-only]"; none: the other side is asked for them */
	size_t n_routes;
	bool once; /* nobody there is an error */
	char name[NAME_MAX + 1];
	char script[PATH_MAX]; /* TINA4_SCRIPT, from the root on */
};

/* Looks at the settings. Returns false after saying on standard error what is wrong with them. */
bool bridge_check(struct bridge *bridge, const struct conf *conf);

/* Makes app->remote, and declares the routes. Returns 0, or a negative errno after an error that has been said. */
int bridge_open(const struct bridge *bridge, struct tina4_app *app);

/* What bridge_open() did, also when it failed. */
void bridge_close(struct tina4_app *app);

#endif
