#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/feed/asks.h"
#include "sidecar/hub/client.h"
#include "tests/tap.h"
#include "tests/unit/scene.h"

/*
 * Random pages that ask, are cut off, come back and ask again as frond(3) has it, of a
 * worker that dies now and then, while the memory of their requests runs out of time
 * and of room. Beside it a model: how often each request has taken effect, and what was
 * answered to it.
 */

enum { PAGES = 6, PATHS = 2, REQUESTS = 3000, STEPS = 30000, SEED = 7, HELD = 8192, OUTSTANDING = 6 };

enum request_state { NOT_ASKED, ASKED, ANSWERED, UNKNOWN, REFUSED };

struct request {
	enum request_state state;
	bool sent, done, failed, unsure;
	char memory[17]; /* where it was asked */
};

struct page {
	struct browser *browser;
	char key[33], memory[17];
	bool here, named;
	unsigned last, lowest;
	struct request requests[REQUESTS];
};

struct model {
	struct scene scene;
	struct page pages[PAGES];
	struct wire_event held[HELD]; /* by the worker, oldest first */
	char said[HELD][24];
	unsigned n_held, n_cuts, n_deaths, n_forgotten, n_again;
	uint32_t random;
	bool wrong;
};

/* Less than n; Numerical Recipes' generator, so that each run is the same. */
static unsigned
below(struct model *model, unsigned n)
{
	model->random = model->random * 1664525u + 1013904223u;
	return (model->random >> 8) % n;
}

static void
complain(struct model *model, const char *what, unsigned page, unsigned number)
{
	model->wrong = true;
	printf("# %s: page %u, request %u\n", what, page, number);
}

/* --- pages --------------------------------------------------------------------------- */

static unsigned
index_of(const struct model *model, const struct page *page)
{
	return (unsigned)(page - model->pages);
}

static void
control(struct model *model, struct page *page, const char *words)
{
	if (asks_take(&model->scene.feed, page->browser->client, span_of(words)) < 0)
		complain(model, "refused", index_of(model, page), 0);
	scene_turn(&model->scene);
}

static void
ask(struct model *model, struct page *page, unsigned number)
{
	struct request *request = &page->requests[number];
	char words[64];

	if (request->sent && strcmp(request->memory, page->memory) != 0) {
		request->state = UNKNOWN;
		model->n_forgotten++;
		return;
	}
	model->n_again += request->sent;
	request->sent = true;
	memcpy(request->memory, page->memory, sizeof(request->memory));
	snprintf(words, sizeof(words), "q %u.%u t %u-%u", number, page->lowest, index_of(model, page), number);
	control(model, page, words);
}

static void
take_answer(struct model *model, struct page *page, unsigned number, const char *how)
{
	struct request *request = &page->requests[number];
	char wanted[40];

	snprintf(wanted, sizeof(wanted), "t yes %u-%u", index_of(model, page), number);
	if (request->state != ASKED)
		complain(model, "answered twice", index_of(model, page), number);
	else if (strcmp(how, "! again") == 0)
		ask(model, page, number);
	else if (strcmp(how, "! busy") == 0 && !request->done)
		request->state = REFUSED;
	else if (strcmp(how, "! unknown") == 0)
		request->state = UNKNOWN;
	else if (strcmp(how, request->failed ? "! failed" : wanted) == 0 && request->done)
		request->state = ANSWERED;
	else
		complain(model, how, index_of(model, page), number);
}

/* A frame, without its U+0000 and what separates it from the next one. */
static void
take_frame(struct model *model, struct page *page, char *frame)
{
	size_t len = strcspn(frame, "|");
	unsigned number;
	int at = 0;

	while (len > 0 && frame[len - 1] == ' ')
		len--;
	frame[len] = '\0';
	if (frame[0] == 'o') {
		snprintf(page->memory, sizeof(page->memory), "%s", len > 2 ? frame + 2 : "");
		page->named = true;
	} else if (sscanf(frame, "a %u %n", &number, &at) == 1) {
		take_answer(model, page, number, frame + at);
	}
}

static void
hear(struct model *model, struct page *page)
{
	struct buf got = BUF_INIT;

	browser_got(page->browser);
	buf_bytes(&got, page->browser->got.data, page->browser->got.len);
	buf_u8(&got, '\0');
	for (size_t at = 0; at < got.len && page->browser->client != NULL; at++)
		if (at > 0 && got.data[at - 1] == '\0')
			take_frame(model, page, (char *)got.data + at);
	buf_free(&got);
	while (page->lowest <= page->last && page->requests[page->lowest].state != ASKED)
		page->lowest++;
}

static void
come(struct model *model, struct page *page)
{
	char path[16];

	if (page->browser->wsi.fd != 0)
		browser_close(page->browser);
	snprintf(path, sizeof(path), "/chat/%u", index_of(model, page) % PATHS);
	scene_come(&model->scene, index_of(model, page), path)->ping.frond = true;
	page->here = true;
	page->named = false;
}

static void
go(struct model *model, struct page *page)
{
	hear(model, page);
	scene_go(&model->scene, index_of(model, page));
	page->here = false;
	model->n_cuts++;
}

/* Its open has been acknowledged: it says who it is, and asks again. */
static void
begin(struct model *model, struct page *page)
{
	char words[40];

	snprintf(words, sizeof(words), "o %s", page->key);
	control(model, page, words);
	hear(model, page);
	for (unsigned number = page->lowest; number <= page->last; number++)
		if (page->requests[number].state == ASKED)
			ask(model, page, number);
}

