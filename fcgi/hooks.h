/*
 * hooks - what a program does at the start and the end of its process and of
 * each thread that runs handlers.
 */
#ifndef FCGI_HOOKS_H
#define FCGI_HOOKS_H

struct tina4_app;

/* Where a start failed, the log says which, and its stop must not be called. Return 0 or -ECANCELED. */
int hooks_start_process(struct tina4_app *app);
int hooks_start_thread(struct tina4_app *app);

/* In the same process, and in the same thread. */
void hooks_stop_process(struct tina4_app *app);
void hooks_stop_thread(struct tina4_app *app);

#endif
