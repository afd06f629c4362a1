#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fcgi/cli/cli.h"
#include "fcgi/tina4.h"
#include "shared/buf.h"
#include "shared/jsonput.h"
#include "shared/numeral.h"

enum { FOLLOW_MS = 200 }; /* between two questions */

static const char usage[] = "history [--last N] [--since POSITION] [--follow] [--json] PATH\n"
			    "Prints the messages that are kept of a path, a line each. With --json each is an\n"
			    "object, and the last line the position behind them.\n";

struct order {
	const char *path;
	const char *since; /* or NULL */
	uint32_t last;
	bool follow, json;
};

static const struct option options[] = {
	{ "last", required_argument, NULL, 'l' },
	{ "since", required_argument, NULL, 's' },
	{ "follow", no_argument, NULL, 'f' },
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

static bool
take_option(struct order *order, int option)
{
	int64_t last;

	switch (option) {
	case 'l':
		if (numeral_int(optarg, strlen(optarg), &last) < 0 || last < 0 || last > UINT32_MAX)
			return false;
		order->last = (uint32_t)last;
		return true;
	case 's':
		order->since = optarg;
		return true;
	case 'f':
		return order->follow = true;
	case 'j':
		return order->json = true;
	default:
		return false;
	}
}

static bool
parse(struct order *order, int argc, char **argv)
{
	int option;

	*order = (struct order){ .last = UINT32_MAX };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(order, option))
			return false;
	order->path = argv[optind];
	return argc - optind == 1;
}

/* --- printing -------------------------------------------------------------------------- */

static void
put_line(const struct tina4_history_message *message, struct buf *line)
{
	const struct span data = { message->data, message->len };

	buf_printf(line, "{\"position\":\"%s\",\"time_ms\":%" PRId64 ",", message->position, message->time_ms);
	jsonput_name(line, message->binary ? "base64" : "text");
	if (message->binary)
		jsonput_base64(line, data);
	else
		jsonput_string(line, data);
	buf_string(line, "}\n");
}

/* Returns 0 or -ENOMEM. */
static int
print_message(const struct order *order, const struct tina4_history_message *message)
{
	struct buf line = BUF_INIT;
	int r;

	if (order->json) {
		put_line(message, &line);
	} else {
		buf_bytes(&line, message->data, message->len);
		buf_u8(&line, '\n');
	}
	r = line.failed ? -ENOMEM : 0;
	fwrite(line.data, 1, line.len, stdout);
	buf_free(&line);
	return r;
}

static int
print(const struct order *order, const struct tina4_history *history)
{
	const struct tina4_history_message *message;
	int r = 0;

	if (!tina4_history_is_whole(history) && order->since != NULL)
		fputs(
		    "tina4: messages are missing here: they are kept no more, or there are more than --last\n", stderr);
	for (size_t i = 0; r == 0 && (message = tina4_history_at(history, i)) != NULL; i++)
		r = print_message(order, message);
	if (order->json && !order->follow)
		printf("{\"position\":\"%s\"}\n", tina4_history_position(history));
	return r == 0 && fflush(stdout) != 0 ? -EPIPE : r;
}

/* --- asking ------------------------------------------------------------------------------ */

static int
ask(struct tina4_app *app, const struct order *order, char **ret_position)
{
	struct tina4_history *history;
	int r = tina4_history(app, order->path, order->last, order->since, &history);

	if (r < 0)
		return r;
	r = print(order, history);
	*ret_position = strdup(tina4_history_position(history));
	tina4_history_free(history);
	return *ret_position == NULL ? -ENOMEM : r;
}

/* A sidecar that restarts is waited for. */
static int
follow(struct tina4_app *app, struct order *order)
{
	const struct timespec pause = { 0, FOLLOW_MS * 1000000L };
	char *position = NULL, *next = NULL;
	int r = ask(app, order, &position);

	order->last = UINT32_MAX;
	while (r == 0 || r == -ENOTCONN || r == -ETIMEDOUT || r == -EAGAIN) {
		if (next != NULL) {
			free(position);
			position = next;
			next = NULL;
		}
		if (position != NULL)
			order->since = position;
		nanosleep(&pause, NULL);
		r = ask(app, order, &next);
	}
	free(position);
	free(next);
	return r;
}

int
cli_history(int argc, char **argv)
{
	struct order order;
	struct tina4_app *app;
	char *position = NULL;
	int r;

	if (!parse(&order, argc, argv))
		return cli_usage(usage);
	app = cli_app();
	if (app == NULL)
		return CLI_USAGE;
	r = order.follow ? follow(app, &order) : ask(app, &order, &position);
	free(position);
	if (r == -EINVAL && order.path[0] == '/') {
		fprintf(stderr, "tina4: %s: its route keeps nothing, or --since is no position\n", order.path);
		r = CLI_USAGE;
	} else if (r == -EPIPE) {
		r = CLI_DONE; /* who read has seen enough */
	} else if (r < 0) {
		r = cli_failed(app, order.path, r);
	}
	tina4_app_free(app);
	return r;
}
