/*
 * command - checks what a program sends before it goes down the bus.
 *
 * The commands that come out of here borrow their bytes from the arguments.
 * Pure.
 */
#ifndef FCGI_COMMAND_H
#define FCGI_COMMAND_H

#include <stddef.h>

#include "shared/wire.h"

struct cJSON;

/*
 * Makes a command of that type which carries data; flags are enum tina4_flags.
 * Returns 0, -EMSGSIZE past max_bytes, or -EILSEQ for text that is not UTF-8.
 */
int command_data(struct wire_command *ret, enum wire_command_type type, const void *data, size_t len, unsigned flags,
    size_t max_bytes);

/*
 * Makes a DISCONNECT; code 0 is 1000, reason may be NULL. Returns 0, -EINVAL
 * for a code that a server may not send or a reason of more than 123 bytes, or
 * -EILSEQ.
 */
int command_close(struct wire_command *ret, int code, const char *reason);

/*
 * Makes a PRESENT; json is NULL for nothing any more. Returns 0, -EMSGSIZE for more than
 * WIRE_PRESENCE_BYTES, or -EINVAL when it is no JSON object.
 */
int command_present(struct wire_command *ret, const char *json);

/* Lets the command name a connection by its hexadecimal id. Returns 0 or -EINVAL. */
int command_set_conn(struct wire_command *command, const char *conn_id);

/* Takes *json, also on failure. *ret gets its text, which the caller frees. Returns 0, -EINVAL for NULL, or -ENOMEM. */
int command_take_json(struct cJSON **json, char **ret);

#endif
