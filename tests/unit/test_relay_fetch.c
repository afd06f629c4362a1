#include <errno.h>
#include <string.h>

#include "sidecar/hub/apply.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/frame.h"
#include "sidecar/relay/fetch.h"
#include "tests/tap.h"
#include "tests/unit/relay_scene.h"

static const uint64_t dead = 0x0a0b0c0d00000001, alive = 0x0e0f101100000001;
static const char room[] = "/room";

static uint64_t clock_now_ms;

static uint64_t
unix_ms(void)
{
	return clock_now_ms;
}

static void
begin(struct scene *scene)
{
	scene_begin(scene);
	scene->conf.ws_max_message = 1024;
	scene->conf.ws_history_bytes = scene->conf.ws_queue_bytes = 1 << 20;
	clock_now_ms = 1700000000000;
	scene->hub.histories.now_ms = unix_ms;
	histories_share(&scene->hub.histories);
}

/* A client comes to a path that keeps five messages. */
static struct path *
enter(struct scene *scene, unsigned i, const char *name)
{
	struct path *path;

	scene_enter(scene, i, name);
	path = scene_path(scene, name);
	path->past.limits = (struct history_limits){ 5, 3600 };
	return path;
}

/* What is stored: up to eight messages. */
struct shelf {
	struct buf bytes[8];
	struct transport_kept kept[8];
	struct transport_latest latest[2];
	struct transport_past past;
};

static void
store(struct shelf *shelf, struct mark mark, uint64_t before, const char *text)
{
	const struct envelope envelope = { .type = ENVELOPE_COMMAND,
		.origin = mark.origin,
		.sequence = mark.number,
		.command = { .type = WIRE_PUSH, .key = span_of(room), .data = span_of(text) } };
	uint32_t n = shelf->past.n_kept++;

	envelope_put(&shelf->bytes[n], &envelope);
	shelf->kept[n] = (struct transport_kept){ span_of_buf(&shelf->bytes[n]), before, clock_now_ms - 1000 + n };
	shelf->past.kept = shelf->kept;
}

static void
clear(struct shelf *shelf)
{
	for (uint32_t i = 0; i < shelf->past.n_kept; i++)
		buf_free(&shelf->bytes[i]);
	*shelf = (struct shelf){ .past.since_ms = 1000 };
}

/* True when the path keeps just this, one letter for each message. */
static bool
keeps(const struct path *path, const char *letters)
{
	const struct history *history = path->past.history;
	bool right = history != NULL && history->messages.n == strlen(letters);

	for (uint32_t i = 0; right && i < history->messages.n; i++)
		right = *frame_payload(history_at(history, i)->frame).data == letters[i];
	return right;
}

static void
hear(struct scene *scene, struct mark mark, uint64_t previous, const char *text)
{
	const struct envelope envelope = { .type = ENVELOPE_COMMAND,
		.origin = mark.origin,
		.sequence = mark.number,
		.previous = previous,
		.command = { .type = WIRE_PUSH, .key = span_of(room), .data = span_of(text) } };

	scene_hear(scene, &envelope);
}

/* --- a path that is new here -------------------------------------------------------------- */

static void
test_new(void)
{
	struct shelf shelf = { .past.since_ms = 1000 };
	struct scene scene;
	struct path *path;
	uint64_t token;

	begin(&scene);
	scene_up(&scene);
	path = enter(&scene, 0, room);
	scene_flush(&scene);
	OK(scene_word(&scene, SCENE_RECALLS) == NULL, "before the path is subscribed nothing is asked");
	scene_enter(&scene, 1, "/other");
	scene_leave(&scene, 1);
	scene.transport.events->subscribed(&scene.relay, span_of("t:ws:/room"), scene.tickets - 1);
	token = scene_word(&scene, SCENE_TELLS)->token;
	scene_flush(&scene);
	OK(scene_word(&scene, SCENE_RECALLS) != NULL && scene_word(&scene, SCENE_RECALLS)->messages == 5,
	    "then so many as it keeps are asked for");
	scene_told(&scene, token, 1);
	OK(scene.n_released == 0, "the open is held though the counts are known");
	hear(&scene, (struct mark){ alive, 12 }, 11, "c");
	store(&shelf, (struct mark){ alive, 8 }, 0, "a");
	store(&shelf, (struct mark){ dead, 4 }, 0, "b");
	store(&shelf, (struct mark){ alive, 12 }, 8, "c");
	scene_recalled(&scene, &shelf.past);
	OK(scene.n_released == 1, "until it is told");
	OK(keeps(path, "abc"), "what is stored comes in the order of the store, and what was heard is no double");
	OK(path->past.since_ms == 1000 + HISTORY_LAG_MS, "it knows all since the store does");
	hear(&scene, (struct mark){ alive, 12 }, 11, "c");
	hear(&scene, (struct mark){ alive, 13 }, 12, "d");
	OK(keeps(path, "abcd"), "what comes after it goes on");
	clear(&shelf);
	scene_end(&scene);
}

