#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/roll.h"
#include "tests/tap.h"

/*
 * Clients without sockets that come and go at random, while lists are read a page at a
 * time; and beside it a plain list of who was there all the while.
 */

enum { SEED = 18, CLIENTS = 3000, STEPS = 60000, LONG = 1000 };

/* One client, and what is known of it. */
struct person {
	struct client *client; /* NULL while it is away */
	bool stayed;           /* since the list that is read was begun */
	unsigned n_listed;     /* in it */
	unsigned path;
};

struct model {
	struct hub hub;
	struct person persons[CLIENTS];
	uint32_t random;
	unsigned n_lists, n_listed, n_pages, n_came, largest;
	uint32_t slot;        /* where the list goes on */
	unsigned wanted_path; /* of it: PATHS for any */
	bool wrong;
};

enum { PATHS = 3 };

static const char *const names[PATHS + 1] = { "/a", "/b", "/c", "" };
static const struct conf conf = { .ws_queue_bytes = 1000, .ws_max_message = 100 };

/* Less than n; Numerical Recipes' generator, so that each run is the same. */
static unsigned
below(struct model *model, unsigned n)
{
	model->random = model->random * 1664525u + 1013904223u;
	return (model->random >> 8) % n;
}

static struct client *
come(struct hub *hub, unsigned n, const char *path, const char *user, const char *ip)
{
	struct wire_id id = { { (uint8_t)(n >> 8), (uint8_t)n } };
	struct client *client = client_new(&id);
	struct wire_meta meta = { .ip = span_of(ip) };

	hub_enter(hub, client, path, strlen(path));
	wire_put_meta(&client->feed.meta, &meta);
	users_set(&hub->users, client, span_of(user));
	client_recount(client);
	return client;
}

static void
go(struct hub *hub, struct client *client)
{
	hub_remove(hub, client);
	client_free(client);
}

static void
do_come(struct model *model, unsigned i)
{
	struct person *person = &model->persons[i];

	person->path = below(model, PATHS);
	person->client = come(&model->hub, i, names[person->path], "", "");
	person->stayed = false;
	model->n_came++;
}

static void
do_go(struct model *model, struct person *person)
{
	go(&model->hub, person->client);
	person->client = NULL;
}

/* --- lists ---------------------------------------------------------------------------- */

static void
begin_list(struct model *model)
{
	model->slot = 0;
	model->wanted_path = below(model, 2) == 0 ? PATHS : below(model, PATHS);
	for (unsigned i = 0; i < CLIENTS; i++) {
		model->persons[i].stayed = model->persons[i].client != NULL;
		model->persons[i].n_listed = 0;
	}
}

static bool
is_wanted(const struct model *model, const struct person *person)
{
	return model->wanted_path == PATHS || person->path == model->wanted_path;
}

/* Who stayed is listed once, and nobody twice but who left and came again. */
static void
end_list(struct model *model)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		const struct person *person = &model->persons[i];

		if (person->stayed && person->client != NULL && person->n_listed != is_wanted(model, person))
			model->wrong = true;
	}
	model->n_lists++;
	begin_list(model);
}

static void
take_row(struct model *model, const struct wire_conn *conn)
{
	struct person *person = &model->persons[conn->id.bytes[0] << 8 | conn->id.bytes[1]];

	model->wrong |=
	    person->client == NULL || !is_wanted(model, person) || !span_is(conn->path, names[person->path]);
	person->n_listed++;
	model->n_listed++;
}

static void
read_page(struct model *model)
{
	const struct roll_asked asked = { .path = span_of(names[model->wanted_path]),
		.max = below(model, 3) == 0 ? 1 + below(model, 40) : 0,
		.slot = model->slot };
	struct buf page = BUF_INIT;
	struct wire_reader reader;
	struct wire_conn conn;
	unsigned n = 0;
	uint32_t next = roll_put(&model->hub, &asked, &page);

	reader = wire_reader(page.data, page.len);
	for (; wire_get_conn(&reader, &conn) == 1; n++)
		take_row(model, &conn);
	model->wrong |= (asked.max > 0 && n > asked.max) || n > ROLL_SLOTS;
	model->wrong |= next != SLOTS_NONE && (next <= asked.slot || next - asked.slot > ROLL_SLOTS);
	buf_free(&page);
	model->n_pages++;
	model->slot = next;
	if (next == SLOTS_NONE)
		end_list(model);
}

