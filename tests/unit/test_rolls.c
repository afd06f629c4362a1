#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/path.h"
#include "shared/username.h"
#include "sidecar/feed/rolls.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/roll.h"
#include "tests/tap.h"

/* This host is 0x20; others are the test's, and are asked and answer as it says. */

enum { OWN = 0x20, MAX_ASKED = 8 };

static const struct conf conf = { .ws_queue_bytes = 1000, .ws_max_message = 100 };

struct scene {
	struct hub hub;
	struct rolls rolls;
	struct client *clients[4];
	const uint32_t *hosts; /* that are there, ending with 0 */
	int result;            /* of asking one */
	struct {
		uint32_t host;
		uint64_t token;
		char cursor[ROLL_CURSOR_BYTES], only[16], path[16];
	} asked[MAX_ASKED];
	unsigned n_asked;
};

/* Who asks, and what came of it. */
struct asker {
	unsigned n;
	enum wire_status status;
	struct buf text;
	struct wire_conns page;
	unsigned n_conns;
};

static bool
next_host(void *context, uint64_t from, uint32_t *ret)
{
	const struct scene *scene = context;
	bool found = false;

	for (const uint32_t *host = scene->hosts; *host != 0; host++)
		if (*host >= from && (!found || *host < *ret)) {
			*ret = *host;
			found = true;
		}
	return found;
}

static void
copy(struct span from, char *ret, size_t size)
{
	snprintf(ret, size, "%.*s", (int)from.len, from.data);
}

static int
ask_host(void *context, uint32_t host, const struct wire_command *command, uint64_t token)
{
	struct scene *scene = context;
	struct wire_conns_asked asked;

	if (scene->result < 0)
		return scene->result;
	wire_get_conns_asked(command->data, &asked);
	scene->asked[scene->n_asked].host = host;
	scene->asked[scene->n_asked].token = token;
	copy(asked.cursor, scene->asked[scene->n_asked].cursor, ROLL_CURSOR_BYTES);
	copy(asked.host, scene->asked[scene->n_asked].only, 16);
	copy(command->key, scene->asked[scene->n_asked].path, 16);
	scene->n_asked++;
	return 0;
}

static void
take(void *whom, const struct wire_reply *reply)
{
	struct asker *asker = whom;
	struct wire_reader conns;
	struct wire_conn conn;

	asker->n++;
	asker->status = reply->status;
	asker->n_conns = 0;
	asker->page = (struct wire_conns){ 0 };
	buf_clear(&asker->text);
	buf_bytes(&asker->text, reply->text.data, reply->text.len);
	if (reply->status != WIRE_OK || wire_get_conns(span_of_buf(&asker->text), &asker->page) < 0)
		return;
	for (conns = asker->page.conns; wire_get_conn(&conns, &conn) == 1;)
		asker->n_conns++;
}

static void
begin(struct scene *scene, const uint32_t *hosts)
{
	static const struct rolls_events events = { next_host, ask_host };

	*scene = (struct scene){ .hosts = hosts };
	hub_open(&scene->hub, &conf, NULL, 1);
	rolls_open(&scene->rolls, &scene->hub, OWN);
	if (hosts != NULL)
		rolls_listen(&scene->rolls, &events, scene);
	for (uint8_t i = 0; i < 4; i++) {
		scene->clients[i] = client_new(&(struct wire_id){ { i } });
		hub_enter(&scene->hub, scene->clients[i], "/a", 2);
		wire_put_meta(&scene->clients[i]->feed.meta, &(struct wire_meta){ 0 });
		client_recount(scene->clients[i]);
	}
}

static void
end(struct scene *scene)
{
	rolls_close(&scene->rolls);
	for (unsigned i = 0; i < 4; i++) {
		hub_remove(&scene->hub, scene->clients[i]);
		client_free(scene->clients[i]);
	}
	hub_close(&scene->hub);
}

static void
ask_for(struct scene *scene, struct asker *asker, const char *path, const struct wire_conns_asked *asked)
{
	struct wire_command command = { .type = WIRE_CONNS, .key = span_of(path) };
	struct buf data = BUF_INIT;

	wire_put_conns_asked(&data, asked);
	command.data = span_of_buf(&data);
	rolls_ask(&scene->rolls, &command, take, asker);
	buf_free(&data);
}

static void
ask(struct scene *scene, struct asker *asker, const char *cursor, const char *host)
{
	ask_for(scene, asker, "/a", &(struct wire_conns_asked){ 0, span_of(cursor), span_of(host), SPAN_EMPTY });
}

static bool
got(const struct asker *asker, uint32_t host, bool answered, unsigned n_conns, const char *cursor)
{
	return asker->status == WIRE_OK && asker->page.host == host && asker->page.answered == answered &&
	    asker->n_conns == n_conns && span_is(asker->page.cursor, cursor);
}