static void
test_late(void)
{
	struct shelf shelf = { .past.since_ms = 1000 };
	struct scene scene;
	struct path *path;

	begin(&scene);
	scene_up(&scene);
	path = enter(&scene, 0, room);
	scene_told(&scene, scene_confirm(&scene), 1);
	scene_flush(&scene);
	scene_pass(&scene, RELAY_HOLD_MS);
	OK(scene.n_released == 1 && relay_trouble(&scene.relay) == NULL, "a store that is slow costs a moment");
	OK(path->past.since_ms == clock_now_ms, "until it answers, what is heard here is known");
	store(&shelf, (struct mark){ dead, 4 }, 0, "a");
	scene_recalled(&scene, &shelf.past);
	OK(keeps(path, "a") && path->past.since_ms == 1000 + HISTORY_LAG_MS, "its answer is taken when it comes");
	clear(&shelf);
	scene_end(&scene);
}

static void
test_large(void)
{
	struct scene scene;

	begin(&scene);
	scene_up(&scene);
	scene.stored_bytes = 3 * FETCH_BYTES;
	enter(&scene, 0, room);
	scene_confirm(&scene);
	scene_flush(&scene);
	OK(scene_word(&scene, SCENE_RECALLS)->messages == 1, "of much that is stored, the latest are asked for");
	scene_leave(&scene, 0);
	scene.stored_bytes = UINT64_MAX;
	enter(&scene, 0, room);
	scene_confirm(&scene);
	scene_flush(&scene);
	OK(scene_word(&scene, SCENE_RECALLS)->messages == 1, "one at least");
	scene_end(&scene);
}

static void
test_refused(void)
{
	struct scene scene;
	struct path *path;

	begin(&scene);
	scene_up(&scene);
	path = enter(&scene, 0, room);
	scene_told(&scene, scene_confirm(&scene), 1);
	scene_flush(&scene);
	scene_recalled(&scene, NULL);
	OK(scene.n_released == 1 && path->past.since_ms == clock_now_ms, "a store that cannot tell holds nobody");
	scene_end(&scene);
}

static void
test_again(void)
{
	struct shelf shelf = { .past.since_ms = UINT64_MAX };
	struct scene scene;
	struct path *path;
	uint64_t first;

	begin(&scene);
	scene_up(&scene);
	path = enter(&scene, 0, room);
	scene_confirm(&scene);
	scene_flush(&scene);
	first = scene_word(&scene, SCENE_RECALLS)->token;
	scene_unhear(&scene);
	scene_flush(&scene);
	OK(scene_word(&scene, SCENE_RECALLS) == NULL, "while nothing goes out, nothing is asked");
	scene_publish(&scene);
	scene_flush(&scene);
	OK(scene_word(&scene, SCENE_RECALLS) != NULL, "then it is asked again");
	store(&shelf, (struct mark){ dead, 4 }, 0, "a");
	scene.transport.events->recalled(&scene.relay, first, &shelf.past);
	OK(!keeps(path, "a"), "an answer to the first question is none");
	scene_recalled(&scene, &shelf.past);
	OK(keeps(path, "a") && path->past.since_ms == clock_now_ms, "of a store that does not know since when");
	scene_leave(&scene, 0);
	scene.transport.events->recalled(&scene.relay, first + 1, &shelf.past);
	OK(true, "an answer for a path that is gone does no harm");
	clear(&shelf);
	scene_end(&scene);
}

/* --- a path that was not heard for a while ------------------------------------------------- */

static uint32_t
n_own(const struct scene *scene)
{
	return (uint32_t)scene->hub.batches.sent;
}

