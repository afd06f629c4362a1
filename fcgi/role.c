#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/listener.h"
#include "fcgi/role.h"

enum { SYSTEMD_FD = 3 /* sd_listen_fds(3) */ };

static const struct option options[] = {
	{ "listen", required_argument, NULL, 'l' },
	{ "threads", required_argument, NULL, 't' },
	{ "worker", no_argument, NULL, 'w' },
	{ "workers", required_argument, NULL, 'n' },
	{ "routes", no_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

void
role_usage(FILE *stream)
{
	fprintf(stream,
	    "usage: %s --listen ADDRESS [--threads N] | --worker [--workers N] | --routes\n"
	    "\n"
	    "  --listen ADDRESS  serve FastCGI on unix:/path, host:port or :port (of loopback)\n"
	    "  --threads N       serve so many requests at once, in place of TINA4_THREADS\n"
	    "  --worker          run the WebSocket handlers for tina4-sidecar\n"
	    "  --workers N       in so many processes, or auto for one a core, in place of TINA4_WORKERS\n"
	    "  --routes          print the routes\n"
	    "\n"
	    "With a listening socket on descriptor 0 it serves FastCGI there, and with a CGI\n"
	    "environment it answers one request.\n",
	    program_invocation_short_name);
}

/* Returns a listening socket that the process was started with, or -1. */
static int
inherited_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	if (listener_is(STDIN_FILENO))
		return STDIN_FILENO;
	if (pid == NULL || fds == NULL || atol(pid) != getpid() || atoi(fds) < 1 || !listener_is(SYSTEMD_FD))
		return -1;
	fcntl(SYSTEMD_FD, F_SETFD, FD_CLOEXEC);
	return SYSTEMD_FD;
}

static bool
is_cgi(void)
{
	return getenv("GATEWAY_INTERFACE") != NULL || getenv("REQUEST_METHOD") != NULL;
}

/* Of two roles the first stays, and the second is a mistake. */
static void
take(struct role *role, enum role_kind kind)
{
	if (role->kind != ROLE_FASTCGI && role->kind != kind) {
		fprintf(
		    stderr, "%s: --listen, --worker and --routes exclude each other\n", program_invocation_short_name);
		kind = ROLE_NONE;
	}
	role->kind = kind;
}

/* Reads the arguments into a role that is ROLE_FASTCGI as long as they name none. */
static void
parse(struct role *role, int argc, char **argv)
{
	int option;

	while (role->kind != ROLE_NONE && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			take(role, ROLE_LISTEN);
			role->address = optarg;
			break;
		case 't':
			setenv("TINA4_THREADS", optarg, true); /* conf judges it */
			break;
		case 'n':
			setenv("TINA4_WORKERS", optarg, true);
			take(role, ROLE_WORKER);
			break;
		case 'w':
			take(role, ROLE_WORKER);
			break;
		case 'r':
			take(role, ROLE_ROUTES);
			break;
		case 'h':
			role->kind = ROLE_HELP;
			return;
		default: /* getopt_long() said why */
			role->kind = ROLE_NONE;
		}
	}
	if (role->kind != ROLE_NONE && optind < argc) {
		fprintf(stderr, "%s: unknown argument \"%s\"\n", program_invocation_short_name, argv[optind]);
		role->kind = ROLE_NONE;
	}
}

struct role
role_find(int argc, char **argv)
{
	struct role role = { .kind = ROLE_FASTCGI, .fd = inherited_socket() };

	/* The arguments of a CGI program are its client's (RFC 3875 section 4.4): nobody looks at them. */
	if (role.fd < 0 && is_cgi()) {
		role.kind = ROLE_CGI;
		return role;
	}
	parse(&role, argc, argv);
	if (role.kind == ROLE_FASTCGI && role.fd < 0) {
		role_usage(stderr);
		role.kind = ROLE_NONE;
	}
	return role;
}