/* A host answers the latest question with so many connections, and says that it is this one. */
static void
answer(struct scene *scene, uint32_t host, unsigned n_conns, const char *cursor)
{
	struct wire_reply reply = { 0 };
	struct buf text = BUF_INIT;

	wire_put_conns(&text, &(struct wire_conns){ .host = host, .answered = true, .cursor = span_of(cursor) });
	for (unsigned i = 0; i < n_conns; i++)
		wire_put_conn(&text, &(struct wire_conn){ .path = span_of("/a") });
	reply.text = span_of_buf(&text);
	rolls_answered(&scene->rolls, scene->asked[scene->n_asked - 1].token, &reply);
	buf_free(&text);
}

/* --- alone ------------------------------------------------------------------------------ */

static void
test_alone(void)
{
	struct scene scene;
	struct asker asker = { 0 };

	begin(&scene, NULL);
	ask(&scene, &asker, "", "");
	OK(asker.n == 1 && got(&asker, OWN, true, 4, ""), "a host alone answers at once, for itself");
	ask_for(&scene, &asker, "/a", &(struct wire_conns_asked){ 3, SPAN_EMPTY, SPAN_EMPTY, SPAN_EMPTY });
	OK(got(&asker, OWN, true, 3, "00000020.3"), "a page may be smaller, and says how to go on");
	ask(&scene, &asker, "00000020.3", "");
	OK(got(&asker, OWN, true, 1, ""), "which leads to the rest");
	ask(&scene, &asker, "00000021.0", "");
	OK(got(&asker, 0x21, false, 0, ""), "a host that is not there does not answer");
	ask(&scene, &asker, "00000010.0", "");
	OK(got(&asker, 0x10, false, 0, "00000020.0"), "behind which the next one comes");
	end(&scene);
	buf_free(&asker.text);
}

static bool
is_refused(struct scene *scene, const char *path, const struct wire_conns_asked *asked)
{
	struct asker asker = { 0 };
	bool refused;

	ask_for(scene, &asker, path, asked);
	refused = asker.n == 1 && asker.status == WIRE_INVALID && asker.text.len > 0;
	buf_free(&asker.text);
	return refused;
}

static void
test_wrong(void)
{
	struct scene scene;
	struct asker asker = { 0 };
	const struct wire_command cut = { .type = WIRE_CONNS, .data = { "\0\0\0", 3 } };
	char text[PATH_MAX_BYTES + 2];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	begin(&scene, NULL);
	rolls_ask(&scene.rolls, &cut, take, &asker);
	OK(asker.n == 1 && asker.status == WIRE_INVALID, "a question that is cut short is refused");
	OK(is_refused(&scene, "", &(struct wire_conns_asked){ .cursor = span_of("x") }), "so is a cursor that is none");
	OK(is_refused(&scene, "", &(struct wire_conns_asked){ .host = span_of("x") }), "and a host");
	OK(is_refused(&scene, "", &(struct wire_conns_asked){ .host = span_of("00000020x") }), "one that is too long");
	OK(is_refused(
	       &scene, "", &(struct wire_conns_asked){ .host = span_of("00000020"), .cursor = span_of("00000021.0") }),
	    "a cursor of another host than is asked for");
	OK(is_refused(&scene, text, &(struct wire_conns_asked){ 0 }), "a path that is too long");
	text[USERNAME_MAX_BYTES + 1] = '\0';
	OK(is_refused(&scene, "", &(struct wire_conns_asked){ .user = span_of(text) }), "and a user");
	end(&scene);
	buf_free(&asker.text);
}

/* --- with others ---------------------------------------------------------------------------- */

static void
test_others(void)
{
	static const uint32_t hosts[] = { 0x30, 0x10, 0 };
	struct scene scene;
	struct asker asker = { 0 };

	begin(&scene, hosts);
	ask(&scene, &asker, "", "");
	OK(asker.n == 0 && scene.n_asked == 1 && scene.asked[0].host == 0x10,
	    "the host with the least number comes first");
	OK(strcmp(scene.asked[0].cursor, "00000010.0") == 0 && strcmp(scene.asked[0].only, "00000010") == 0 &&
		strcmp(scene.asked[0].path, "/a") == 0,
	    "it is asked for its own connections, of that path");
	answer(&scene, 0x10, 2, "00000010.256");
	OK(asker.n == 1 && got(&asker, 0x10, true, 2, "00000010.256"), "whose page is handed on");
	ask(&scene, &asker, "00000010.256", "");
	OK(strcmp(scene.asked[1].cursor, "00000010.256") == 0, "as is a cursor of it");
	answer(&scene, 0x10, 1, "");
	OK(got(&asker, 0x10, true, 1, "00000020.0"), "behind its last page this host is next");
	ask(&scene, &asker, "00000020.0", "");
	OK(asker.n == 3 && got(&asker, OWN, true, 4, "00000030.0"), "and then the one behind it");
	ask(&scene, &asker, "00000030.0", "");
	answer(&scene, 0x30, 0, "");
	OK(asker.n == 4 && got(&asker, 0x30, true, 0, ""), "which is the last");
	ask(&scene, &asker, "", "00000010");
	answer(&scene, 0x10, 3, "");
	OK(got(&asker, 0x10, true, 3, ""), "who wants one host only gets no other");
	end(&scene);
	buf_free(&asker.text);
}

