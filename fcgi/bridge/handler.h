/*
 * handler - the handler of each route whose handler is elsewhere: it does what the
 * answer says.
 */
#ifndef FCGI_BRIDGE_HANDLER_H
#define FCGI_BRIDGE_HANDLER_H

#include "fcgi/tina4.h"

struct cJSON;
struct wire_event;
struct worker;

/* To be declared with the routes. */
int handler_run(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len);

/* Lets the worker handle the event, whose handler finds this answer. Returns what worker_handle() does. */
int handler_answer(struct tina4_app *app, struct worker *worker, struct wire_event *event, const struct cJSON *answer);

/* The same with an answer that says why there is none. */
int handler_fail(struct tina4_app *app, struct worker *worker, struct wire_event *event, const char *why);

#endif
