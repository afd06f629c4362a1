/*
 * lines - handlers in a program that stays: each event is a line that it reads, and
 * each line that it writes is an answer, in the same order.
 *
 * The program may have several before it, but only one of a connection, since its
 * answer may change the attributes that the next one tells: turns.h says in which
 * order they come. When the program ends, or breaks the
 * protocol, its worker ends, which a supervisor lays to the event that was before it.
 */
#ifndef FCGI_BRIDGE_LINES_H
#define FCGI_BRIDGE_LINES_H

enum lines_limits {
	LINES_MAX_ASKED = 64,         /* before the program at once ... */
	LINES_MAX_UNSENT = 256 << 10, /* ... and bytes that its pipe does not take: then no more is asked */
	LINES_MAX_LOGGED = 200,       /* bytes of a wrong line in the log */
};

struct remote;
struct tina4_app;

/*
 * Starts the program. Returns 0 or a negative errno, its free() is needed after 0
 * only. command is borrowed.
 */
int lines_new(struct remote **ret, struct tina4_app *app, const char *command);

/*
 * Asks the program for its routes, and declares them. It may take
 * TINA4_HANDLER_TIMEOUT. Returns 0, or -ECANCELED after an error that has been said.
 */
int lines_declare(struct remote *remote);

#endif