static void
test_missed(void)
{
	struct shelf shelf = { .past.since_ms = 1000 };
	struct scene scene;
	struct path *path;
	uint32_t sent;

	begin(&scene);
	scene_up(&scene);
	path = enter(&scene, 0, room);
	scene_confirm(&scene);
	scene_flush(&scene);
	scene_recalled(&scene, &shelf.past);
	hear(&scene, (struct mark){ alive, 3 }, 2, "a");
	scene_down(&scene);
	clock_now_ms += 5000;
	scene_subscribe(&scene);
	scene_publish(&scene);
	scene.transport.events->subscribed(&scene.relay, span_of("t:ws:/room"), scene.tickets);
	scene_flush(&scene);
	hear(&scene, (struct mark){ alive, 5 }, 4, "e");
	store(&shelf, (struct mark){ alive, 3 }, 0, "a");
	store(&shelf, (struct mark){ dead, 7 }, 0, "b");
	store(&shelf, (struct mark){ alive, 4 }, 3, "c");
	sent = n_own(&scene);
	scene_recalled(&scene, &shelf.past);
	OK(keeps(path, "ab") && n_own(&scene) == sent + 1,
	    "members get what nobody tells again; a host that is there tells its own");
	clear(&shelf);
	scene_end(&scene);
}

/* --- what is stored --------------------------------------------------------------------------- */

static void
push(struct scene *scene, uint16_t flags)
{
	const struct wire_command command = {
		.type = WIRE_PUSH, .flags = flags, .key = span_of(room), .data = span_of("x")
	};
	struct wire_reply reply;

	apply_command(&scene->hub, NULL, &command, &reply);
	relay_command(&scene->relay, NULL, &command, &reply);
}

static void
test_stored(void)
{
	struct scene scene;

	begin(&scene);
	scene_up(&scene);
	enter(&scene, 0, room);
	push(&scene, 0);
	OK(scene.n_stored == 1 && scene.keeping.mark.number == 1 && scene.keeping.before == 0 &&
		scene.keeping.messages == 5 && scene.keeping.seconds == 3600 + RELAY_STORE_SECONDS &&
		span_is(scene.keeping.path, room),
	    "what a path keeps is stored, and somewhat longer");
	push(&scene, WIRE_TRANSIENT);
	OK(scene.n_stored == 1, "what it does not keep is not");
	push(&scene, 0);
	OK(scene.n_stored == 2 && scene.keeping.before == 1, "each names the one before it");
	OK(scene.keeping.seconds == 0, "how long is not said each time");
	scene.transport.n_emptied++;
	push(&scene, 0);
	OK(scene.keeping.seconds > 0, "but to a store that has forgotten it");
	scene_pass(&scene, RELAY_STORE_SECONDS * 1000 / 2);
	push(&scene, 0);
	OK(scene.keeping.seconds > 0, "and before it does");
	scene.publish_result = -ENOBUFS;
	push(&scene, 0);
	scene.publish_result = 0;
	push(&scene, 0);
	OK(scene.keeping.before == scene.keeping.mark.number - 1, "also one that could not be stored");
	scene_end(&scene);
}

/* --- many -------------------------------------------------------------------------------------- */

static void
test_at_once(void)
{
	struct scene scene;
	struct fetch fetches[FETCH_AT_ONCE + 1];
	struct path *path;

	begin(&scene);
	scene_up(&scene);
	path = enter(&scene, 0, room);
	for (uint32_t i = 0; i <= FETCH_AT_ONCE; i++) {
		fetches[i] = (struct fetch){ .path = path };
		fetch_begin(&scene.relay, &fetches[i]);
		if (i % (SCENE_WORDS / 2) == 0)
			scene_flush(&scene);
	}
	scene_flush(&scene);
	OK(scene.relay.n_fetching == FETCH_AT_ONCE && fetches[FETCH_AT_ONCE].state == FETCH_WANTED,
	    "so many are asked for at once");
	fetch_part(&scene.relay, &fetches[0]);
	scene_flush(&scene);
	OK(fetches[FETCH_AT_ONCE].state == FETCH_ASKED, "then the next one");
	for (uint32_t i = 1; i <= FETCH_AT_ONCE; i++)
		fetch_part(&scene.relay, &fetches[i]);
	OK(scene.relay.n_fetching == 0 && scene.relay.fetches == NULL, "in the end none is left");
	scene_end(&scene);
}

int
main(void)
{
	test_new();
	test_late();
	test_large();
	test_refused();
	test_again();
	test_missed();
	test_stored();
	test_at_once();
	return tap_done();
}
