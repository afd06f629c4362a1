#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fcgi/cli/cli.h"
#include "fcgi/ws/push.h"
#include "fcgi/tina4.h"
#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/logfmt.h"

enum { INTERVAL_MS = 1000 }; /* that rates are taken over */

static const char usage[] = "status [--watch]\n";

/* What the sidecar said, and when. */
struct sample {
	struct buf text;
	int64_t at_ms;
};

/* --- what it said ------------------------------------------------------------------ */

/* Steps through the lines of a name. Returns the value, to the end of its line, or NULL. */
static const char *
next_value(const char **rest, const char *name, size_t *ret_len)
{
	size_t name_len = strlen(name);

	while (**rest != '\0') {
		const char *line = *rest;
		size_t len = strcspn(line, "\n");

		*rest = line + len + (line[len] == '\n');
		if (len > name_len && memcmp(line, name, name_len) == 0 && line[name_len] == '=') {
			*ret_len = len - name_len - 1;
			return line + name_len + 1;
		}
	}
	return NULL;
}

static const char *
text_of(const struct sample *sample)
{
	return (const char *)sample->text.data;
}

/* A figure; 0 when there is none of that name. */
static unsigned long long
figure(const struct sample *sample, const char *name)
{
	const char *rest = text_of(sample);
	size_t len;
	const char *value = next_value(&rest, name, &len);

	return value == NULL ? 0 : strtoull(value, NULL, 10);
}

static unsigned long long
rate(const struct sample *before, const struct sample *now, const char *name)
{
	unsigned long long grown = figure(now, name) - figure(before, name);
	int64_t ms = now->at_ms - before->at_ms;

	if (figure(now, name) < figure(before, name) || ms <= 0) /* it has been started anew */
		return 0;
	return (grown * 1000 + (unsigned long long)ms / 2) / (unsigned long long)ms;
}

/* --- how it looks --------------------------------------------------------------------- */

static void
print_figures(const struct sample *before, const struct sample *now)
{
	unsigned long long up = figure(now, "uptime_s");

	printf("up %llu days %02llu:%02llu:%02llu\n", up / 86400, up / 3600 % 24, up / 60 % 60, up % 60);
	printf("connections %llu on %llu paths, event streams among them %llu\n", figure(now, "connections"),
	    figure(now, "paths"), figure(now, "event_streams"));
	printf("workers %llu, other processes of apps %llu\n", figure(now, "workers"), figure(now, "apps"));
	printf("events waiting %llu, redelivered %llu; malformed messages %llu\n", figure(now, "events_waiting"),
	    figure(now, "events_redelivered"), figure(now, "malformed"));
	printf("per second: events %llu, pushes %llu, messages to clients %llu, deliveries %llu\n",
	    rate(before, now, "events"), rate(before, now, "pushes"), rate(before, now, "messages"),
	    rate(before, now, "deliveries"));
}

static void
print_relay(const struct sample *now)
{
	const char *rest = text_of(now);
	size_t len;

	if (next_value(&rest, "relay_up", &len) == NULL)
		return;
	printf("relay %s, other hosts %llu, bytes waiting %llu, refused %llu\n",
	    figure(now, "relay_up") ? "up" : "DOWN", figure(now, "relay_hosts"), figure(now, "relay_waiting_bytes"),
	    figure(now, "relay_refused"));
}

/* Prints the lines of a name as a table: so many columns of words, and what is left. */
static void
print_table(const struct sample *now, const char *name, int n_words, const char *head)
{
	const char *rest = text_of(now), *value;
	bool first = true;
	size_t len;

	while ((value = next_value(&rest, name, &len)) != NULL) {
		const char *end = value + len;
		char shown[1024];

		if (first)
			puts(head);
		first = false;
		for (int i = 0; i < n_words && value < end; i++) {
			size_t word = strcspn(value, " \n");

			printf("%11.*s ", (int)word, value);
			value += word + (value + word < end);
		}
		logfmt_escape(value, (size_t)(end - value), shown, sizeof(shown));
		puts(shown);
	}
}

static void
print(const struct sample *before, const struct sample *now)
{
	print_figures(before, now);
	print_relay(now);
	print_table(now, "worker", 3, "\n       owed       bytes      routes worker");
	print_table(now, "route", 3, "\nconnections     workers        kind route");
	print_table(now, "path", 1, "\nconnections largest paths");
	fflush(stdout);
}

/* --- asking ------------------------------------------------------------------------------ */

static int
take(struct tina4_app *app, struct sample *ret)
{
	int r;

	buf_clear(&ret->text);
	r = push_stats(app, &ret->text);
	ret->at_ms = clock_ms();
	if (r == 0 && buf_cstr(&ret->text) == NULL)
		r = -ENOMEM;
	return r;
}

static void
pause_ms(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* Prints once, or again and again. Returns 0 or a negative errno. */
static int
show(struct tina4_app *app, bool watch)
{
	struct sample samples[2] = { { BUF_INIT, 0 }, { BUF_INIT, 0 } };
	int r, now = 0;

	r = take(app, &samples[now]);
	do {
		pause_ms(r == 0 ? INTERVAL_MS : 0);
		now = !now;
		if (r == 0)
			r = take(app, &samples[now]);
		if (r == 0 && watch && isatty(STDOUT_FILENO))
			fputs("\033[H\033[J", stdout); /* ECMA-48: home, and clear what follows */
		if (r == 0)
			print(&samples[!now], &samples[now]);
	} while (r == 0 && watch);
	buf_free(&samples[0].text);
	buf_free(&samples[1].text);
	return r;
}

int
cli_status(int argc, char **argv)
{
	bool watch = argc == 2 && strcmp(argv[1], "--watch") == 0;
	struct tina4_app *app;
	int r;

	if (argc > 1 + watch)
		return cli_usage(usage);
	app = cli_app();
	if (app == NULL)
		return CLI_USAGE;
	r = show(app, watch);
	if (r < 0)
		r = cli_failed(app, "", r);
	tina4_app_free(app);
	return r;
}
