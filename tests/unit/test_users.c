/* users: whose connections these are, against a plain list. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/conf.h"
#include "shared/username.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/users.h"
#include "tests/tap.h"

enum { CLIENTS = 40, STEPS = 20000, NOBODY = 0 };

static const char *const names[] = { "", "42", "alice", "a b/c:%*?[x]", "\xc3\xa4" };

enum { NAMES = sizeof(names) / sizeof(names[0]) };

/* What came and went, as the users told it. */
struct heard {
	unsigned here[NAMES];
	bool wrong;
};

struct model {
	struct hub hub;
	struct heard heard;
	unsigned random;
	struct client *clients[CLIENTS];
	unsigned of[CLIENTS]; /* whose, as an index of names */
};

static const struct conf conf = { .ws_queue_bytes = 65536, .ws_max_message = 65536 };

static unsigned
below(struct model *model, unsigned n)
{
	model->random = model->random * 1664525u + 1013904223u;
	return (model->random >> 8) % n;
}

static unsigned *
place_of(struct heard *heard, const struct user *user)
{
	for (unsigned i = 1; i < NAMES; i++)
		if (span_is(users_span(user), names[i]))
			return &heard->here[i];
	heard->wrong = true;
	return &heard->here[0];
}

static void
on_came(void *context, struct user *user)
{
	struct heard *heard = context;

	heard->wrong |= ++*place_of(heard, user) != 1;
}

static void
on_gone(void *context, struct user *user)
{
	struct heard *heard = context;

	heard->wrong |= --*place_of(heard, user) != 0;
}

static const struct users_events events = { .came = on_came, .gone = on_gone };

static struct client *
come(struct hub *hub, unsigned n)
{
	struct wire_id id = { { (uint8_t)(n >> 8), (uint8_t)n } };
	struct client *client = client_new(&id);
	const struct wire_meta meta = { .path = span_of("/a"), .ip = span_of("::1"), .claims = span_of("{}") };

	hub_enter(hub, client, "/a", 2);
	wire_put_meta(&client->feed.meta, &meta);
	wire_put_pair(&client->feed.meta, span_of("host"), span_of("a.org"));
	return client;
}

static void
go(struct hub *hub, struct client *client)
{
	hub_remove(hub, client);
	client_free(client);
}

static void
step(struct model *model)
{
	unsigned i = below(model, CLIENTS), name = below(model, NAMES);

	if (model->clients[i] == NULL) {
		model->clients[i] = come(&model->hub, i);
		model->of[i] = NOBODY;
	} else if (below(model, 4) > 0) {
		users_set(&model->hub.users, model->clients[i], span_of(names[name]));
		model->of[i] = name;
	} else {
		go(&model->hub, model->clients[i]);
		model->clients[i] = NULL;
	}
}

static unsigned
count(const struct model *model, unsigned name)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CLIENTS; i++)
		n += model->clients[i] != NULL && model->of[i] == name;
	return n;
}

static bool
knows(const struct client *client, const char *name)
{
	struct wire_meta meta;

	return wire_get_meta(span_of_buf(&client->feed.meta), &meta) == 0 && span_is(meta.user, name) &&
	    span_is(meta.claims, "{}") && meta.headers.len == 4 + 4 + 4 + 5;
}