static void
step(struct model *model, unsigned crowd)
{
	unsigned i = below(model, CLIENTS);
	struct person *person = &model->persons[i];

	if (below(model, 4) == 0)
		read_page(model);
	else if (person->client == NULL && HASH_COUNT(model->hub.clients) < crowd)
		do_come(model, i);
	else if (person->client != NULL && (below(model, 3) == 0 || HASH_COUNT(model->hub.clients) > crowd))
		do_go(model, person);
	if (HASH_COUNT(model->hub.clients) > model->largest)
		model->largest = HASH_COUNT(model->hub.clients);
}

/* The crowd grows and shrinks, so that the table does, and is empty now and then. */
static void
test_model(void)
{
	struct model *model = calloc(1, sizeof(*model));
	unsigned n = 0;

	model->random = SEED;
	hub_open(&model->hub, &conf, NULL, 1);
	begin_list(model);
	for (; n < STEPS && !model->wrong; n++)
		step(model, n / 10000 % 2 == 0 ? CLIENTS * 3 / 4 : 20);
	OK(n == STEPS, "who is there all the while is listed once, whoever comes and goes meanwhile");
	OK(model->n_lists > 100 && model->n_listed > 10000 && model->n_came > 1000 && model->largest > 1000,
	    "there were many lists, and many who came");
	for (unsigned i = 0; i < CLIENTS; i++)
		if (model->persons[i].client != NULL)
			do_go(model, &model->persons[i]);
	OK(model->hub.slots.all == NULL && model->hub.slots.n == 0, "nothing is left of an empty table");
	hub_close(&model->hub);
	free(model);
}

/* --- what is told ---------------------------------------------------------------------------- */

/* Reads a page from a slot. Returns how many are on it, and in *ret the last of them, borrowed from text. */
static unsigned
page_of(const struct hub *hub, const struct roll_asked *asked, struct buf *text, struct wire_conn *ret, uint32_t *next)
{
	struct wire_reader reader;
	unsigned n = 0;

	buf_clear(text);
	*next = roll_put(hub, asked, text);
	reader = wire_reader(text->data, text->len);
	while (wire_get_conn(&reader, ret) == 1)
		n++;
	return n;
}

static void
test_row(void)
{
	struct roll_asked any = { .path = SPAN_EMPTY, .user = SPAN_EMPTY }, asked = any;
	struct buf text = BUF_INIT;
	struct hub hub;
	struct client *alice, *bob;
	struct wire_conn conn;
	uint32_t next;

	hub_open(&hub, &conf, NULL, 1);
	OK(page_of(&hub, &any, &text, &conn, &next) == 0 && next == SLOTS_NONE, "of nobody there is an empty page");
	alice = come(&hub, 1, "/a", "alice", "192.0.2.1");
	alice->reading.n_messages = 7;
	alice->memory.partial = 5;
	OK(page_of(&hub, &any, &text, &conn, &next) == 1 && next == SLOTS_NONE, "one who is opening is listed");
	OK(memcmp(&conn.id, &alice->id, sizeof(conn.id)) == 0 && span_is(conn.path, "/a") &&
		span_is(conn.user, "alice") && span_is(conn.ip, "192.0.2.1"),
	    "with id, path, user and address");
	OK(conn.messages == 7 && conn.queued == 5 && conn.since_ms == alice->listed.since_ms && conn.since_ms > 0,
	    "and its messages, what waits for it, and since when");
	bob = come(&hub, 2, "/b", "", "");
	asked.user = span_of("alice");
	OK(page_of(&hub, &asked, &text, &conn, &next) == 1 && span_is(conn.user, "alice"), "those of a user");
	asked.path = span_of("/b");
	OK(page_of(&hub, &asked, &text, &conn, &next) == 0, "who is on a path");
	asked.user = SPAN_EMPTY;
	OK(page_of(&hub, &asked, &text, &conn, &next) == 1 && conn.user.len == 0, "those of a path, without a user");
	hub_disconnect(&hub, alice, 1000, NULL, SPAN_EMPTY);
	OK(page_of(&hub, &any, &text, &conn, &next) == 1 && span_is(conn.path, "/b"), "who has left is not listed");
	any.slot = 2;
	OK(page_of(&hub, &any, &text, &conn, &next) == 0 && next == SLOTS_NONE, "behind the end there is nobody");
	any.slot = SLOTS_NONE - 1;
	OK(page_of(&hub, &any, &text, &conn, &next) == 0 && next == SLOTS_NONE, "nor far behind it");
	go(&hub, alice);
	go(&hub, bob);
	buf_free(&text);
	hub_close(&hub);
}

