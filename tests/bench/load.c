/*
 * load - makes WebSocket traffic, and counts what it costs the server.
 *
 *     load fanout PORT    what one client says reaches all in its room
 *     load echo PORT      every client gets back what it says
 *     load connect PORT   clients only connect
 *
 * Each measurement is a line of JSON. The exit status is 1 when anything was
 * missing, doubled, out of order, damaged, closed or refused.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bench/crowd.h"
#include "tests/bench/ledger.h"
#include "tests/bench/letter.h"
#include "tests/bench/usage.h"

enum { LIST_MAX = 32 };

static const char usage[] =
    "usage: load fanout|echo|connect PORT [options]\n"
    "    --conns N          clients (100)\n"
    "    --path PATH        %d in it is the client's room (/)\n"
    "    --deflate          clients insist on permessage-deflate\n"
    "    --pids P[,P...]    processes of the server, whose CPU time and memory are reported\n"
    "fanout and echo:\n"
    "    --window W[,W...]  messages on their way in a room, at most 64 (1)\n"
    "    --size S[,S...]    bytes of a message (128); each size is measured with each window\n"
    "    --seconds T        of each measurement (1)\n"
    "    --patience T       give up when nothing has come for T seconds (5)\n"
    "fanout:\n"
    "    --rooms R          client i is in room i modulo R (1); the first one of each publishes\n"
    "    --publisher-path P one more client publishes, and is on this path\n"
    "    --publisher CMD    this command does: it reads lines of room, space, message\n"
    "connect:\n"
    "    --subprotocols S   that clients offer\n"
    "    --missed N         messages that each gets when it comes (0)\n"
    "    --step N           report after each N clients (all)\n"
    "    --hold T           then keep them for T seconds (0)\n";

struct list {
	unsigned n;
	unsigned items[LIST_MAX];
};

static struct {
	bool echo;
	unsigned port, conns, rooms, step, missed;
	double seconds, patience, hold;
	const char *path, *publisher, *publisher_path;
	struct list windows, sizes, pids;
} opt = {
	.conns = 100,
	.rooms = 1,
	.seconds = 1,
	.patience = 5,
	.path = "/",
	.windows = { 1, { 1 } },
	.sizes = { 1, { 128 } },
};

/* A message on its way. */
struct flight {
	uint64_t since;
	unsigned to_go; /* deliveries */
};

struct room {
	unsigned members;
	uint64_t published; /* the number of the next message */
	bool ready;         /* is in the list of those that may publish */
	struct flight flights[LEDGER_WINDOW];
};

static struct crowd crowd;
static struct letter letter;
static struct ledger *ledgers; /* of each client */
static unsigned *caught_up;    /* how many each client has got of what it had missed */
static struct room *rooms;
static unsigned *ready, n_ready;
static unsigned window;
static FILE *publisher;
static bool publishing, measuring;
static uint64_t on_their_way; /* deliveries */
static uint64_t progress;     /* when the last one came */

static struct {
	uint64_t deliveries, doubled, reordered, damaged, foreign;
	struct histogram latencies;
} seen;

/* --- fan-out and echo ----------------------------------------------------------- */

static unsigned
room_of(unsigned client)
{
	return client % opt.rooms;
}

static unsigned
publisher_of(unsigned room)
{
	return opt.publisher_path != NULL ? opt.conns : room;
}

static void
write_path(unsigned client, char *ret, size_t size)
{
	const char *path = client == opt.conns ? opt.publisher_path : opt.path, *room = strstr(path, "%d");

	if (room == NULL)
		snprintf(ret, size, "%s", path);
	else
		snprintf(ret, size, "%.*s%u%s", (int)(room - path), path, room_of(client), room + 2);
}

static void
publish(unsigned i)
{
	struct room *room = &rooms[i];
	uint64_t number = room->published++;
	struct flight *flight = &room->flights[number % window];

	letter_stamp(&letter, i, number);
	flight->since = crowd_now();
	flight->to_go = room->members;
	on_their_way += room->members;
	if (publisher != NULL)
		fprintf(publisher, "%u %.*s\n", i, (int)letter.size, letter.text);
	else
		crowd_put(&crowd, publisher_of(i), letter.text, letter.size);
}

