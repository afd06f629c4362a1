#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "sidecar/hub/deflate.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "tests/tap.h"
#include "tests/unit/fake_browser.h"

/*
 * Random operations on a hub, and beside it a model: for each client the text
 * of what it must have got, in order. What a browser has got is always the
 * beginning of that, and after a turn all of it, unless it does not read. Every
 * other one has agreed on permessage-deflate.
 */

enum { SLOTS = 24, PATHS = 3, STEPS = 40000, SEED = 20, SHOWN = 16, LONG = 20000 };

enum standing { NOBODY, OPENING, JOINED, CLOSING };

struct slot {
	struct browser browser;
	enum standing standing;
	unsigned path;
	bool silent; /* its browser has said close, or we have dropped it: it gets nothing more */
	struct buf expected, got;
};

struct model {
	struct hub hub;
	struct slot slots[SLOTS];
	uint32_t random;
	unsigned n_messages, n_clients, n_deflated;
	bool wrong;
};

static const char *const names[PATHS] = { "/a", "/b", "/c" };
static const struct conf conf = { .ws_queue_bytes = 1 << 30, .ws_max_message = 1 << 20 };

/* Less than n; Numerical Recipes' generator, so that each run is the same. */
static unsigned
below(struct model *model, unsigned n)
{
	model->random = model->random * 1664525u + 1013904223u;
	return (model->random >> 8) % n;
}

static void
note(struct buf *buf, const char *text, size_t len)
{
	if (buf->len > 0)
		buf_string(buf, " ");
	buf_bytes(buf, text, len);
}

/* A message that no other is like; sometimes a long one. */
static struct frame *
message(struct model *model, unsigned longest, char ret[static SHOWN + 1])
{
	size_t len = SHOWN + (below(model, 8) == 0 ? below(model, longest) : 0);
	char *text = malloc(len);
	struct frame *frame;

	memset(text, '.', len);
	snprintf(ret, SHOWN + 1, "message-%08u", ++model->n_messages);
	memcpy(text, ret, SHOWN);
	frame = frame_new(FRAME_TEXT, text, len);
	free(text);
	return frame;
}

/* --- looking ---------------------------------------------------------------------- */

static void
look(struct model *model, struct slot *slot, bool all)
{
	const char *got = browser_got(&slot->browser);

	if (model->wrong)
		return;
	if (got[0] != '\0') {
		model->wrong |= slot->silent;
		note(&slot->got, got, strlen(got));
	}
	for (size_t i = 0; i < slot->got.len; i++)
		if (slot->got.data[i] == '|')
			slot->got.data[i] = ' ';
	if (slot->got.len > slot->expected.len ||
	    (slot->got.len > 0 && memcmp(slot->got.data, slot->expected.data, slot->got.len) != 0))
		model->wrong = true;
	if (all && !slot->silent && slot->got.len != slot->expected.len)
		model->wrong = true;
	if (model->wrong)
		printf("# after %u messages a client got\n# \"%s\" instead of\n# \"%s\"\n", model->n_messages,
		    buf_cstr(&slot->got), buf_cstr(&slot->expected));
}

/* Counts and members are what the model says. */
static void
look_at_path(struct model *model, unsigned path)
{
	const struct path *it = hub_find_path(&model->hub, names[path], strlen(names[path]));
	unsigned n = 0, n_counted = 0, n_members = 0, n_deflate = 0;

	for (unsigned i = 0; i < SLOTS; i++) {
		const struct slot *slot = &model->slots[i];

		if (slot->standing == NOBODY || slot->path != path)
			continue;
		n++;
		n_counted += slot->standing != CLOSING;
		n_members += slot->standing == JOINED;
		n_deflate += slot->standing == JOINED && slot->browser.client->socket.deflate;
	}
	if (it == NULL)
		model->wrong |= n > 0;
	else
		model->wrong |= it->n_clients != n || it->count != n_counted || it->n_members != n_members ||
		    it->n_deflate != n_deflate;
}

/* --- operations ---------------------------------------------------------------------- */

static void
do_enter(struct model *model, struct slot *slot)
{
	if (slot->standing != NOBODY)
		return;
	slot->path = below(model, PATHS);
	browser_open(&slot->browser, ++model->n_clients);
	slot->browser.client->socket.deflate = below(model, 2) == 0;
	hub_enter(&model->hub, slot->browser.client, names[slot->path], strlen(names[slot->path]));
	slot->standing = OPENING;
}

static void
do_join(struct model *model, struct slot *slot)
{
	if (slot->standing != OPENING)
		return;
	hub_join(&model->hub, slot->browser.client);
	slot->standing = JOINED;
}

static void
do_send(struct model *model, struct slot *slot)
{
	char text[SHOWN + 1];

	if (slot->standing != OPENING && slot->standing != JOINED)
		return;
	batch_send(&model->hub.batches, slot->browser.client, message(model, 2000, text));
	note(&slot->expected, text, SHOWN);
}

