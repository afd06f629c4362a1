#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/buf.h"
#include "sidecar/relay/redis.h"
#include "tests/tap.h"

enum { PATIENCE_MS = 10000 };

/* A Redis that says what the test says, on a socket in a folder of its own, and a connection to it. */
struct scene {
	char folder[64], path[96];
	int listener, server;
	uv_loop_t loop;
	struct redis *redis;
	uv_timer_t patience;
	bool impatient;

	struct buf log; /* of what the connection's events said: "KIND:TOKEN=text" */
	unsigned n_events;
	unsigned n_wanted; /* events, after which the loop stops */
	bool closes;       /* the connection is closed in its next event */
};

static void
note(struct scene *scene)
{
	if (++scene->n_events >= scene->n_wanted)
		uv_stop(&scene->loop);
	if (scene->closes) {
		redis_close(scene->redis);
		scene->redis = NULL;
	}
}

static void
on_reply(void *context, const struct redis_question *question, const redisReply *reply)
{
	struct scene *scene = context;
	const char *text = reply->type == REDIS_REPLY_ARRAY ? reply->element[0]->str : reply->str;

	if (question == NULL)
		buf_string(&scene->log, "push");
	else
		buf_printf(&scene->log, "%d:%d", question->kind, (int)question->token);
	buf_printf(&scene->log, "=%s;", text == NULL ? "" : text);
	note(scene);
}

static void
on_ended(void *context, const char *why)
{
	struct scene *scene = context;

	buf_printf(&scene->log, "ended:%s;", why);
	redis_close(scene->redis);
	scene->redis = NULL;
	note(scene);
}

static void
on_patience(uv_timer_t *timer)
{
	struct scene *scene = timer->data;

	scene->impatient = true;
	uv_stop(&scene->loop);
}

/* Lets the loop run until so many events more have come. Returns what they said. */
static const char *
run(struct scene *scene, unsigned n)
{
	buf_clear(&scene->log);
	scene->n_events = 0;
	scene->n_wanted = n;
	uv_timer_start(&scene->patience, on_patience, PATIENCE_MS, 0);
	uv_run(&scene->loop, UV_RUN_DEFAULT);
	uv_timer_stop(&scene->patience);
	return scene->impatient ? "nothing came" : buf_cstr(&scene->log);
}

static int
open_redis(struct scene *scene)
{
	static const struct redis_events events = { on_reply, on_ended };
	const struct redis_address address = { .path = scene->path };
	char why[REDIS_WHY_BYTES];

	return redis_open(&scene->redis, &scene->loop, &address, &events, scene, why);
}

static void
begin(struct scene *scene)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*scene = (struct scene){ .folder = "/tmp/tina4-test-redis-XXXXXX", .server = -1 };
	if (mkdtemp(scene->folder) == NULL)
		abort();
	snprintf(scene->path, sizeof(scene->path), "%s/redis", scene->folder);
	strcpy(address.sun_path, scene->path);
	scene->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(scene->listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(scene->listener, 1) < 0)
		abort();
	uv_loop_init(&scene->loop);
	uv_timer_init(&scene->loop, &scene->patience);
	scene->patience.data = scene;
	if (open_redis(scene) < 0)
		abort();
	scene->server = accept(scene->listener, NULL, NULL);
	uv_run(&scene->loop, UV_RUN_ONCE); /* it notices that it is connected */
}

static void
end(struct scene *scene)
{
	redis_close(scene->redis);
	uv_close((uv_handle_t *)&scene->patience, NULL);
	while (uv_run(&scene->loop, UV_RUN_DEFAULT) != 0)
		; /* an event outside of it has stopped it */
	OK(uv_loop_close(&scene->loop) == 0, "closed, it leaves nothing in the loop");
	buf_free(&scene->log);
	if (scene->server >= 0)
		close(scene->server);
	close(scene->listener);
	unlink(scene->path);
	rmdir(scene->folder);
}

static void
ask(struct scene *scene, int kind, uint64_t token, const char *word)
{
	const struct span words[] = { span_of(word) };

	redis_ask(scene->redis, (struct redis_question){ kind, token }, 1, words);
}

/* True when the server has got exactly this. */
static bool
server_got(struct scene *scene, const char *what)
{
	char got[512];
	size_t want = strlen(what), n = 0;

	while (n < want) {
		ssize_t r = recv(scene->server, got + n, want - n, 0);

		if (r <= 0)
			return false;
		n += (size_t)r;
	}
	return memcmp(got, what, want) == 0 && recv(scene->server, got, 1, MSG_DONTWAIT) < 0;
}

static void
server_says(struct scene *scene, const char *what)
{
	if (send(scene->server, what, strlen(what), MSG_NOSIGNAL) < 0)
		abort();
}