/* Fills the windows of the rooms that have space in them. */
static void
publish_ready(void)
{
	while (n_ready > 0) {
		unsigned i = ready[--n_ready];

		rooms[i].ready = false;
		while (publishing && rooms[i].flights[rooms[i].published % window].to_go == 0)
			publish(i);
		if (publisher == NULL)
			crowd_flush(&crowd, publisher_of(i));
	}
	if (publisher != NULL)
		fflush(publisher);
}

static void
make_ready(unsigned i)
{
	if (rooms[i].ready)
		return;
	rooms[i].ready = true;
	ready[n_ready++] = i;
}

static void
arrived(unsigned i, uint64_t number, uint64_t now)
{
	struct flight *flight = &rooms[i].flights[number % window];

	progress = now;
	on_their_way--;
	if (measuring) {
		seen.deliveries++;
		histogram_add(&seen.latencies, now - flight->since);
	}
	if (--flight->to_go > 0)
		return;
	if (opt.echo && publishing && rooms[i].flights[rooms[i].published % window].to_go == 0)
		publish(i); /* crowd flushes after what one read has brought */
	else
		make_ready(i);
}

static void
on_message(unsigned client, const uint8_t *data, size_t len, uint64_t now)
{
	uint64_t origin, number;

	if (client == opt.conns)
		return; /* what servers tell the publisher */
	switch (letter_check(&letter, data, len, &origin, &number)) {
	case LETTER_FOREIGN:
		seen.foreign++;
		return;
	case LETTER_DAMAGED:
		seen.damaged++;
		return;
	case LETTER_OURS:
		break;
	}
	if (origin != room_of(client) || number >= rooms[origin].published) {
		seen.damaged++;
		return;
	}
	switch (ledger_book(&ledgers[client], number)) {
	case LEDGER_AGAIN:
		seen.doubled++;
		return;
	case LEDGER_LATE:
		seen.reordered++;
		break;
	case LEDGER_IN_ORDER:
	case LEDGER_SKIPPED:
		break;
	}
	arrived((unsigned)origin, number, now);
}

/* Publishes for a while and waits for what is on its way. Returns false when something never came. */
static bool
run(double seconds)
{
	const uint64_t patience = (uint64_t)(opt.patience * 1e9);
	uint64_t end = crowd_now() + (uint64_t)(seconds * 1e9), now;

	progress = crowd_now();
	publishing = true;
	for (unsigned i = 0; i < opt.rooms; i++)
		make_ready(i);
	while (publishing || on_their_way > 0) {
		publish_ready();
		crowd_poll(&crowd, 50);
		now = crowd_now();
		publishing = now < end;
		if (now > progress + patience)
			return false;
	}
	return true;
}

/* --- reports ---------------------------------------------------------------------- */

struct cost {
	uint64_t begun;
	uint64_t server[LIST_MAX]; /* CPU time, ns */
	uint64_t own;
};

static void
read_cost(struct cost *ret)
{
	for (unsigned i = 0; i < opt.pids.n; i++)
		ret->server[i] = usage_cpu_ns((pid_t)opt.pids.items[i]);
	ret->own = usage_cpu_ns(getpid());
	ret->begun = crowd_now();
}

/* What has been used since. */
static void
print_cost(const struct cost *since)
{
	struct cost now;

	read_cost(&now);
	printf("\"seconds\":%.6f,\"client_cpu_ns\":%" PRIu64 ",\"cpu_ns\":[", (double)(now.begun - since->begun) / 1e9,
	    now.own - since->own);
	for (unsigned i = 0; i < opt.pids.n; i++)
		printf("%s%" PRIu64, i > 0 ? "," : "", now.server[i] - since->server[i]);
	printf("],");
}

static void
print_latencies(const struct histogram *histogram)
{
	printf("\"p50_us\":%.1f,\"p99_us\":%.1f,", histogram_us(histogram, 0.5), histogram_us(histogram, 0.99));
}

static void
print_memory(const char *name)
{
	printf("\"%s\":[", name);
	for (unsigned i = 0; i < opt.pids.n; i++)
		printf("%s%" PRIu64, i > 0 ? "," : "", usage_rss_kib((pid_t)opt.pids.items[i]));
	printf("],");
}

