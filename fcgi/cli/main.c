/*
 * tina4 - the command: what an administrator or a script says to the sidecar.
 *
 * Each sub-command is a file beside this one; here is only the table of them.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "fcgi/cli/cli.h"

static const struct sub_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *meaning;
} commands[] = {
	{ "push", cli_push, "[OPTIONS] PATH | --user USER [DATA]", "send to all connections on a path, or of a user" },
	{ "count", cli_count, "PATH", "print how many connections are on a path" },
	{ "conns", cli_conns, "[--path PATH] [--user USER] [--host HOST] [--json]", "print who is connected" },
	{ "kick", cli_kick, "[--code N] [--reason TEXT] CONNECTION | --path PATH | --user USER",
	    "close a connection, or all on a path or of a user" },
	{ "members", cli_members, "PATH [--json]", "print who is on a path, as others may see it" },
	{ "history", cli_history, "[--last N] [--since POSITION] [--follow] [--json] PATH",
	    "print the messages that are kept of a path" },
	{ "token", cli_token, "[--seconds N] [NAME=VALUE | JSON]...", "print a token with these claims" },
	{ "status", cli_status, "[--watch]", "print what the sidecar does, and who is there" },
	{ "check", cli_check, "", "try settings, bus, relay, ports and permissions" },
	{ "new", cli_new, "NAME", "make the folder of a new app" },
	{ "worker", cli_worker, "[OPTIONS] --exec COMMAND | --fastcgi ADDRESS SCRIPT",
	    "run WebSocket handlers of any language" },
	{ "serve", cli_serve, "[OPTIONS] APP", "run an app behind a web server, for development" },
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
usage(FILE *stream)
{
	fputs("usage: tina4 COMMAND [ARGUMENTS] | --help | --version\n\n", stream);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(stream, "  %s %s\n        %s\n", commands[i].name, commands[i].arguments, commands[i].meaning);
	fputs("\nSettings come from TINA4_* variables and a .env file, or that of the installed\n"
	      "sidecar. The status is 0 when it is done, 2 for wrong usage or settings, 3 when\n"
	      "no sidecar answers, 4 when there was no answer in time, 5 when no route matches,\n"
	      "6 when the data cannot be sent, 8 when nobody could be closed, 1 for all else.\n",
	    stream);
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return CLI_DONE;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_STRING);
		return CLI_DONE;
	}
	for (size_t i = 0; argc > 1 && i < N_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc > 1)
		fprintf(stderr, "tina4: unknown command \"%s\"\n", argv[1]);
	usage(stderr);
	return CLI_USAGE;
}
