/*
 * app - the routes of @NAME@.
 */
#ifndef APP_H
#define APP_H

#include <tina4.h>

/* An app with all routes, for tina4_app_run() or a test; NULL when out of memory. */
struct tina4_app *app_new(void);

#endif