/* Ends the line. Returns whether nothing was wrong. */
static bool
print_faults(uint64_t missing)
{
	unsigned closed = crowd.closed + crowd.broken;

	printf("\"missing\":%" PRIu64 ",\"doubled\":%" PRIu64 ",\"reordered\":%" PRIu64 ",\"damaged\":%" PRIu64
	       ",\"foreign\":%" PRIu64 ",\"closed\":%u,\"refused\":%u}\n",
	    missing, seen.doubled, seen.reordered, seen.damaged, seen.foreign, closed, crowd.refused);
	fflush(stdout);
	return missing + seen.doubled + seen.reordered + seen.damaged + closed + crowd.refused == 0;
}

/* --- the modes ----------------------------------------------------------------------- */

static bool
measure(unsigned size)
{
	struct cost cost;
	bool fine;

	letter_init(&letter, size, (unsigned)getpid());
	memset(&seen, 0, sizeof(seen));
	fine = run(opt.seconds / 5); /* warms up */
	read_cost(&cost);
	measuring = true;
	fine = fine && run(opt.seconds);
	measuring = false;
	printf("{\"conns\":%u,\"rooms\":%u,\"window\":%u,\"size\":%u,\"deliveries\":%" PRIu64 ",", opt.conns, opt.rooms,
	    window, size, seen.deliveries);
	print_cost(&cost);
	print_latencies(&seen.latencies);
	return print_faults(on_their_way) && fine;
}

static bool
run_messages(void)
{
	bool fine = true;

	ledgers = calloc(opt.conns, sizeof(*ledgers));
	rooms = calloc(opt.rooms, sizeof(*rooms));
	ready = calloc(opt.rooms, sizeof(*ready));
	if (ledgers == NULL || rooms == NULL || ready == NULL)
		return false;
	for (unsigned i = 0; i < opt.conns; i++)
		rooms[room_of(i)].members++;
	if (opt.publisher != NULL)
		publisher = popen(opt.publisher, "w");
	crowd_open(&crowd, 0, opt.conns + (opt.publisher_path != NULL));
	crowd_rest(&crowd, 0.2); /* until the server has settled, and the publisher is there */
	for (unsigned s = 0; fine && s < opt.sizes.n; s++)
		for (unsigned w = 0; fine && w < opt.windows.n; w++) {
			window = opt.windows.items[w];
			fine = measure(opt.sizes.items[s]);
		}
	if (publisher != NULL && pclose(publisher) != 0)
		fine = false;
	return fine;
}

static void
on_missed(unsigned client, const uint8_t *data, size_t len, uint64_t now)
{
	if (len > 0 && data[0] == 0)
		return; /* frond.1 */
	if (++caught_up[client] > opt.missed)
		seen.doubled++;
	else
		seen.deliveries++;
	progress = now;
}

/* Waits until clients have got what they had missed. Returns how many messages never came. */
static uint64_t
catch_up(unsigned clients)
{
	uint64_t expected = (uint64_t)clients * opt.missed;

	progress = crowd_now();
	while (seen.deliveries < expected && crowd_now() < progress + (uint64_t)(opt.patience * 1e9))
		crowd_poll(&crowd, 50);
	crowd_rest(&crowd, 0.2); /* until the server is done with them */
	return expected - seen.deliveries;
}

static bool
run_connect(void)
{
	struct cost cost;
	uint64_t missing;
	bool fine = true;

	crowd.on_message = on_missed;
	caught_up = calloc(opt.conns, sizeof(*caught_up));
	if (caught_up == NULL)
		return false;
	for (unsigned n = 0; fine && n < opt.conns; n += opt.step) {
		unsigned to = n + opt.step < opt.conns ? n + opt.step : opt.conns;

		memset(&crowd.handshakes, 0, sizeof(crowd.handshakes));
		printf("{\"from\":%u,\"to\":%u,", n, to);
		print_memory("rss_before_kib");
		read_cost(&cost);
		crowd_open(&crowd, n, to);
		missing = catch_up(to);
		print_cost(&cost);
		print_memory("rss_kib");
		print_latencies(&crowd.handshakes);
		fine = print_faults(missing);
	}
	if (fine && opt.hold > 0) {
		printf("{\"held\":%u,", opt.conns);
		read_cost(&cost);
		crowd_rest(&crowd, opt.hold);
		print_cost(&cost);
		fine = print_faults(0);
	}
	return fine;
}