static void
test_limits(void)
{
	static struct client *clients[ROLL_SLOTS + 10];
	struct roll_asked asked = { .path = SPAN_EMPTY, .user = SPAN_EMPTY };
	struct buf text = BUF_INIT;
	struct hub hub;
	struct wire_conn conn;
	char path[LONG + 1] = "/";
	uint32_t next;
	unsigned n;

	hub_open(&hub, &conf, NULL, 1);
	for (unsigned i = 0; i < ROLL_SLOTS + 10; i++)
		clients[i] = come(&hub, i, "/a", "", "");
	OK(page_of(&hub, &asked, &text, &conn, &next) == ROLL_SLOTS && next == ROLL_SLOTS, "a page is so many slots");
	asked.path = span_of("/b");
	OK(page_of(&hub, &asked, &text, &conn, &next) == 0 && next == ROLL_SLOTS, "also when it finds nobody there");
	asked.path = SPAN_EMPTY;
	asked.max = 3;
	OK(page_of(&hub, &asked, &text, &conn, &next) == 3 && next == 3, "or as many as are wanted");
	asked.max = 10;
	asked.slot = ROLL_SLOTS;
	OK(page_of(&hub, &asked, &text, &conn, &next) == 10 && next == SLOTS_NONE, "whose end may be that of all");
	for (unsigned i = 0; i < ROLL_SLOTS + 10; i++)
		go(&hub, clients[i]);

	memset(path + 1, 'p', LONG - 1);
	for (unsigned i = 0; i < ROLL_SLOTS; i++)
		clients[i] = come(&hub, i, path, "", "");
	asked = (struct roll_asked){ .path = SPAN_EMPTY, .user = SPAN_EMPTY };
	n = page_of(&hub, &asked, &text, &conn, &next);
	OK(n < ROLL_SLOTS && next == n && text.len >= ROLL_BYTES && text.len < ROLL_BYTES + 2 * LONG,
	    "nor is it larger than ROLL_BYTES and one more");
	for (unsigned i = 0; i < ROLL_SLOTS; i++)
		go(&hub, clients[i]);
	buf_free(&text);
	hub_close(&hub);
}

/* --- cursors -------------------------------------------------------------------------------------- */

static bool
is_cursor(const char *text)
{
	struct roll_cursor cursor;

	return roll_cursor_parse(span_of(text), &cursor) == 0;
}

static void
test_cursor(void)
{
	static const char *const bad[] = { "", ".", "1.0", "00000000", "00000000.", "00000000.-1", "00000000.x",
		"00000000.01", "0000000G.1", "0000000A.1", "00000000.4294967295", "00000000.99999999999999999999999",
		"00000000.1 ", " 00000000.1", "000000000.1" };
	struct roll_cursor cursor;
	char text[ROLL_CURSOR_BYTES];
	bool refused = true;

	roll_cursor_format((struct roll_cursor){ UINT32_MAX, SLOTS_NONE - 1 }, text);
	OK(strcmp(text, "ffffffff.4294967294") == 0, "the longest cursor has room");
	OK(roll_cursor_parse(span_of(text), &cursor) == 0 && cursor.host == UINT32_MAX && cursor.slot == SLOTS_NONE - 1,
	    "and is read again");
	OK(is_cursor("00000000.0") && is_cursor("0a0b0c0d.123"), "as are others");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused = refused && !is_cursor(bad[i]);
	OK(refused, "what is none is refused");
}

int
main(void)
{
	test_row();
	test_limits();
	test_cursor();
	test_model();
	return tap_done();
}
