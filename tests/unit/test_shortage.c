/*
 * Each allocation of hub and feed fails once, and then each with all that follow
 * in its turn: what that costs is one connection or one message.
 *
 * The linker puts our malloc() and its kin in the place of the real ones (--wrap),
 * and lets us know when the sidecar's own code runs.
 */
#include <stdlib.h>
#include <string.h>

#include "sidecar/feed/asks.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/client.h"
#include "tests/tap.h"
#include "tests/unit/scene.h"

enum {
	MAX_ALLOCATIONS = 2000, /* of the sidecar in the story; far more than there are */
	ROUNDS = 8,             /* of ticks, after which nothing may wait any more */
};

/* --- memory that fails ---------------------------------------------------------------------- */

static unsigned n_allocations, failing_from, n_failing, n_failed;
static bool armed;

static bool
fails(void)
{
	if (!armed)
		return false;
	n_allocations++;
	if (n_allocations < failing_from || n_allocations >= failing_from + n_failing)
		return false;
	n_failed++;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
int __real_posix_memalign(void **ret, size_t alignment, size_t size);
char *__real_strndup(const char *text, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
int __wrap_posix_memalign(void **ret, size_t alignment, size_t size);
char *__wrap_strndup(const char *text, size_t n);

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

int
__wrap_posix_memalign(void **ret, size_t alignment, size_t size)
{
	return fails() ? ENOMEM : __real_posix_memalign(ret, alignment, size);
}

char *
__wrap_strndup(const char *text, size_t n)
{
	return fails() ? NULL : __real_strndup(text, n);
}

/* The sidecar's code, as the scene calls it; what the scene itself allocates does not fail. */
void __real_intake_drain(struct intake *intake);
void __real_dispatch_flush(struct dispatch *dispatch);
void __real_hub_flush(struct hub *hub);
void __wrap_intake_drain(struct intake *intake);
void __wrap_dispatch_flush(struct dispatch *dispatch);
void __wrap_hub_flush(struct hub *hub);

void
__wrap_intake_drain(struct intake *intake)
{
	armed = true;
	__real_intake_drain(intake);
	armed = false;
}

void
__wrap_dispatch_flush(struct dispatch *dispatch)
{
	armed = true;
	__real_dispatch_flush(dispatch);
	armed = false;
}

void
__wrap_hub_flush(struct hub *hub)
{
	armed = true;
	__real_hub_flush(hub);
	armed = false;
}

/* --- the story ------------------------------------------------------------------------------ */

enum { SHOWN = 400 };

static char got[2][SHOWN];
static bool was_there[2];

/* As ws.c does it. */
static void
come(struct scene *scene, unsigned i, const char *path)
{
	struct browser *browser = &scene->browsers[i];
	struct client *client;
	int r;

	browser_open(browser, ++scene->n_clients);
	client = browser->client;
	armed = true;
	r = hub_enter(&scene->hub, client, path, strlen(path));
	if (r == 0 && client->place.path->n_clients == 1)
		client->place.path->route = routes_match(&scene->routes, path, strlen(path));
	if (r == 0)
		wire_put_meta(&client->feed.meta, &(struct wire_meta){ .path = span_of(path) });
	if (r == 0 && (client->feed.meta.failed || feed_client_open(&scene->feed, client) < 0))
		client_drop(client, "not-opened");
	armed = false;
	if (r < 0) {
		client_free(client);
		browser->client = NULL;
	}
	scene_turn(scene);
}

static void
say(struct scene *scene, unsigned i, const char *text)
{
	struct client *client = scene->browsers[i].client;

	if (client == NULL || client->place.state != CLIENT_JOINED || client->socket.broken)
		return;
	armed = true;
	if (feed_client_message(&scene->feed, client, text, strlen(text), false) < 0)
		hub_disconnect(&scene->hub, client, 1011, "out-of-memory", SPAN_EMPTY);
	armed = false;
	scene_turn(scene);
}

/* Words of frond.1; returns whether they were taken. */
static bool
say_control(struct scene *scene, unsigned i, const char *words)
{
	struct client *client = scene->browsers[i].client;
	int r;

	if (client == NULL || client->place.state != CLIENT_JOINED || client->socket.broken)
		return false;
	client->ping.frond = true;
	armed = true;
	r = asks_take(&scene->feed, client, span_of(words));
	if (r < 0)
		hub_disconnect(&scene->hub, client, 1011, "out-of-memory", SPAN_EMPTY);
	armed = false;
	scene_turn(scene);
	return r == 0;
}

/* libwebsockets tells of the end of those that were dropped or closed. */
static void
reap(struct scene *scene)
{
	for (unsigned i = 0; i < SCENE_BROWSERS; i++) {
		struct client *client = scene->browsers[i].client;

		if (client != NULL && (client->socket.broken || client->place.state == CLIENT_CLOSING))
			scene_go(scene, i);
	}
}

/* The worker answers all that has come to it; whom it does not know may not be told of. */
static void
work(struct scene *scene)
{
	struct wire_event event;

	while ((event = scene_next_event(scene, 0)).id != 0 || event.kind != WIRE_ATTACH) {
		struct buf commands = BUF_INIT;

		if (event.id == 0)
			continue;
		if (event.flags & WIRE_ASKS) {
			commands_put(&commands, WIRE_ANSWER, 0, "yes");
			commands_put(&commands, WIRE_SEND, 0, "behind");
		} else if (event.kind == WIRE_MESSAGE) {
			struct wire_command set = { .type = WIRE_SET, .key = span_of("said"), .data = event.data };

			commands_put(&commands, WIRE_SEND, 0, "one");
			wire_put_command(&commands, &set);
			commands_put(&commands, WIRE_BROADCAST, 0, "two");
			commands_put(&commands, WIRE_BROADCAST, WIRE_EXCLUDE_SENDER, "three");
		}
		scene_acknowledge(scene, 0, &event, &commands);
		buf_free(&commands);
	}
}

static void
greet(struct scene *scene)
{
	for (int i = 0; i < 3 && HASH_COUNT(scene->workers.by_peer) == 0; i++)
		scene_start_worker(scene, 0);
	for (int i = 0; i < 3 && scene->routes.apps == NULL; i++)
		scene_start_worker(scene, 0);
}

/* Copies it, its zeros shown as '0'. */
static void
keep(const char *text, const struct buf *buf, char ret[static SHOWN])
{
	size_t len = text == NULL ? 0 : buf->len < SHOWN ? buf->len : SHOWN - 1;

	for (size_t i = 0; i < len; i++)
		ret[i] = text[i] == '\0' ? '0' : text[i];
	ret[len] = '\0';
}

static void
note_what_came(struct scene *scene)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct client *client = scene->browsers[i].client;

		was_there[i] = client != NULL && client->place.state == CLIENT_JOINED && !client->socket.broken;
		keep(browser_got(&scene->browsers[i]), &scene->browsers[i].got, got[i]);
	}
}

