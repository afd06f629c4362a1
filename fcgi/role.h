/*
 * role - how the program was started, and so what it is to be.
 */
#ifndef FCGI_ROLE_H
#define FCGI_ROLE_H

#include <stdio.h>

enum role_kind {
	ROLE_CGI,     /* a CGI environment */
	ROLE_FASTCGI, /* a listening socket came with the start */
	ROLE_LISTEN,  /* --listen */
	ROLE_WORKER,  /* --worker */
	ROLE_ROUTES,  /* --routes */
	ROLE_HELP,    /* --help */
	ROLE_NONE,    /* wrong arguments: said on standard error */
};

struct role {
	enum role_kind kind;
	int fd;              /* the socket of ROLE_FASTCGI */
	const char *address; /* of ROLE_LISTEN, borrowed from argv */
};

/* Looks at the descriptors, the environment and the arguments. --threads becomes TINA4_THREADS, and --workers
 * TINA4_WORKERS. */
struct role role_find(int argc, char **argv);

void role_usage(FILE *stream);

#endif
