#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/cli/cli.h"
#include "fcgi/tina4.h"
#include "fcgi/ws/push.h"
#include "fcgi/ws/user.h"
#include "shared/closecode.h"
#include "shared/numeral.h"
#include "shared/username.h"
#include "shared/wire.h"

static const char usage[] = "kick [--code N] [--reason TEXT] CONNECTION | --path PATH | --user USER\n"
			    "Closes a connection, or all on a path or of a user, on any host. With code 1008, which\n"
			    "is that of itself, frond.js stays away; with 1012 it comes back.\n";

struct order {
	const char *conn, *path, *user; /* who; the others are NULL */
	int code;
	const char *reason;
};

static const struct option options[] = {
	{ "path", required_argument, NULL, 'p' },
	{ "user", required_argument, NULL, 'u' },
	{ "code", required_argument, NULL, 'c' },
	{ "reason", required_argument, NULL, 'r' },
	{ NULL, 0, NULL, 0 },
};

static bool
parse_code(const char *text, int *ret)
{
	int64_t code;

	if (numeral_int(text, strlen(text), &code) == 0 && code >= 0 && code <= UINT16_MAX &&
	    closecode_may_be_sent((int)code)) {
		*ret = (int)code;
		return true;
	}
	fprintf(stderr, "tina4: --code %s: a server may send 1000 to 1003, 1007 to 1014 but 1010, and 3000 to 4999\n",
	    text);
	return false;
}

static bool
take_option(struct order *order, int option)
{
	switch (option) {
	case 'p':
		order->path = optarg;
		return true;
	case 'u':
		order->user = optarg;
		return true;
	case 'c':
		return parse_code(optarg, &order->code);
	case 'r':
		order->reason = optarg;
		return true;
	default: /* getopt_long() said why */
		return false;
	}
}

/* Exactly one of those who can be meant. */
static bool
parse(struct order *order, int argc, char **argv)
{
	int option;

	*order = (struct order){ .code = CLOSE_POLICY };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(order, option))
			return false;
	if (argc - optind == 1)
		order->conn = argv[optind];
	return argc - optind <= 1 && (order->conn != NULL) + (order->path != NULL) + (order->user != NULL) == 1;
}

static int
nobody(const char *who)
{
	fprintf(stderr, "tina4: %s: no such connection\n", who);
	return CLI_NOBODY;
}

/* What is wrong with who or with the reason. */
static int
failed(const struct tina4_app *app, const struct order *order, int error)
{
	if (error == -EINVAL && order->reason != NULL && strlen(order->reason) > WIRE_REASON_BYTES)
		fprintf(stderr, "tina4: --reason: at most %d bytes\n", WIRE_REASON_BYTES);
	else if (error == -EINVAL && order->conn != NULL)
		fprintf(stderr, "tina4: \"%s\": an id is 32 hexadecimal digits\n", order->conn);
	else if (error == -EINVAL && order->user != NULL)
		fprintf(stderr, "tina4: --user: a name is 1 to %d bytes of UTF-8 without control characters\n",
		    USERNAME_MAX_BYTES);
	else
		return cli_failed(app, order->path != NULL ? order->path : "", error);
	return CLI_USAGE;
}

static int
kick_conn(struct tina4_app *app, const struct order *order)
{
	struct wire_reply reply;
	int r = push_disconnect(app, order->conn, order->code, order->reason, &reply);

	if (r == -ENOENT)
		return nobody(order->conn);
	if (r < 0)
		return failed(app, order, r);
	if (reply.connections > 0)
		puts("closed 1 here");
	else
		printf("handed on to host %.8s\n", order->conn);
	return CLI_DONE;
}

/* How many there are elsewhere is only known before. */
static int
tell(const char *who, uint32_t before, const struct wire_reply *reply)
{
	if (before == 0 && reply->connections == 0)
		return nobody(who);
	printf("closed %u here", reply->connections);
	if (reply->relayed)
		printf(", handed on to other hosts, which had %u",
		    before > reply->connections ? before - reply->connections : 0);
	putchar('\n');
	return CLI_DONE;
}

static int
kick_path(struct tina4_app *app, const struct order *order)
{
	struct wire_reply reply;
	uint32_t before;
	int r = tina4_count(app, order->path, &before);

	if (r == 0)
		r = push_kick(app, order->path, order->code, order->reason, &reply);
	if (r < 0)
		return failed(app, order, r);
	return tell(order->path, before, &reply);
}

static int
kick_user(struct tina4_app *app, const struct order *order)
{
	struct wire_reply reply;
	uint32_t before;
	int r = tina4_user_count(app, order->user, &before);

	if (r == 0)
		r = user_close(app, order->user, order->code, order->reason, &reply);
	return r < 0 ? failed(app, order, r) : tell(order->user, before, &reply);
}

static int
kick(struct tina4_app *app, const struct order *order)
{
	if (order->path != NULL)
		return kick_path(app, order);
	return order->user != NULL ? kick_user(app, order) : kick_conn(app, order);
}

int
cli_kick(int argc, char **argv)
{
	struct order order;
	struct tina4_app *app;
	int status;

	if (!parse(&order, argc, argv))
		return cli_usage(usage);
	app = cli_app();
	if (app == NULL)
		return CLI_USAGE;
	status = kick(app, &order);
	tina4_app_free(app);
	return status;
}