static bool
has(unsigned i, const char *what)
{
	return strstr(got[i], what) != NULL;
}

/* The first one speaks; of its three commands all have an effect, or none. */
static bool
is_whole(const struct scene *scene)
{
	const struct client *sender = scene->browsers[0].client;
	bool applied = has(0, "one");

	if (!was_there[0])
		return !was_there[1] || has(1, "two") == has(1, "three");
	if (has(0, "two") != applied || (sender->feed.attributes.len > 0) != applied)
		return false;
	return !was_there[1] || (has(1, "two") == applied && has(1, "three") == applied);
}

/* Whoever is left is served as ever. */
static bool
goes_on(struct scene *scene)
{
	say(scene, 0, "again");
	work(scene);
	scene_tick(scene, 1000);
	note_what_came(scene);
	return !was_there[0] || (has(0, "one") && has(0, "two") && (!was_there[1] || has(1, "two three")));
}

/* Returns false when something was wrong. */
static bool
tell(unsigned from, unsigned n)
{
	struct scene scene;
	bool whole, over, on, empty, asked;

	scene_begin(&scene);
	n_allocations = n_failed = 0;
	failing_from = from;
	n_failing = n;
	greet(&scene);
	come(&scene, 0, "/chat/a");
	work(&scene);
	come(&scene, 1, "/chat/a");
	work(&scene);
	say(&scene, 0, "hello");
	work(&scene);
	say_control(&scene, 1, "o 00112233445566778899aabbccddeeff");
	asked = say_control(&scene, 1, "q 1.1 t x") && say_control(&scene, 1, "q 2 t x");
	work(&scene);
	for (int i = 0; i < ROUNDS; i++) {
		scene_tick(&scene, 1000);
		scene_send_header(&scene, 0, WIRE_HEARTBEAT);
		work(&scene);
		reap(&scene);
	}
	note_what_came(&scene);
	whole = is_whole(&scene) && (!asked || !was_there[1] || (has(1, "0a 1 ") && has(1, "0a 2 ")));
	failing_from = MAX_ALLOCATIONS;
	greet(&scene);
	work(&scene);
	reap(&scene);
	work(&scene);
	over = scene.feed.n_waiting == 0;
	on = goes_on(&scene);
	empty = scene_end(&scene);
	if (!(whole && over && on && empty))
		printf("# allocations %u to %u: whole %d over %d on %d empty %d\n# first got \"%s\", second \"%s\"\n",
		    from, from + n - 1, whole, over, on, empty, got[0], got[1]);
	return whole && over && on && empty;
}

static bool
tell_all(unsigned n, unsigned *ret_n)
{
	bool fine = true;

	n_failed = 1;
	for (unsigned from = 1; from < MAX_ALLOCATIONS && n_failed > 0; from++) {
		fine &= tell(from, n);
		*ret_n = from;
	}
	return fine;
}

int
main(void)
{
	unsigned n = 0;

	OK(tell(MAX_ALLOCATIONS, 1) && n_failed == 0, "with memory for all, the story goes well");
	OK(has(0, "one two") && has(1, "two three"), "and everyone gets what is theirs");
	OK(tell_all(1, &n), "without memory for any one thing, nothing is done by halves and nobody waits for ever");
	printf("# %u allocations\n", n);
	OK(n > 20 && n < MAX_ALLOCATIONS, "each allocation has failed once");
	OK(tell_all(5, &n), "nor without memory for several in a row");
	OK(n < MAX_ALLOCATIONS, "from each on");
	return tap_done();
}
