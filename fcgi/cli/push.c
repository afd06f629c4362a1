#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/cli/cli.h"
#include "fcgi/tina4.h"
#include "shared/buf.h"
#include "shared/wire.h"

static const char usage[] = "push [--binary] [--id ID] [--quiet] [--timeout MS] PATH | --user USER [DATA]\n"
			    "Without DATA, or with -, the data is what comes on standard input.\n"
			    "Prints the receipt as JSON. With --id, 32 hexadecimal digits, a retry of what\n"
			    "may have been sent before is applied once.\n";

static const struct option options[] = {
	{ "binary", no_argument, NULL, 'b' },
	{ "id", required_argument, NULL, 'i' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "timeout", required_argument, NULL, 't' },
	{ "user", required_argument, NULL, 'u' },
	{ NULL, 0, NULL, 0 },
};

struct order {
	struct tina4_push_options options;
	bool quiet;
	const char *path, *user; /* the other is NULL */
	const char *data;        /* NULL: standard input */
};

/* Returns false for what is no number of milliseconds that a push may wait. */
static bool
parse_timeout(const char *text, int *ret)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0' || value < 1 || value > WIRE_MAX_DEADLINE_MS)
		return false;
	*ret = (int)value;
	return true;
}

static bool
parse_id(const char *text)
{
	struct wire_id id;

	return wire_id_parse(text, &id) == 0;
}

/* A path unless it is for a user, and maybe the data. */
static bool
take_rest(struct order *order, int n, char **words)
{
	if (order->user == NULL && n > 0) {
		order->path = *words++;
		n--;
	}
	if ((order->path == NULL && order->user == NULL) || n > 1)
		return false;
	order->data = n == 1 && strcmp(words[0], "-") != 0 ? words[0] : NULL;
	return true;
}

static bool
parse(int argc, char **argv, struct order *ret)
{
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (option) {
		case 'b':
			ret->options.flags = TINA4_BINARY;
			break;
		case 'i':
			ret->options.id = optarg;
			if (!parse_id(optarg))
				return false;
			break;
		case 'q':
			ret->quiet = true;
			break;
		case 't':
			if (!parse_timeout(optarg, &ret->options.timeout_ms))
				return false;
			break;
		case 'u':
			ret->user = optarg;
			break;
		default: /* getopt_long() said why */
			return false;
		}
	}
	return take_rest(ret, argc - optind, argv + optind);
}

/* Appends all that comes, up to what no message may have. Returns 0 or a negative errno. */
static int
read_input(struct buf *ret)
{
	enum { CHUNK = 65536 };
	ssize_t n;

	do {
		if (ret->len > WIRE_MAX_RECORD_BYTES)
			return -EMSGSIZE;
		if (buf_reserve(ret, CHUNK) < 0)
			return -ENOMEM;
		n = read(STDIN_FILENO, ret->data + ret->len, CHUNK);
		if (n > 0)
			ret->len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static void
print_receipt(const struct tina4_receipt *receipt)
{
	printf("{\"id\":\"%s\",\"connections\":%u,\"relayed\":%s,\"epoch\":\"%016llx\",\"offset\":%llu", receipt->id,
	    receipt->connections, receipt->relayed ? "true" : "false", (unsigned long long)receipt->epoch,
	    (unsigned long long)receipt->offset);
	if (receipt->position[0] != '\0')
		printf(",\"position\":\"%s\"", receipt->position);
	puts("}");
}

/* What is not known can be tried again with the id. */
static int
failed(const struct tina4_app *app, const struct order *order, const struct tina4_receipt *receipt, int error)
{
	int status = cli_failed(app, order->user != NULL ? order->user : order->path, error);

	if (status == CLI_NO_ANSWER)
		fprintf(stderr, "tina4: it may have been sent; to try again: --id %s\n", receipt->id);
	return status;
}

static int
send(struct tina4_app *app, const struct order *order, const struct buf *data, struct tina4_receipt *ret)
{
	if (order->user != NULL)
		return tina4_user_push(app, order->user, data->data, data->len, &order->options, ret);
	return tina4_push(app, order->path, data->data, data->len, &order->options, ret);
}

static int
push(struct tina4_app *app, const struct order *order)
{
	struct tina4_receipt receipt = { 0 };
	struct buf input = BUF_INIT;
	int r = 0, status = CLI_DONE;

	if (order->data != NULL)
		buf_string(&input, order->data);
	else
		r = read_input(&input);
	if (r == 0 && input.failed)
		r = -ENOMEM;
	if (r == 0)
		r = send(app, order, &input, &receipt);
	if (r < 0)
		status = failed(app, order, &receipt, r);
	else if (!order->quiet)
		print_receipt(&receipt);
	buf_free(&input);
	return status;
}

int
cli_push(int argc, char **argv)
{
	struct order order = { 0 };
	struct tina4_app *app;
	int status;

	if (!parse(argc, argv, &order))
		return cli_usage(usage);
	app = cli_app();
	if (app == NULL)
		return CLI_USAGE;
	status = push(app, &order);
	tina4_app_free(app);
	return status;
}
