#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fcgi/cli/cli.h"
#include "fcgi/tina4.h"
#include "fcgi/ws/push.h"
#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/connjson.h"
#include "shared/logfmt.h"
#include "shared/wire.h"

enum {
	AGE_BYTES = 32,
	SHOWN_BYTES = 4 * 1024 + 1, /* a path whose bytes are all escaped */
};

static const char usage[] = "conns [--path PATH] [--user USER] [--host HOST] [--json]\n"
			    "Prints who is connected, on all hosts, a line each; with --json each is an\n"
			    "object. HOST is the first eight digits of a connection's id.\n";

struct order {
	const char *path, *user, *host; /* "" for any */
	bool json;
	bool incomplete; /* a host did not answer */
};

static const struct option options[] = {
	{ "path", required_argument, NULL, 'p' },
	{ "user", required_argument, NULL, 'u' },
	{ "host", required_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

static bool
parse(struct order *order, int argc, char **argv)
{
	int option;

	*order = (struct order){ "", "", "", false, false };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			order->path = optarg;
			break;
		case 'u':
			order->user = optarg;
			break;
		case 'h':
			order->host = optarg;
			break;
		case 'j':
			order->json = true;
			break;
		default: /* getopt_long() said why */
			return false;
		}
	}
	return optind == argc;
}

/* --- printing -------------------------------------------------------------------------- */

/* In its two largest units: "3d04h", "2h05m", "4m10s", "9s". */
static void
format_age(uint64_t ms, char ret[static AGE_BYTES])
{
	unsigned long long s = ms / 1000;

	if (s >= 86400)
		snprintf(ret, AGE_BYTES, "%llud%02lluh", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		snprintf(ret, AGE_BYTES, "%lluh%02llum", s / 3600, s / 60 % 60);
	else if (s >= 60)
		snprintf(ret, AGE_BYTES, "%llum%02llus", s / 60, s % 60);
	else
		snprintf(ret, AGE_BYTES, "%llus", s);
}

/* What a client has chosen cannot forge a line; "-" for nothing. */
static const char *
shown(struct span text, char ret[static SHOWN_BYTES])
{
	if (text.len == 0)
		return "-";
	logfmt_escape(text.data, text.len, ret, SHOWN_BYTES);
	return ret;
}

static void
print_row(const struct wire_conn *conn)
{
	uint64_t now_ms = clock_unix_ms();
	time_t since = (time_t)(conn->since_ms / 1000);
	char id[WIRE_ID_HEX], at[32], age[AGE_BYTES], ip[SHOWN_BYTES], user[SHOWN_BYTES], path[SHOWN_BYTES];
	struct tm tm;

	wire_id_format(&conn->id, id);
	format_age(now_ms > conn->since_ms ? now_ms - conn->since_ms : 0, age);
	if (gmtime_r(&since, &tm) == NULL || strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(at, "-");
	printf("%s %.8s %s %6s %8" PRIu64 " %8" PRIu64 " %-15s %-12s %s\n", id, id, at, age, conn->queued,
	    conn->messages, shown(conn->ip, ip), shown(conn->user, user), shown(conn->path, path));
}

static void
print_head(void)
{
	printf("%-32s %-8s %-20s %6s %8s %8s %-15s %-12s %s\n", "connection", "host", "since", "age", "queued",
	    "messages", "address", "user", "path");
}

/* Returns 0 or -ENOMEM. */
static int
print_object(const struct wire_conn *conn)
{
	struct buf line = BUF_INIT;
	int r;

	connjson_put(&line, conn);
	buf_u8(&line, '\n');
	r = line.failed ? -ENOMEM : 0;
	fwrite(line.data, 1, line.len, stdout);
	buf_free(&line);
	return r;
}

static void
print_absent(struct order *order, uint32_t host)
{
	order->incomplete = true;
	fprintf(stderr, "tina4: host %08x does not answer: its connections are missing here\n", host);
	if (order->json)
		printf("{\"host\":\"%08x\",\"answered\":false}\n", host);
}

/* Returns 0 or a negative errno. */
static int
print_page(struct order *order, const struct wire_conns *page)
{
	struct wire_reader conns = page->conns;
	struct wire_conn conn;
	int r;

	if (!page->answered)
		print_absent(order, page->host);
	while ((r = wire_get_conn(&conns, &conn)) > 0) {
		if (!order->json)
			print_row(&conn);
		else if (print_object(&conn) < 0)
			return -ENOMEM;
	}
	return r == 0 && fflush(stdout) != 0 ? -EPIPE : r;
}

/* --- asking ------------------------------------------------------------------------------ */

/* What the sidecar says is wrong with the question. */
static void
print_refusal(struct buf *text)
{
	const char *why = buf_cstr(text);

	fprintf(stderr, "tina4: %s\n", why != NULL && why[0] != '\0' ? why : tina4_strerror(-EINVAL));
}

/* Prints a page, and replaces the cursor by that of the next one. Returns 0 or a negative errno. */
static int
show_page(struct tina4_app *app, struct order *order, struct buf *cursor)
{
	const struct wire_conns_asked asked = {
		.cursor = span_of_buf(cursor), .host = span_of(order->host), .user = span_of(order->user)
	};
	struct buf text = BUF_INIT;
	struct wire_conns page;
	int r = push_conns(app, order->path, &asked, &text);

	if (r == -EINVAL)
		print_refusal(&text);
	if (r == 0)
		r = wire_get_conns(span_of_buf(&text), &page);
	if (r == 0)
		r = print_page(order, &page);
	if (r == 0) {
		buf_clear(cursor);
		buf_bytes(cursor, page.cursor.data, page.cursor.len);
		r = cursor->failed ? -ENOMEM : 0;
	}
	buf_free(&text);
	return r;
}

static int
show(struct tina4_app *app, struct order *order)
{
	struct buf cursor = BUF_INIT;
	int r;

	if (!order->json)
		print_head();
	do
		r = show_page(app, order, &cursor);
	while (r == 0 && cursor.len > 0);
	buf_free(&cursor);
	return r;
}

int
cli_conns(int argc, char **argv)
{
	struct order order;
	struct tina4_app *app;
	int r;

	if (!parse(&order, argc, argv))
		return cli_usage(usage);
	app = cli_app();
	if (app == NULL)
		return CLI_USAGE;
	r = show(app, &order);
	if (r == 0)
		r = order.incomplete ? CLI_NO_ANSWER : CLI_DONE;
	else if (r == -EINVAL)
		r = CLI_USAGE;
	else if (r == -EPIPE)
		r = CLI_DONE; /* who read has seen enough */
	else
		r = cli_failed(app, "", r);
	tina4_app_free(app);
	return r;
}