static void
step_page(struct model *model, struct page *page)
{
	if (!page->here) {
		come(model, page);
		return;
	}
	if (page->browser->client->place.state != CLIENT_JOINED)
		return;
	if (!page->named) {
		begin(model, page);
		return;
	}
	hear(model, page);
	if (below(model, 6) == 0) {
		go(model, page);
	} else if (page->last + 1 < REQUESTS && page->last + 1 - page->lowest < OUTSTANDING &&
	    page->memory[0] != '\0') {
		page->requests[++page->last].state = ASKED;
		ask(model, page, page->last);
	}
}

/* --- the worker --------------------------------------------------------------------------- */

static void
take_events(struct model *model)
{
	struct wire_event event;

	while ((event = scene_next_event(&model->scene, 0)).id != 0 || event.kind != WIRE_ATTACH) {
		if (event.id == 0 || event.kind == WIRE_ATTACH || event.kind == WIRE_DETACH)
			continue;
		snprintf(
		    model->said[model->n_held], sizeof(model->said[0]), "%.*s", (int)event.data.len, event.data.data);
		model->held[model->n_held++] = event;
	}
}

static void
handle(struct model *model, const struct wire_event *event, const char *said)
{
	struct wire_record record = event_record(event);
	struct buf commands = BUF_INIT;
	unsigned page, number;
	char text[40];

	if (sscanf(said, "%u-%u", &page, &number) == 2) {
		struct request *request = &model->pages[page].requests[number];

		if (request->done)
			complain(model, "done twice", page, number);
		request->done = true;
		request->failed = below(model, 10) == 0;
		record.failed = request->failed;
		snprintf(text, sizeof(text), "yes %s", said);
		if (!record.failed)
			commands_put(&commands, WIRE_ANSWER, 0, text);
	}
	scene_acknowledge_as(&model->scene, 0, &record, &commands);
	buf_free(&commands);
}

/* Any of them, but of each connection the oldest first. */
static unsigned
choose(struct model *model)
{
	unsigned chosen = below(model, model->n_held);

	for (unsigned i = 0; i < chosen; i++)
		if (memcmp(&model->held[i].conn, &model->held[chosen].conn, sizeof(struct wire_id)) == 0)
			return i;
	return chosen;
}

static void
work(struct model *model, unsigned n)
{
	take_events(model);
	for (; n > 0 && model->n_held > 0; n--) {
		unsigned i = choose(model);
		size_t behind = --model->n_held - i;

		handle(model, &model->held[i], model->said[i]);
		memmove(model->held + i, model->held + i + 1, behind * sizeof(model->held[0]));
		memmove(model->said + i, model->said + i + 1, behind * sizeof(model->said[0]));
	}
}

static void
die(struct model *model)
{
	scene_peer_close(&model->scene, 0);
	scene_wait_for_workers(&model->scene, 0);
	model->n_held = 0;
	model->n_deaths++;
	scene_start_worker(&model->scene, 0);
}

/* --- the run -------------------------------------------------------------------------------- */

static void
step(struct model *model)
{
	unsigned what = below(model, 1000);

	if (what < 650)
		step_page(model, &model->pages[below(model, PAGES)]);
	else if (what < 950)
		work(model, below(model, 4));
	else if (what < 985)
		scene_tick(&model->scene, below(model, 3) * 1000);
	else if (what < 987)
		die(model);
	else
		model->scene.conf.ws_once_bytes = below(model, 4) == 0 ? below(model, 3000) : 1 << 20;
	scene_send_header(&model->scene, 0, WIRE_HEARTBEAT);
}

/* Until each request has come to its end. */
static bool
finish(struct model *model)
{
	bool over = false;

	model->scene.conf.ws_once_bytes = 1 << 20;
	for (unsigned i = 0; i < 1000 && !over; i++) {
		over = true;
		for (unsigned p = 0; p < PAGES; p++) {
			struct page *page = &model->pages[p];

			if (!page->here)
				come(model, page);
			else if (page->browser->client->place.state == CLIENT_JOINED && !page->named)
				begin(model, page);
			hear(model, page);
			over = over && page->lowest > page->last;
		}
		work(model, HELD);
	}
	return over;
}

int
main(void)
{
	struct model *model = calloc(1, sizeof(*model));
	unsigned n = 0, n_answered = 0, n_unknown = 0;

	model->random = SEED;
	scene_begin(&model->scene);
	model->scene.conf.ws_once_seconds = 5;
	scene_start_worker(&model->scene, 0);
	for (unsigned i = 0; i < PAGES; i++) {
		model->pages[i].browser = &model->scene.browsers[i];
		model->pages[i].lowest = 1;
		snprintf(model->pages[i].key, sizeof(model->pages[i].key), "%032u", i + 1);
	}
	for (unsigned i = 0; i < STEPS && !model->wrong; i++)
		step(model);
	OK(!model->wrong, "nothing takes effect twice, and what is answered is what was");
	OK(finish(model) && !model->wrong, "every request comes to its end");
	for (unsigned i = 0; i < PAGES; i++) {
		n += model->pages[i].last;
		for (unsigned number = 1; number <= model->pages[i].last; number++) {
			n_answered += model->pages[i].requests[number].state == ANSWERED;
			n_unknown += model->pages[i].requests[number].state == UNKNOWN;
		}
	}
	printf("# %u requests: %u answered, %u unknown; %u cuts, %u asked again, %u deaths of the worker\n", n,
	    n_answered, n_unknown, model->n_cuts, model->n_again, model->n_deaths);
	OK(n > 1000 && n_answered > n / 2 && n_unknown > 0 && model->n_again > 100 && model->n_deaths > 10,
	    "all of that has happened");
	OK(scene_end(&model->scene), "nothing is left");
	free(model);
	return tap_done();
}