static void
test_silence(void)
{
	static const uint32_t hosts[] = { 0x10, 0x30, 0 };
	struct scene scene;
	struct asker asker = { 0 }, gone = { 0 };

	begin(&scene, hosts);
	ask(&scene, &asker, "", "");
	rolls_answered(&scene.rolls, scene.asked[0].token, NULL);
	OK(asker.n == 1 && got(&asker, 0x10, false, 0, "00000020.0"),
	    "a host that does not answer is named and passed");
	rolls_answered(&scene.rolls, scene.asked[0].token, NULL);
	OK(asker.n == 1, "once");
	ask(&scene, &gone, "", "");
	rolls_forget(&scene.rolls, &gone);
	answer(&scene, 0x10, 1, "");
	OK(gone.n == 0, "who is gone is not answered");
	scene.result = -ENOTCONN;
	ask(&scene, &asker, "", "");
	OK(asker.n == 2 && got(&asker, 0x10, false, 0, "00000020.0"),
	    "one that is not to be reached is passed at once");
	scene.result = -EBUSY;
	ask(&scene, &asker, "", "");
	OK(asker.n == 3 && asker.status == WIRE_BUSY, "where too many are asked already, that is said");
	scene.result = 0;
	ask(&scene, &asker, "", "00000010");
	end(&scene);
	OK(asker.n == 4 && got(&asker, 0x10, false, 0, ""), "in the end who still waits is answered");
	buf_free(&asker.text);
}

static void
test_nonsense(void)
{
	static const uint32_t hosts[] = { 0x10, 0 };
	const struct wire_reply cut = { .text = { "\0\0", 2 } }, refused = { .status = WIRE_BUSY };
	struct wire_reply reply = { 0 };
	struct buf text = BUF_INIT;
	struct scene scene;
	struct asker asker = { 0 };

	begin(&scene, hosts);
	ask(&scene, &asker, "", "");
	answer(&scene, 0x30, 1, "");
	OK(got(&asker, 0x10, false, 0, "00000020.0"), "what a host says of another is no answer");
	ask(&scene, &asker, "", "");
	rolls_answered(&scene.rolls, scene.asked[1].token, &cut);
	OK(asker.n == 2 && got(&asker, 0x10, false, 0, "00000020.0"), "nor is what is cut short");
	ask(&scene, &asker, "", "");
	rolls_answered(&scene.rolls, scene.asked[2].token, &refused);
	OK(asker.n == 3 && got(&asker, 0x10, false, 0, "00000020.0"), "nor a refusal");
	ask(&scene, &asker, "", "");
	wire_put_conns(&text, &(struct wire_conns){ .host = 0x10, .answered = true });
	buf_u32(&text, 7);
	reply.text = span_of_buf(&text);
	rolls_answered(&scene.rolls, scene.asked[3].token, &reply);
	OK(asker.n == 4 && got(&asker, 0x10, false, 0, "00000020.0"), "nor rows that are none");
	ask(&scene, &asker, "00000010.5", "");
	answer(&scene, 0x10, 1, "00000010.5");
	OK(got(&asker, 0x10, false, 0, "00000020.0"), "nor a cursor that does not lead on");
	ask(&scene, &asker, "", "");
	answer(&scene, 0x10, 1, "00000030.7");
	OK(got(&asker, 0x10, false, 0, "00000020.0"), "or to another host");
	end(&scene);
	buf_free(&text);
	buf_free(&asker.text);
}

/* --- asked by another host ------------------------------------------------------------------------ */

static void
tell(struct scene *scene, const char *host, struct asker *ret)
{
	struct wire_command command = { .type = WIRE_CONNS, .key = span_of("/a") };
	struct buf data = BUF_INIT, text = BUF_INIT;
	struct wire_reply reply;

	wire_put_conns_asked(&data, &(struct wire_conns_asked){ .host = span_of(host) });
	command.data = span_of_buf(&data);
	rolls_tell(&scene->rolls, &command, &text, &reply);
	take(ret, &reply);
	buf_free(&data);
	buf_free(&text);
}

static void
test_told(void)
{
	static const uint32_t hosts[] = { 0x10, 0x30, 0 };
	struct scene scene;
	struct asker asker = { 0 };

	begin(&scene, hosts);
	tell(&scene, "00000020", &asker);
	OK(got(&asker, OWN, true, 4, ""), "another host is told of ours, and of no other");
	tell(&scene, "00000030", &asker);
	OK(asker.status == WIRE_INVALID && scene.n_asked == 0, "for others it has to ask those");
	tell(&scene, "", &asker);
	OK(asker.status == WIRE_INVALID, "one question leads to no other");
	end(&scene);
	buf_free(&asker.text);
}

int
main(void)
{
	test_alone();
	test_wrong();
	test_others();
	test_silence();
	test_nonsense();
	test_told();
	return tap_done();
}
