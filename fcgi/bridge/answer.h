/*
 * answer - what a handler elsewhere says: JSON with commands, or with routes.
 *
 * Here is the one place that knows the commands: tina4-handler(7) tells of each
 * what the function of tina4_conn(3) that it stands for does. Not all of an answer
 * is looked at before its first command is given, which is no matter: should one
 * be wrong the handler has failed, and nothing of it happens.
 */
#ifndef FCGI_BRIDGE_ANSWER_H
#define FCGI_BRIDGE_ANSWER_H

#include <stddef.h>

#include "fcgi/tina4.h"

struct cJSON;

enum answer_limits {
	ANSWER_MAX_BYTES = 32 << 20, /* of one answer */
	ANSWER_WHY_BYTES = 160,
};

/* Why an answer is none, for the log. */
struct answer_fault {
	char why[ANSWER_WHY_BYTES];
};

/*
 * Reads a text that must be one object; an empty one has no commands. The caller
 * frees *ret with cJSON_Delete(). Returns 0, -EBADMSG and *ret_fault, or -ENOMEM.
 */
int answer_parse(const char *text, size_t len, struct cJSON **ret, struct answer_fault *ret_fault);

/* The event's id, if the answer says which one it is for; or NULL. Borrowed. */
const char *answer_id(const struct cJSON *answer);

/*
 * Gives the commands to the connection whose handler runs. Returns 0, -EBADMSG and
 * *ret_fault for what is no command, -ECANCELED and *ret_fault when the answer says
 * that the handler failed, or what the first command that failed returned.
 */
int answer_apply(const struct cJSON *answer, struct tina4_conn *conn, struct answer_fault *ret_fault);

/* Declares its routes, with that handler. Returns 0, or -EBADMSG and *ret_fault. */
int answer_declare(
    const struct cJSON *answer, struct tina4_app *app, tina4_ws_handler *handler, struct answer_fault *ret_fault);

#endif
