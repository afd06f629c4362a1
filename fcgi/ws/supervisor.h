/*
 * supervisor - `app --worker`: starts the workers, replaces those that die, ends
 * those that hang, and tells the sidecar over which event one has died.
 *
 * It waits in one place, runs no handler and knows no connection. What it knows
 * of a worker stands on the page that the two share.
 */
#ifndef FCGI_SUPERVISOR_H
#define FCGI_SUPERVISOR_H

struct tina4_app;

enum { SUPERVISOR_MAX_WORKERS = 64 }; /* TINA4_WORKERS allows no more */

/*
 * Runs app->conf.workers workers, each of them this program with these arguments,
 * until SIGTERM or SIGINT; SIGHUP replaces them, one by one, by what is on the
 * disk then. Returns the exit status.
 */
int supervisor_run(struct tina4_app *app, char **argv);

#endif
