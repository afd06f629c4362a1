/*
 * cli - the sub-commands of `tina4`, and what they have in common.
 *
 * Each gets its own name as argv[0] and returns the exit status.
 */
#ifndef FCGI_CLI_CLI_H
#define FCGI_CLI_CLI_H

#include <stdbool.h>

struct tina4_app;

enum cli_status {
	CLI_DONE = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,      /* wrong arguments or settings */
	CLI_NO_SIDECAR = 3, /* nothing was sent */
	CLI_NO_ANSWER = 4,  /* in time: what happened is not known */
	CLI_NO_ROUTE = 5,
	CLI_BAD_DATA = 6,  /* too large, or text that is not UTF-8 */
	CLI_NOT_READY = 7, /* no route yet: its app may still come */
	CLI_NOBODY = 8,    /* that could be closed */
};

int cli_push(int argc, char **argv);
int cli_count(int argc, char **argv);
int cli_conns(int argc, char **argv);
int cli_kick(int argc, char **argv);
int cli_members(int argc, char **argv);
int cli_history(int argc, char **argv);
int cli_token(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_new(int argc, char **argv);
/* Finds the command line's beginning, the program's name, before argv. */
int cli_worker(int argc, char **argv);
int cli_serve(int argc, char **argv);

/*
 * Where nothing here names a bus, takes the settings of the app that this user
 * serves; then, without TINA4_ENV_FILE and a .env in this folder, those of the
 * installed sidecar, if this user may read them.
 */
void cli_choose_settings(void);

/* True when the bus is there, and closed to this user. */
bool cli_bus_is_closed(const struct tina4_app *app);

/*
 * Makes an app without routes that has read its settings. Returns NULL after
 * a message; the caller frees it with tina4_app_free().
 */
struct tina4_app *cli_app(void);

/* Says how a command is used that was used wrongly. Returns CLI_USAGE. */
int cli_usage(const char *usage);

/* Says what a negative errno of tina4_push() or tina4_count() means. Returns the exit status. */
int cli_failed(const struct tina4_app *app, const char *path, int error);

#endif