static void
do_broadcast(struct model *model, struct slot *except)
{
	struct path *path = hub_find_path(&model->hub, names[except->path], strlen(names[except->path]));
	bool excludes = except->standing == JOINED && below(model, 2) == 0;
	char text[SHOWN + 1];

	if (path == NULL)
		return;
	batch_broadcast(
	    &model->hub.batches, path, message(model, LONG, text), excludes ? except->browser.client : NULL);
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &model->slots[i];

		if (slot->standing == JOINED && slot->path == except->path && !(excludes && slot == except))
			note(&slot->expected, text, SHOWN);
	}
}

static void
do_disconnect(struct model *model, struct slot *slot)
{
	static const char close_text[] = "close:1000:";

	if (slot->standing != OPENING && slot->standing != JOINED)
		return;
	hub_disconnect(&model->hub, slot->browser.client, 1000, "test", SPAN_EMPTY);
	note(&slot->expected, close_text, strlen(close_text));
	slot->standing = CLOSING;
}

/* Its browser says close, or is dropped. */
static void
do_silence(struct model *model, struct slot *slot)
{
	if (slot->standing == NOBODY || slot->silent)
		return;
	look(model, slot, false);
	slot->silent = true;
	if (below(model, 2) == 0) {
		client_drop(slot->browser.client, "test");
		return;
	}
	slot->browser.client->socket.write_closed = true;
	hub_leave(&model->hub, slot->browser.client);
	slot->standing = CLOSING;
}

static void
do_go(struct model *model, struct slot *slot)
{
	struct client *client = slot->browser.client;

	if (slot->standing == NOBODY)
		return;
	look(model, slot, false);
	outq_clear(&client->socket.outq);
	browser_leave(&slot->browser, &model->hub);
	model->n_deflated += slot->browser.n_deflated;
	buf_free(&slot->expected);
	buf_free(&slot->got);
	*slot = (struct slot){ 0 };
}

/* It stops reading, or reads again. */
static void
do_clog(struct slot *slot)
{
	if (slot->standing == NOBODY)
		return;
	slot->browser.wsi.partial = !slot->browser.wsi.partial;
	if (!slot->browser.wsi.partial)
		browser_let_write(&slot->browser);
}

/* What the socket could not take at once follows when it has been read. */
static void
read_all(struct model *model, struct slot *slot)
{
	while (slot->browser.wsi.writable && !slot->browser.wsi.partial) {
		look(model, slot, false);
		browser_let_write(&slot->browser);
	}
}

static void
do_turn(struct model *model)
{
	hub_flush(&model->hub);
	for (unsigned i = 0; i < SLOTS; i++)
		if (model->slots[i].standing != NOBODY)
			read_all(model, &model->slots[i]);
	hub_flush(&model->hub);
	for (unsigned i = 0; i < SLOTS; i++)
		if (model->slots[i].standing != NOBODY)
			look(model, &model->slots[i], !model->slots[i].browser.wsi.partial);
	for (unsigned i = 0; i < PATHS; i++)
		look_at_path(model, i);
}

static void
step(struct model *model)
{
	struct slot *slot = &model->slots[below(model, SLOTS)];
	unsigned dice = below(model, 100);

	if (dice < 15)
		do_enter(model, slot);
	else if (dice < 30)
		do_join(model, slot);
	else if (dice < 45)
		do_send(model, slot);
	else if (dice < 65)
		do_broadcast(model, slot);
	else if (dice < 70)
		do_disconnect(model, slot);
	else if (dice < 73)
		do_silence(model, slot);
	else if (dice < 78)
		do_go(model, slot);
	else if (dice < 83)
		do_clog(slot);
	else
		do_turn(model);
}

int
main(void)
{
	struct model *model = calloc(1, sizeof(*model));
	unsigned n = 0;

	model->random = SEED;
	hub_open(&model->hub, &conf, deflate_new(), 1);
	while (n < STEPS && !model->wrong) {
		step(model);
		n++;
	}
	OK(n == STEPS, "after thousands of random steps everyone got what it had to get, in order");
	OK(model->n_messages > STEPS / 10 && model->n_clients > STEPS / 100, "there were many messages and clients");
	for (unsigned i = 0; i < SLOTS; i++)
		do_go(model, &model->slots[i]);
	OK(model->n_deflated > 100, "many messages came compressed");
	OK(model->hub.clients == NULL && model->hub.paths == NULL, "nothing is left");
	OK(model->hub.batches.dirty == NULL && model->hub.closing == NULL, "nor is anything waiting");
	hub_close(&model->hub);
	deflate_free(model->hub.batches.deflate);
	free(model);
	return tap_done();
}
