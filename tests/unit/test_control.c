#include <stdlib.h>
#include <string.h>

#include "shared/conf.h"
#include "sidecar/hub/control.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/resume.h"
#include "tests/tap.h"
#include "tests/unit/fake_browser.h"

enum { FROND, OTHER, LATER, N_BROWSERS };

static const struct conf conf = { .ws_queue_bytes = 1 << 16, .ws_max_message = 1 << 16 };
static const char room[] = "/room";

struct scene {
	struct hub hub;
	struct browser browsers[N_BROWSERS];
};

static struct frame *
text(struct span span)
{
	return frame_new(FRAME_TEXT, span.data, span.len);
}

static void
join(struct scene *scene, unsigned i, bool frond)
{
	struct browser *browser = &scene->browsers[i];

	browser_open(browser, i);
	browser->client->ping.frond = frond;
	hub_enter(&scene->hub, browser->client, room, strlen(room));
	hub_join(&scene->hub, browser->client);
}

static struct path *
path_of(struct scene *scene)
{
	return hub_find_path(&scene->hub, room, strlen(room));
}

static void
begin(struct scene *scene)
{
	*scene = (struct scene){ 0 };
	hub_open(&scene->hub, &conf, NULL, 7);
	join(scene, FROND, true);
	join(scene, OTHER, false);
}

static void
end(struct scene *scene)
{
	for (unsigned i = 0; i < N_BROWSERS; i++)
		if (scene->browsers[i].client != NULL)
			browser_leave(&scene->browsers[i], &scene->hub);
	hub_close(&scene->hub);
}

static void
broadcast(struct scene *scene, struct span message)
{
	batch_broadcast(&scene->hub.batches, path_of(scene), text(message), NULL);
}

/* What has arrived, its zeros shown as '0'. */
static bool
has_got(struct scene *scene, unsigned i, const char *expected)
{
	struct buf *got = &scene->browsers[i].got;

	browser_got(&scene->browsers[i]);
	for (size_t at = 0; at < got->len; at++)
		if (got->data[at] == 0)
			got->data[at] = '0';
	return got->len == strlen(expected) && memcmp(got->data, expected, got->len) == 0;
}

static const struct span nul = { "\0", 1 }, nul_x = { "\0x", 2 };

static void
test_escape(void)
{
	struct scene scene;

	begin(&scene);
	broadcast(&scene, span_of("a"));
	broadcast(&scene, nul_x);
	broadcast(&scene, span_of("b"));
	hub_flush(&scene.hub);
	OK(has_got(&scene, OTHER, "a 0x b"), "who does not speak frond.1 gets a text as it is");
	OK(has_got(&scene, FROND, "a 00x b"), "who does gets one that begins with U+0000 with one more, in its order");
	broadcast(&scene, nul);
	hub_flush(&scene.hub);
	OK(has_got(&scene, OTHER, "0") && has_got(&scene, FROND, "00"), "also one that is nothing else");
	batch_send(&scene.hub.batches, scene.browsers[FROND].client, text(nul_x));
	batch_send(&scene.hub.batches, scene.browsers[OTHER].client, text(nul_x));
	batch_send(&scene.hub.batches, scene.browsers[FROND].client, frame_new(FRAME_BINARY, nul_x.data, nul_x.len));
	hub_flush(&scene.hub);
	OK(has_got(&scene, OTHER, "0x"), "what is sent to one client is the same");
	OK(has_got(&scene, FROND, "00x binary:0x"), "and binary messages are as they are");
	broadcast(&scene, nul_x);
	join(&scene, LATER, true);
	broadcast(&scene, nul_x);
	hub_flush(&scene.hub);
	OK(has_got(&scene, LATER, "00x") && has_got(&scene, FROND, "00x 00x"), "so is what one gets who has just come");
	end(&scene);
}

static void
test_gap(void)
{
	struct scene scene;

	begin(&scene);
	broadcast(&scene, span_of("a"));
	resume_tell_gap(&scene.hub, path_of(&scene));
	broadcast(&scene, span_of("b"));
	hub_flush(&scene.hub);
	OK(has_got(&scene, FROND, "a 0r 0 b"), "a gap is told where it is, and not escaped");
	OK(has_got(&scene, OTHER, "a b"), "to those who speak frond.1 only");
	end(&scene);
}

static void
test_count(void)
{
	struct scene scene;
	const struct batches *batches = &scene.hub.batches;

	begin(&scene);
	path_of(&scene)->past.limits = (struct history_limits){ 10, 60 };
	batch_send(&scene.hub.batches, scene.browsers[FROND].client, text(nul_x));
	OK(batches->sent == 1 && batches->delivered == 1 && batches->delivered_bytes == 2 + nul_x.len,
	    "messages are counted, also one that looks like a control frame");
	resume_tell_gap(&scene.hub, path_of(&scene));
	join(&scene, LATER, true);
	resume_client(&scene.hub, scene.browsers[LATER].client, 0);
	hub_flush(&scene.hub);
	browser_got(&scene.browsers[LATER]);
	OK(scene.browsers[LATER].got.len > 0 && batches->sent == 1 && batches->delivered == 1,
	    "what the sidecar itself has to say is not");
	end(&scene);
}

static bool
is_taken(struct span given, struct span expected)
{
	return control_take_text(&given) && given.len == expected.len &&
	    (given.len == 0 || memcmp(given.data, expected.data, given.len) == 0);
}

static void
test_take(void)
{
	struct span control = { "\0x", 2 };

	OK(is_taken(span_of("a"), span_of("a")) && is_taken(span_of(""), span_of("")), "a text is what it is");
	OK(is_taken((struct span){ "\0\0x", 3 }, nul_x) && is_taken((struct span){ "\0\0", 2 }, nul),
	    "what was put in front is taken off");
	OK(!control_take_text(&control), "a control frame is no text");
	control = nul;
	OK(!control_take_text(&control), "nor is one without a verb");
}

int
main(void)
{
	test_escape();
	test_gap();
	test_count();
	test_take();
	return tap_done();
}