/* --- the command line ------------------------------------------------------------------ */

static void complain(const char *what) __attribute__((noreturn));

static void
complain(const char *what)
{
	fprintf(stderr, "load: %s\n%s", what, usage);
	exit(2);
}

static struct list
parse_list(char *text)
{
	struct list list = { 0 };

	for (char *item = strtok(text, ","); item != NULL && list.n < LIST_MAX; item = strtok(NULL, ","))
		list.items[list.n++] = (unsigned)strtoul(item, NULL, 10);
	return list;
}

static void
parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "conns", required_argument, NULL, 'n' },
		{ "path", required_argument, NULL, 'p' },
		{ "deflate", no_argument, NULL, 'z' },
		{ "pids", required_argument, NULL, 'P' },
		{ "window", required_argument, NULL, 'w' },
		{ "size", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "patience", required_argument, NULL, 'T' },
		{ "rooms", required_argument, NULL, 'r' },
		{ "publisher-path", required_argument, NULL, 'u' },
		{ "publisher", required_argument, NULL, 'c' },
		{ "subprotocols", required_argument, NULL, 'o' },
		{ "missed", required_argument, NULL, 'm' },
		{ "step", required_argument, NULL, 'S' },
		{ "hold", required_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			opt.conns = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			opt.path = optarg;
			break;
		case 'z':
			crowd.deflate = true;
			break;
		case 'P':
			opt.pids = parse_list(optarg);
			break;
		case 'w':
			opt.windows = parse_list(optarg);
			break;
		case 's':
			opt.sizes = parse_list(optarg);
			break;
		case 't':
			opt.seconds = strtod(optarg, NULL);
			break;
		case 'T':
			opt.patience = strtod(optarg, NULL);
			break;
		case 'r':
			opt.rooms = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'u':
			opt.publisher_path = optarg;
			break;
		case 'c':
			opt.publisher = optarg;
			break;
		case 'o':
			snprintf(crowd.headers, sizeof(crowd.headers), "Sec-WebSocket-Protocol: %s\r\n", optarg);
			break;
		case 'm':
			opt.missed = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'S':
			opt.step = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'h':
			opt.hold = strtod(optarg, NULL);
			break;
		default:
			complain("an option is wrong");
		}
	}
	opt.port = argc - optind == 2 ? (unsigned)strtoul(argv[optind + 1], NULL, 10) : 0;
	if (opt.port == 0 || opt.port > UINT16_MAX)
		complain("a mode and a port are needed");
	if (opt.step == 0)
		opt.step = opt.conns;
	if (opt.conns == 0 || opt.rooms == 0 || opt.rooms > opt.conns)
		complain("there must be a client for each room");
	for (unsigned i = 0; i < opt.windows.n; i++)
		if (opt.windows.items[i] == 0 || opt.windows.items[i] > LEDGER_WINDOW)
			complain("a window is out of range");
	for (unsigned i = 0; i < opt.sizes.n; i++)
		if (opt.sizes.items[i] < LETTER_MIN || opt.sizes.items[i] > LETTER_MAX)
			complain("a size is out of range");
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	const char *mode;
	bool fine;

	parse_options(argc, argv);
	mode = argv[optind];
	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);

	crowd.write_path = write_path;
	crowd.on_message = on_message;
	crowd_init(&crowd, opt.conns + 1, opt.port);
	if (strcmp(mode, "echo") == 0) {
		opt.echo = true;
		opt.rooms = opt.conns;
		fine = run_messages();
	} else if (strcmp(mode, "fanout") == 0) {
		fine = run_messages();
	} else if (strcmp(mode, "connect") == 0) {
		fine = run_connect();
	} else {
		complain("there is no such mode");
	}
	if (!fine && crowd.complaint[0] != '\0')
		fprintf(stderr, "load: %s\n", crowd.complaint);
	return fine ? 0 : 1;
}
