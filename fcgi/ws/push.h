/*
 * push - tina4_push() and its kin: a command that goes to the sidecar at once,
 * or with what the running WebSocket handler sends.
 */
#ifndef FCGI_PUSH_H
#define FCGI_PUSH_H

#include <stdarg.h>

#include "fcgi/tina4.h"

#include "shared/wire.h"

struct buf;

/* Whom a message is for, in a command of that type. */
struct push_target {
	enum wire_command_type type;
	struct span key; /* without data: there is no such target, which is -EINVAL */
	unsigned flags;  /* of enum tina4_flags: those that mean something there */
};

/* tina4_push() to a target. */
int push_to(struct tina4_app *app, const struct push_target *target, struct span data,
    const struct tina4_push_options *options, struct tina4_receipt *ret);

/* tina4_push_json() and tina4_push_jsonf() to a target. */
int push_json_to(struct tina4_app *app, const struct push_target *target, struct cJSON **json,
    const struct tina4_push_options *options, struct tina4_receipt *ret);
int push_jsonf_to(struct tina4_app *app, const struct push_target *target, const struct tina4_push_options *options,
    struct tina4_receipt *ret, const char *format, va_list args) __attribute__((format(printf, 5, 0)));

/* Goes with what the running handler sends, and *ret is zeroed, or on its own. */
int push_command(struct tina4_app *app, const struct wire_command *command, struct wire_reply *ret);

/* A request of which only the reply matters, and its text when text is not NULL. Results are tina4_count()'s. */
int push_ask(struct tina4_app *app, const struct wire_command *command, struct wire_reply *ret, struct buf *text);

/* What is wrong with a command also fails the handler that the calling thread runs. Returns the error. */
int push_refuse(struct tina4_app *app, int error);

/* Appends what is kept of a path: see wire_get_past(). Results are tina4_history()'s. */
int push_history(struct tina4_app *app, const char *path, const struct wire_asked *asked, struct buf *ret);

/* Appends the sidecar's figures: lines of name=value. Results are tina4_count()'s. */
int push_stats(struct tina4_app *app, struct buf *ret);

/*
 * Appends a page of those who are connected, on the path or on any when it is empty: see wire_get_conns(). Results
 * are tina4_count()'s; -EINVAL with a text that says what is wrong.
 */
int push_conns(struct tina4_app *app, const char *path, const struct wire_conns_asked *asked, struct buf *ret);

/* tina4_disconnect() and tina4_path_close() with the reply; in a handler, which gets none, it is zeroed. */
int push_disconnect(struct tina4_app *app, const char *conn_id, int code, const char *reason, struct wire_reply *ret);
int push_kick(struct tina4_app *app, const char *path, int code, const char *reason, struct wire_reply *ret);

#endif