static void
test_questions(void)
{
	struct scene scene;

	begin(&scene);
	ask(&scene, 1, 10, "PING");
	ask(&scene, 2, 20, "ECHO");
	OK(redis_unsent(scene.redis) > 0 && recv(scene.server, &(char){ 0 }, 1, MSG_DONTWAIT) < 0,
	    "what is asked is gathered");
	redis_flush(scene.redis);
	OK(server_got(&scene, "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nECHO\r\n") && redis_unsent(scene.redis) == 0,
	    "and leaves with a flush");
	server_says(&scene, "+one\r\n-two");
	OK(strcmp(run(&scene, 1), "1:10=one;") == 0, "an answer comes with its question");
	server_says(&scene, "\r\n");
	OK(strcmp(run(&scene, 1), "2:20=two;") == 0, "in pieces too; an error is one");
	end(&scene);
}

static void
test_channels(void)
{
	struct scene scene;

	begin(&scene);
	ask(&scene, 0, 0, "SUBSCRIBE");
	ask(&scene, 1, 10, "PING");
	redis_flush(scene.redis);
	server_says(&scene,
	    "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
	    "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"
	    "+PONG\r\n");
	OK(strcmp(run(&scene, 3), "push=subscribe;push=message;1:10=PONG;") == 0,
	    "messages of channels come between answers, and answer no question");
	end(&scene);
}

static void
test_encoded(void)
{
	struct scene scene;

	begin(&scene);
	redis_ask_encoded(
	    scene.redis, (struct redis_question){ 3, 0 }, 2, span_of("*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n"));
	redis_flush(scene.redis);
	OK(server_got(&scene, "*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n"), "what is encoded already goes as it is");
	server_says(&scene, ":1\r\n:2\r\n");
	OK(strcmp(run(&scene, 2), "3:0=;3:0=;") == 0, "and each of it is answered");
	end(&scene);
}

static void
test_silence(void)
{
	struct scene scene;

	begin(&scene);
	OK(redis_silent_ms(scene.redis) == 0, "who was asked nothing is not silent");
	ask(&scene, 1, 0, "PING");
	redis_flush(scene.redis);
	do {
		uv_run(&scene.loop, UV_RUN_NOWAIT);
		uv_update_time(&scene.loop);
	} while (redis_silent_ms(scene.redis) == 0);
	OK(redis_silent_ms(scene.redis) > 0, "who owes an answer is");
	server_says(&scene, "+PONG\r\n");
	run(&scene, 1);
	OK(redis_silent_ms(scene.redis) == 0 && redis_heard_ms(scene.redis) > 0, "until it comes");
	end(&scene);
}

static void
test_ends(void)
{
	struct scene scene;

	begin(&scene);
	server_says(&scene, "-NOAUTH who are you\r\n");
	OK(strcmp(run(&scene, 1), "ended:NOAUTH who are you;") == 0,
	    "an error to no question ends it, and is the reason");
	end(&scene);

	begin(&scene);
	server_says(&scene, "hello\r\n");
	OK(strstr(run(&scene, 1), "ended:") != NULL, "so does who speaks another protocol");
	end(&scene);

	begin(&scene);
	ask(&scene, 1, 5, "PING");
	redis_flush(scene.redis);
	server_says(&scene, "+last words\r\n");
	close(scene.server);
	scene.server = -1;
	OK(strncmp(run(&scene, 2), "1:5=last words;ended:", 21) == 0, "what was said before an end is heard");
	end(&scene);

	begin(&scene);
	ask(&scene, 1, 5, "PING");
	server_says(&scene, "-ERR max number of clients reached\r\n");
	close(scene.server);
	scene.server = -1;
	buf_clear(&scene.log);
	redis_flush(scene.redis);
	OK(strncmp(buf_cstr(&scene.log), "1:5=ERR max number of clients reached;ended:", 44) == 0,
	    "also when the end is noticed in writing");
	end(&scene);
}

static void
test_close_in_event(void)
{
	struct scene scene;

	begin(&scene);
	ask(&scene, 1, 1, "PING");
	ask(&scene, 1, 2, "PING");
	redis_flush(scene.redis);
	scene.closes = true;
	server_says(&scene, "+a\r\n+b\r\n");
	OK(strcmp(run(&scene, 1), "1:1=a;") == 0, "closed in an event, it says no more");
	end(&scene);
}

static void
test_drain(void)
{
	struct scene scene;

	begin(&scene);
	ask(&scene, 1, 1, "PING");
	redis_flush(scene.redis);
	server_says(&scene, "+a\r\n");
	buf_clear(&scene.log);
	redis_drain(scene.redis);
	OK(strcmp(buf_cstr(&scene.log), "1:1=a;") == 0, "draining takes what has arrived, without the loop");
	end(&scene);
}

static void
test_nobody_there(void)
{
	struct scene scene;
	struct redis *first;
	bool refused;

	begin(&scene);
	first = scene.redis;
	close(scene.listener);
	scene.redis = NULL;
	refused = open_redis(&scene) < 0 || strstr(run(&scene, 1), "ended:") != NULL;
	OK(refused && scene.redis == NULL, "a Redis that is not there is told");
	scene.redis = first;
	scene.listener = dup(scene.server);
	end(&scene);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_questions();
	test_channels();
	test_encoded();
	test_silence();
	test_ends();
	test_close_in_event();
	test_drain();
	test_nobody_there();
	return tap_done();
}
