/*
 * run - an app in a role.
 */
#ifndef FCGI_RUN_H
#define FCGI_RUN_H

struct role;
struct tina4_app;

/* Reads the settings, and serves until it is told to stop. argv starts its workers. Returns the process's exit status.
 */
int run_as(struct tina4_app *app, const struct role *role, char **argv);

#endif
