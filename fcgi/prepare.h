/*
 * prepare - what comes before an app serves, or is tested.
 */
#ifndef FCGI_PREPARE_H
#define FCGI_PREPARE_H

struct tina4_app;

/* Loads the settings and opens the log. Returns 0, or a negative errno after a message on standard error. */
int prepare_settings(struct tina4_app *app, char *const *environment);

/* Makes what handlers reach for: keys and sessions. Returns what prepare_settings() does. */
int prepare_parts(struct tina4_app *app);

#endif
