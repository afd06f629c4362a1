/*
 * listing - the list of an app's routes that `--routes` prints.
 */
#ifndef FCGI_LISTING_H
#define FCGI_LISTING_H

#include <stdio.h>

struct tina4_app;

/* A line for each: method or WEBSOCKET, pattern, and what is special about it. */
void listing_print(const struct tina4_app *app, FILE *stream);

#endif