static bool
is_right(const struct model *model)
{
	for (unsigned name = 1; name < NAMES; name++) {
		const struct user *user = users_find(&model->hub.users, span_of(names[name]));
		unsigned n = count(model, name), listed = 0;
		struct client *client;

		DL_FOREACH2(user == NULL ? NULL : user->first, client, user.next)
			listed++;
		if ((user == NULL ? 0 : user->n) != n || listed != n || model->heard.here[name] != (n > 0))
			return false;
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		if (model->clients[i] != NULL && !knows(model->clients[i], names[model->of[i]]))
			return false;
	return !model->heard.wrong;
}

static void
test_model(void)
{
	static struct model model = { .random = 20261127 };
	bool right = true;

	hub_open(&model.hub, &conf, NULL, 1);
	users_listen(&model.hub.users, &events, &model.heard);
	for (unsigned i = 0; i < STEPS && right; i++) {
		step(&model);
		users_sweep(&model.hub.users);
		right = is_right(&model);
	}
	OK(right, "the index equals a plain list after each of 20000 random steps");
	for (unsigned i = 0; i < CLIENTS; i++)
		if (model.clients[i] != NULL)
			go(&model.hub, model.clients[i]);
	OK(model.hub.users.by_name != NULL, "what is happening may still be about a user whose last connection goes");
	users_sweep(&model.hub.users);
	OK(model.hub.users.by_name == NULL, "and then he is forgotten");
	hub_close(&model.hub);
}

static void
test_names(void)
{
	char text[USERNAME_MAX_BYTES + 2];
	struct hub hub;
	struct client *client;

	memset(text, 'x', sizeof(text));
	hub_open(&hub, &conf, NULL, 1);
	client = come(&hub, 1);
	OK(users_set(&hub.users, client, (struct span){ text, USERNAME_MAX_BYTES }) == 0, "a name may have 255 bytes");
	OK(users_set(&hub.users, client, (struct span){ text, USERNAME_MAX_BYTES + 1 }) == -EINVAL, "and no more");
	OK(client->user.of != NULL && client->user.of->len == USERNAME_MAX_BYTES,
	    "one that is refused changes nothing");
	OK(users_set(&hub.users, client, (struct span){ "a\0b", 3 }) == -EINVAL, "a name has no NUL");
	OK(users_set(&hub.users, client, span_of("a\nb")) == -EINVAL &&
		users_set(&hub.users, client, span_of("\x7f")) == -EINVAL,
	    "and no control characters");
	OK(users_set(&hub.users, client, span_of("\xff")) == -EINVAL, "it is UTF-8");
	OK(users_set(&hub.users, client, SPAN_EMPTY) == 0 && client->user.of == NULL, "the empty one is nobody's");
	go(&hub, client);
	hub_close(&hub);
}

static enum wire_status
give(struct hub *hub, enum wire_command_type type, uint16_t code, struct span data, struct wire_reply *ret)
{
	const struct wire_command command = { .type = type, .code = code, .key = span_of("42"), .data = data };

	return apply_command(hub, NULL, &command, ret);
}

static void
test_commands(void)
{
	struct client *clients[3];
	struct wire_reply reply;
	struct hub hub;

	hub_open(&hub, &conf, NULL, 1);
	for (unsigned i = 0; i < 3; i++)
		clients[i] = come(&hub, i);
	users_set(&hub.users, clients[0], span_of("42"));
	users_set(&hub.users, clients[1], span_of("42"));
	OK(give(&hub, WIRE_USER_PUSH, 0, span_of("x"), &reply) == WIRE_OK && reply.connections == 0,
	    "a push is not for who is opening yet");
	hub_join(&hub, clients[0]);
	hub_join(&hub, clients[1]);
	hub_join(&hub, clients[2]);
	OK(give(&hub, WIRE_USER_PUSH, 0, span_of("x"), &reply) == WIRE_OK && reply.connections == 2 &&
		clients[0]->batch.n_own == 1 && clients[1]->batch.n_own == 1 && clients[2]->batch.n_own == 0,
	    "it is for all of the user's and for nobody else");
	OK(give(&hub, WIRE_USER_PUSH, 0, span_of("\xff"), &reply) == WIRE_INVALID, "text is UTF-8");
	OK(give(&hub, WIRE_USER_COUNT, 0, SPAN_EMPTY, &reply) == WIRE_OK && reply.connections == 2, "they are counted");

	OK(give(&hub, WIRE_USER_CLOSE, 1006, span_of("bye"), &reply) == WIRE_INVALID, "no server may send that code");
	OK(give(&hub, WIRE_USER_CLOSE, 1008, span_of("bye"), &reply) == WIRE_OK && reply.connections == 2 &&
		clients[0]->ending.code == 1008 && strcmp(clients[1]->ending.reason, "bye") == 0 &&
		clients[2]->ending.code == 0,
	    "all of the user's are closed, and nobody else's");
	OK(give(&hub, WIRE_USER_COUNT, 0, SPAN_EMPTY, &reply) == WIRE_OK && reply.connections == 0,
	    "and he has no more");
	for (unsigned i = 0; i < 3; i++)
		go(&hub, clients[i]);
	hub_close(&hub);
}

int
main(void)
{
	test_names();
	test_model();
	test_commands();
	return tap_done();
}
