#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "sidecar/feed/known.h"
#include "sidecar/hub/statefile.h"
#include "tests/tap.h"

enum { ROUNDS = 2000 };

static char folder[] = "/tmp/test_known.XXXXXX";
static char bus[64], file[72], aside[80];

static struct route *
announce(struct routes *routes, const char *name)
{
	struct wire_route announced = { .pattern = span_of("/a") };
	char pattern[ROUTES_MAX_NAME + 2];
	struct route_app *app = NULL;
	struct route *route = NULL;
	const char *why = NULL;

	snprintf(pattern, sizeof(pattern), "/%s", name);
	announced.pattern = span_of(pattern);
	if (routes_app(routes, span_of(name), &app) < 0 || routes_add(routes, app, &announced, &route, &why) < 0)
		abort();
	routes_arrived(routes, app);
	return route;
}

/* The awaited apps, in their order, each with a blank behind it. */
static bool
awaits(const struct routes *routes, const char *names)
{
	const struct route_awaited *awaited;
	struct buf buf = BUF_INIT;
	bool same;

	DL_FOREACH(routes->awaited, awaited)
		buf_printf(&buf, "%s ", awaited->name);
	same = span_is(span_of_buf(&buf), names);
	if (!same)
		printf("# awaited: %s\n", buf.len > 0 ? buf_cstr(&buf) : "nobody");
	buf_free(&buf);
	return same;
}

/* --- bytes ------------------------------------------------------------------------------ */

static void
what_is_put_is_taken(void)
{
	struct routes routes = { 0 }, later = { 0 };
	struct route_app *app;
	struct buf bytes = BUF_INIT, again = BUF_INIT;

	announce(&routes, "shop");
	announce(&routes, "TINA4_WS_ROUTES")->app->of_settings = true;
	announce(&routes, "chat");
	routes_app(&routes, span_of("silent"), &app);
	routes_await(&routes, span_of("desk\ntop"));
	routes_await(&routes, span_of("chat"));
	known_put(&routes, &bytes);
	OK(strncmp(buf_cstr(&bytes), "tina4-apps 1 ", 13) == 0, "it begins with its version");
	OK(known_take(&later, span_of_buf(&bytes)) == 0 && awaits(&later, "chat desk\ntop shop "),
	    "apps with routes and awaited ones are in it once, and those of the settings are not");
	known_put(&later, &again);
	OK(span_equal(span_of_buf(&bytes), span_of_buf(&again)), "the same apps are the same bytes");
	buf_free(&again);
	buf_free(&bytes);
	routes_close(&later);
	routes_close(&routes);
}

static void
nobody_is_a_file_too(void)
{
	struct routes routes = { 0 };
	struct buf bytes = BUF_INIT;

	known_put(&routes, &bytes);
	OK(known_take(&routes, span_of_buf(&bytes)) == 0 && routes.awaited == NULL, "no apps are a file too");
	OK(known_take(&routes, SPAN_EMPTY) == -EBADMSG, "no bytes are none");
	buf_free(&bytes);
}

static void
it_has_a_bound(void)
{
	struct routes routes = { 0 }, later = { 0 };
	struct buf bytes = BUF_INIT;
	char name[ROUTES_MAX_NAME + 1];
	int n = 0;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < ROUTES_MAX_APPS; i++) {
		name[0] = (char)('!' + i);
		routes_await(&routes, span_of(name));
	}
	announce(&routes, "shop");
	known_put(&routes, &bytes);
	OK(bytes.len <= KNOWN_MAX_BYTES && known_take(&later, span_of_buf(&bytes)) == 0,
	    "as many apps as there can be, with the longest names, fit");
	for (const struct route_awaited *awaited = later.awaited; awaited != NULL; awaited = awaited->next)
		n += strcmp(awaited->name, "shop") == 0;
	OK(n == 1, "of more the present ones are kept");
	buf_free(&bytes);
	routes_close(&later);
	routes_close(&routes);
}

static bool
is_refused(struct span names)
{
	struct routes routes = { 0 };
	struct buf bytes = BUF_INIT;
	bool refused;

	statefile_put_head(&bytes, "tina4-apps", names);
	buf_bytes(&bytes, names.data, names.len);
	refused = known_take(&routes, span_of_buf(&bytes)) == -EBADMSG && routes.awaited == NULL;
	buf_free(&bytes);
	routes_close(&routes);
	return refused;
}

static void
a_checksum_is_not_trusted_either(void)
{
	struct buf names = BUF_INIT;

	OK(is_refused((struct span){ "a\0b", 3 }), "a name that does not end");
	OK(is_refused((struct span){ "\0", 1 }) && is_refused((struct span){ "a\0\0", 3 }), "an empty one");
	OK(is_refused((struct span){ "b\0a\0", 4 }) && is_refused((struct span){ "a\0a\0", 4 }), "a wrong order");
	for (int i = 0; i <= ROUTES_MAX_NAME; i++)
		buf_u8(&names, 'x');
	buf_u8(&names, '\0');
	OK(is_refused(span_of_buf(&names)), "one that is too long");
	buf_clear(&names);
	for (int i = 0; i <= ROUTES_MAX_APPS; i++) {
		buf_u8(&names, (uint8_t)('!' + i));
		buf_u8(&names, '\0');
	}
	OK(is_refused(span_of_buf(&names)), "too many");
	buf_free(&names);
}

