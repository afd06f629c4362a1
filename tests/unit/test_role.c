#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/listener.h"
#include "fcgi/role.h"
#include "tests/tap.h"

/* Each test starts with no CGI environment, and with standard input that does not listen. */

#define FIND(...) find((char *[]){ "app", __VA_ARGS__, NULL })

static struct role
find(char **argv)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	optind = 0; /* begins anew, getopt(3) */
	return role_find(argc, argv);
}

static void
arguments_name_a_role(void)
{
	struct role role = FIND("--listen", "unix:/x", "--threads", "3");

	OK(role.kind == ROLE_LISTEN && strcmp(role.address, "unix:/x") == 0, "--listen with its address");
	OK(strcmp(getenv("TINA4_THREADS"), "3") == 0, "--threads is the setting");
	OK(FIND("--worker").kind == ROLE_WORKER, "--worker");
	OK(FIND("--worker", "--workers", "3").kind == ROLE_WORKER, "--worker --workers");
	OK(strcmp(getenv("TINA4_WORKERS"), "3") == 0, "--workers is the setting");
	OK(FIND("--routes").kind == ROLE_ROUTES, "--routes");
	OK(FIND("--help").kind == ROLE_HELP, "--help");
}

static void
wrong_arguments_name_none(void)
{
	OK(FIND(NULL).kind == ROLE_NONE, "no arguments and nothing to serve");
	OK(FIND("--threads", "3").kind == ROLE_NONE, "threads alone");
	OK(FIND("--wrong").kind == ROLE_NONE, "an unknown flag");
	OK(FIND("--worker", "x").kind == ROLE_NONE, "something behind");
	OK(FIND("--listen").kind == ROLE_NONE, "a flag without its value");
	OK(FIND("--worker", "--listen", ":1").kind == ROLE_NONE, "two roles");
}

static void
a_cgi_client_gives_no_orders(void)
{
	setenv("REQUEST_METHOD", "GET", true);
	OK(FIND(NULL).kind == ROLE_CGI, "a CGI environment is a request");
	OK(FIND("--worker").kind == ROLE_CGI, "whose arguments are the client's query");
	unsetenv("REQUEST_METHOD");
	setenv("GATEWAY_INTERFACE", "CGI/1.1", true);
	OK(FIND("--listen", "unix:/x").kind == ROLE_CGI, "whichever variable tells of it");
}

static void
a_socket_that_came_along_is_served(void)
{
	struct listener listener;
	struct role role;

	if (listener_open(&listener, ":0") < 0 || dup2(listener.fd, STDIN_FILENO) < 0)
		return;
	role = FIND("--threads", "2");
	OK(role.kind == ROLE_FASTCGI && role.fd == STDIN_FILENO, "on descriptor 0, even with a CGI environment");
	OK(FIND("--routes").kind == ROLE_ROUTES, "unless an argument says else");
	close(STDIN_FILENO);
	listener_close(&listener);
}

int
main(void)
{
	unsetenv("GATEWAY_INTERFACE");
	unsetenv("REQUEST_METHOD");
	unsetenv("LISTEN_PID");
	if (freopen("/dev/null", "r", stdin) == NULL)
		return 1;

	arguments_name_a_role();
	wrong_arguments_name_none();
	a_cgi_client_gives_no_orders();
	a_socket_that_came_along_is_served();
	return tap_done();
}