/* Changes a few bytes, and cuts it or makes it longer. Returns false when that left it as it was. */
static bool
damage(struct buf *bytes, struct span whole)
{
	buf_clear(bytes);
	buf_bytes(bytes, whole.data, whole.len);
	for (int n = rand() % 4; n > 0; n--)
		bytes->data[(size_t)rand() % bytes->len] = (uint8_t)rand();
	if (rand() % 4 == 0)
		bytes->len = (size_t)rand() % bytes->len;
	for (int n = rand() % 4 == 0 ? rand() % 8 : 0; n > 0; n--)
		buf_u8(bytes, (uint8_t)rand());
	return !span_equal(span_of_buf(bytes), whole);
}

static void
a_damaged_one_is_refused(void)
{
	struct routes routes = { 0 }, later = { 0 };
	struct buf whole = BUF_INIT, bytes = BUF_INIT;
	int wrong = 0;

	announce(&routes, "shop");
	announce(&routes, "chat");
	known_put(&routes, &whole);
	for (size_t len = 0; len < whole.len; len++)
		wrong += known_take(&later, (struct span){ (const char *)whole.data, len }) != -EBADMSG;
	OK(wrong == 0, "one that was cut anywhere is refused");
	for (int round = 0; round < ROUNDS; round++)
		if (damage(&bytes, span_of_buf(&whole)))
			wrong += known_take(&later, span_of_buf(&bytes)) != -EBADMSG;
	OK(wrong == 0, "one with other bytes is refused");
	OK(later.awaited == NULL, "and nobody is awaited over it");
	buf_free(&bytes);
	buf_free(&whole);
	routes_close(&routes);
}

/* --- files --------------------------------------------------------------------------------- */

/* Announces the app in a run of its own, after which the file is there. */
static void
run(const char *app)
{
	struct routes routes = { 0 };
	struct known known;

	known_open(&known, &routes, bus, NULL);
	announce(&routes, app);
	known_turn(&known);
	known_close(&known);
	routes_close(&routes);
}

/* Whom a sidecar awaits that starts now. */
static bool
start_awaits(const char *names)
{
	struct routes routes = { 0 };
	struct known known;
	bool same = known_open(&known, &routes, bus, "") == 0 && awaits(&routes, names);

	known_close(&known);
	routes_close(&routes);
	return same;
}

static void
the_next_run_awaits_whom_this_one_knew(void)
{
	struct routes routes = { 0 };
	struct known known;
	struct stat stat;

	OK(start_awaits(""), "a first start awaits nobody");
	run("shop");
	OK(lstat(file, &stat) == 0 && (stat.st_mode & 0777) == 0600 && access(aside, F_OK) < 0,
	    "the file is beside the bus, and ours");
	OK(start_awaits("shop "), "the next start awaits its apps");
	run("chat");
	OK(start_awaits("chat shop "), "who is still awaited is not forgotten");

	known_open(&known, &routes, bus, NULL);
	announce(&routes, "shop");
	known_give_up(&known);
	OK(!routes_may_come(&routes), "who has not come in time is not awaited");
	known_turn(&known);
	OK(start_awaits("shop "), "nor after the next start");
	unlink(file);
	routes.apps_changed = true;
	known_turn(&known);
	OK(access(file, F_OK) < 0, "what is known is not written again");
	known_close(&known);
	routes_close(&routes);
}

static void
overwrite(const char *text)
{
	FILE *stream = fopen(file, "w");

	if (stream == NULL || fputs(text, stream) < 0 || fclose(stream) != 0)
		abort();
}

static void
what_is_no_file_is_ignored(void)
{
	overwrite("tina4-apps 1 0000000000000000\nshop");
	OK(start_awaits(""), "a damaged file is ignored");
	overwrite("");
	OK(start_awaits("") && truncate(file, KNOWN_MAX_BYTES + 1) == 0 && start_awaits(""),
	    "so are an empty and a large one");
	run("shop");
	OK(start_awaits("shop "), "they are written over");
	unlink(file);
	OK(mkdir(file, 0700) == 0 && start_awaits(""), "so is a folder");
	run("shop");
	OK(start_awaits(""), "which stays");
	rmdir(file);
	OK(mkfifo(file, 0600) == 0 && start_awaits(""), "a pipe is not waited for");
	unlink(file);
	OK(symlink(aside, file) == 0 && start_awaits(""), "a link is not followed");
	OK(symlink(file, aside) == 0, "what a run left aside");
	run("shop");
	OK(start_awaits("shop ") && access(aside, F_OK) < 0, "is in nobody's way");
	unlink(file);
}

static void
a_state_directory_is_its_place(void)
{
	struct routes routes = { 0 };
	struct known known;
	char both[2 * sizeof(folder) + 16];

	snprintf(both, sizeof(both), "%s/state:/nowhere", folder);
	known_open(&known, &routes, "/run/tina4/bus", both);
	*strchr(both, ':') = '\0';
	OK(strncmp(known.path, both, strlen(both)) == 0 && strcmp(known.path + strlen(both), "/bus.apps") == 0,
	    "it is in the first state directory");
	announce(&routes, "shop");
	known_turn(&known);
	OK(!routes.apps_changed, "where it cannot be written the sidecar lives without");
	known_close(&known);
	routes_close(&routes);
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(bus, sizeof(bus), "%s/bus", folder);
	snprintf(file, sizeof(file), "%s.apps", bus);
	snprintf(aside, sizeof(aside), "%s.new", file);
	what_is_put_is_taken();
	nobody_is_a_file_too();
	it_has_a_bound();
	a_checksum_is_not_trusted_either();
	a_damaged_one_is_refused();
	the_next_run_awaits_whom_this_one_knew();
	what_is_no_file_is_ignored();
	a_state_directory_is_its_place();
	rmdir(folder);
	return tap_done();
}
