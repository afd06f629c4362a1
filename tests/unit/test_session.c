#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/ws/conn.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/response.h"
#include "fcgi/session/session.h"
#include "fcgi/session/store.h"
#include "shared/buf.h"
#include "shared/wire.h"
#include "tests/tap.h"

/*
 * A browser visits an app: each visit runs what the test says, and its cookie
 * is kept for the next. All of it is done with files and again with Redis.
 */

enum { TTL = 600, MAX_BYTES = 1024, ID_CHARS = 43 };

static char folder[] = "/tmp/test_session.XXXXXX";
static struct tina4_app *app;

/* --- a browser -------------------------------------------------------------------- */

typedef int act(struct tina4_session *session);

static act *todo;        /* in the next visit */
static const char *seen; /* what a visit found under "name" */
static char seen_text[MAX_BYTES];
static char jar[256];        /* the cookie's value */
static char set_cookie[512]; /* the header of the last answer; "" when it had none */

static int
handler(struct tina4_request *req, struct tina4_response *res)
{
	struct tina4_session *session = NULL;
	int r = tina4_request_session(req, &session);

	if (r < 0)
		return r;
	r = todo != NULL ? todo(session) : 0;
	return r < 0 ? r : tina4_response_text(res, "done");
}

static void
keep_cookie(const struct tina4_response *res)
{
	const char *text = fields_get(&res->cookies, "tina4_session");

	snprintf(set_cookie, sizeof(set_cookie), "%s", text != NULL ? text : "");
	if (text != NULL)
		snprintf(jar, sizeof(jar), "%.*s", (int)strcspn(text + strlen("tina4_session="), ";"),
		    text + strlen("tina4_session="));
}

/* Returns the status. */
static int
visit_with(const char *https, act *what)
{
	char cookie[512];
	char *env[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/", (char *)https, jar[0] != '\0' ? cookie : NULL, NULL };
	struct buf body = BUF_INIT;
	struct tina4_response res;
	int status;

	snprintf(cookie, sizeof(cookie), "HTTP_COOKIE=a=b; tina4_session=%s; c=d", jar);
	todo = what;
	response_init(&res);
	dispatch(app, env, 0, &body, &res);
	status = res.status;
	keep_cookie(&res);
	response_free(&res);
	buf_free(&body);
	return status;
}

static int
visit(act *what)
{
	return visit_with("HTTPS=", what);
}

static int
look(struct tina4_session *session)
{
	const char *name = tina4_session_get_string(session, "name");

	snprintf(seen_text, sizeof(seen_text), "%s", name != NULL ? name : "");
	seen = name != NULL ? seen_text : NULL;
	return 0;
}

static bool
finds(const char *expected)
{
	visit(look);
	return expected == NULL ? seen == NULL : seen != NULL && strcmp(seen, expected) == 0;
}

static int
name_alice(struct tina4_session *session)
{
	return tina4_session_set_string(session, "name", "Alice");
}

static int
name_bob(struct tina4_session *session)
{
	return tina4_session_set_string(session, "name", "Bob");
}

static int
log_in(struct tina4_session *session)
{
	tina4_session_regenerate(session);
	return tina4_session_set_string(session, "name", "Carol");
}

static int
log_out(struct tina4_session *session)
{
	return tina4_session_destroy(session);
}

static void
begin_anew(void)
{
	jar[0] = '\0';
	visit(name_alice);
}

/* --- the two stores ------------------------------------------------------------------ */

struct backend {
	const char *name;
	size_t (*entries)(void); /* sessions that the store has */
	void (*end_all)(void);   /* as if their time were over */
	void (*take_away)(void); /* nobody reaches the store any more */
	void (*bring_back)(void);
};

static const struct backend *backend;

/* What a test may want to know of the directory. */
struct listing {
	size_t entries;
	size_t others;
	char name[256]; /* of an entry */
};

static const char *
path_of(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/store/%s", folder, name);
	return path;
}

static struct listing
list(void)
{
	struct listing listing = { 0 };
	DIR *stream = opendir(path_of(""));
	struct dirent *entry;

	while (stream != NULL && (entry = readdir(stream)) != NULL) {
		if (entry->d_name[0] == '.') {
			listing.others += strncmp(entry->d_name, ".new", 4) == 0;
			continue;
		}
		snprintf(listing.name, sizeof(listing.name), "%s", entry->d_name);
		listing.entries++;
	}
	if (stream != NULL)
		closedir(stream);
	return listing;
}

static size_t
file_entries(void)
{
	return list().entries;
}

static void
set_age(const char *name, time_t seconds)
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - seconds }, { .tv_sec = time(NULL) - seconds } };

	utimensat(AT_FDCWD, path_of(name), times, 0);
}

/* Calls one(name) for every file of the directory. */
static void
for_files(void (*one)(const char *name))
{
	DIR *stream = opendir(path_of(""));
	struct dirent *entry;

	while (stream != NULL && (entry = readdir(stream)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			one(entry->d_name);
	if (stream != NULL)
		closedir(stream);
}

static void
end_one(const char *name)
{
	set_age(name, TTL);
}

static void
file_end_all(void)
{
	for_files(end_one);
}

static void
file_take_away(void)
{
	chmod(path_of(""), 0750);
}

static void
file_bring_back(void)
{
	chmod(path_of(""), 0700);
}

static void
remove_one(const char *name)
{
	unlink(path_of(name));
}

static pid_t redis_pid;
static redisContext *redis;

static const char *
socket_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/redis.sock", folder);
	return path;
}

/* Waits for the line that says it serves. Returns false when it ended instead. */
static bool
wait_until_ready(int fd)
{
	FILE *stream = fdopen(fd, "r");
	char line[512];
	bool ready = false;

	while (!ready && fgets(line, sizeof(line), stream) != NULL)
		ready = strstr(line, "eady to accept connections") != NULL;
	fclose(stream);
	return ready;
}

static bool
redis_start(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	redis_pid = fork();
	if (redis_pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		signal(SIGPIPE, SIG_IGN); /* its log has no reader later */
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket_path(), "--save", "",
		    "--appendonly", "no", "--dir", folder, "--requirepass", "p@ss:word", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	if (!wait_until_ready(ends[0])) {
		waitpid(redis_pid, NULL, 0);
		redis_pid = 0;
		return false;
	}
	redis = redisConnectUnix(socket_path());
	freeReplyObject(redisCommand(redis, "AUTH %s", "p@ss:word"));
	freeReplyObject(redisCommand(redis, "SELECT 2"));
	return true;
}

static void
redis_stop(void)
{
	if (redis_pid == 0)
		return;
	redisFree(redis);
	kill(redis_pid, SIGKILL);
	waitpid(redis_pid, NULL, 0);
	redis_pid = 0;
}

/* Returns what an integer reply says. */
static long long
redis_number(const char *format, const char *argument)
{
	redisReply *reply = redisCommand(redis, format, argument);
	long long number = reply != NULL ? reply->integer : -1;

	freeReplyObject(reply);
	return number;
}

static size_t
redis_entries(void)
{
	return (size_t)redis_number("DBSIZE", NULL);
}

static void
redis_end_all(void)
{
	redis_number("FLUSHDB", NULL);
}

static void
redis_take_away(void)
{
	redis_stop();
}

static void
redis_bring_back(void)
{
	redis_start();
}

static const struct backend backends[] = {
	{ "file", file_entries, file_end_all, file_take_away, file_bring_back },
	{ "redis", redis_entries, redis_end_all, redis_take_away, redis_bring_back },
};

static struct tina4_app *
new_app(const char *name)
{
	char settings[4][256];
	char *environment[] = { settings[0], settings[1], settings[2], settings[3], "TINA4_SESSION_TTL=600",
		"TINA4_SESSION_MAX_BYTES=1024", NULL };
	struct tina4_app *made = tina4_app_new();
	struct buf errors = BUF_INIT;

	snprintf(settings[0], sizeof(settings[0]), "TINA4_SESSION_BACKEND=%s", backend->name);
	snprintf(settings[1], sizeof(settings[1]), "TINA4_SESSION_PATH=%s/store", folder);
	snprintf(settings[2], sizeof(settings[2]), "TINA4_SESSION_URL=unix://:p%%40ss%%3Aword@%s?db=2", socket_path());
	snprintf(settings[3], sizeof(settings[3]), "TINA4_APP=%s", name);
	if (conf_parse(&made->conf, environment, NULL, ".env", &errors) < 0 || sessions_open(made) < 0) {
		printf("Bail out! %s\n", buf_cstr(&errors));
		exit(1);
	}
	buf_free(&errors);
	made->name = made->conf.app;
	tina4_get(made, "/", handler);
	return made;
}

/* --- what holds with each store --------------------------------------------------------- */

static void
a_visit_costs_nothing(void)
{
	OK(finds(NULL), "a new visitor has no values");
	OK(set_cookie[0] == '\0', "gets no cookie");
	OK(backend->entries() == 0, "and is not stored");
}

static void
a_value_stays(void)
{
	begin_anew();
	OK(strlen(jar) == ID_CHARS, "the first value brings a cookie, 256 bits");
	OK(strstr(set_cookie, "; Path=/; HttpOnly; SameSite=Lax") != NULL, "that scripts and other sites cannot use");
	OK(strstr(set_cookie, "Secure") == NULL && strstr(set_cookie, "Max-Age") == NULL, "for as long as the browser");
	OK(backend->entries() == 1, "there is one entry");
	OK(finds("Alice"), "the value is there in the next visit");
	OK(set_cookie[0] == '\0', "which sets no cookie");
	OK(visit(name_bob) == 200 && set_cookie[0] == '\0' && finds("Bob"), "it can change");
	OK(backend->entries() == 1, "within the same entry");
	jar[0] = '\0';
	visit_with("HTTPS=on", name_alice);
	OK(strstr(set_cookie, "; Secure") != NULL, "behind https the cookie is Secure");
	OK(backend->entries() == 2, "another visitor has another session");
}

static int
set_json(struct tina4_session *session)
{
	cJSON *cart = cJSON_Parse("{\"items\":[1,2]}"), *none = NULL, *number = cJSON_CreateNumber(7);
	int r = tina4_session_set(session, "cart", &cart);

	OK(r == 0 && cart == NULL, "a JSON value is taken");
	OK(tina4_session_set(session, "", &number) == -EINVAL && number == NULL, "a name is not empty");
	OK(tina4_session_set(session, "absent", &none) == 0, "what is not there can be unset");
	OK(tina4_session_set(session, "absent", NULL) == 0, "also by no address at all");
	OK(tina4_session_set(session, NULL, NULL) == -EINVAL, "but it has a name");
	return tina4_session_set_string(session, "name", NULL);
}

static int
check_json(struct tina4_session *session)
{
	const cJSON *cart = tina4_session_get(session, "cart");

	OK(cJSON_GetArraySize(cJSON_GetObjectItem(cart, "items")) == 2, "it comes back as JSON");
	OK(tina4_session_get_string(session, "cart") == NULL, "and is no string");
	OK(tina4_session_get(session, "name") == NULL, "a value that was unset is gone");
	return 0;
}

static void
values_are_json(void)
{
	begin_anew();
	visit(set_json);
	visit(check_json);
}

static bool
is_adopted(const char *id)
{
	size_t before = backend->entries();

	snprintf(jar, sizeof(jar), "%s", id);
	if (!finds(NULL) || backend->entries() != before)
		return true;
	visit(name_alice);
	return strcmp(jar, id) == 0 || strlen(jar) != ID_CHARS || backend->entries() != before + 1;
}

static void
unknown_ids_are_not_adopted(void)
{
	OK(!is_adopted("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "an id that we never gave");
	OK(!is_adopted("../../evil") && access("/tmp/evil", F_OK) < 0, "a path");
	OK(!is_adopted("short") && !is_adopted("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "another length");
	OK(!is_adopted("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/"), "other characters");
	OK(!is_adopted(list().name), "nor is the name of an entry an id");
}

static int
regenerate(struct tina4_session *session)
{
	tina4_session_regenerate(session);
	return 0;
}

static void
a_login_changes_the_id(void)
{
	char before[256], after[256];
	size_t entries;

	begin_anew();
	entries = backend->entries();
	strcpy(before, jar);
	OK(visit(log_in) == 200 && strlen(jar) == ID_CHARS && strcmp(jar, before) != 0, "the cookie has another id");
	strcpy(after, jar);
	OK(backend->entries() == entries, "the old one's entry is gone");
	OK(finds("Carol"), "the session goes on under the new one");
	strcpy(jar, before);
	OK(finds(NULL), "the old one is worth nothing");
	strcpy(jar, after);
	OK(visit(regenerate) == 200 && strcmp(jar, after) != 0 && finds("Carol"), "all values come along");
	jar[0] = '\0';
	OK(visit(regenerate) == 200 && set_cookie[0] == '\0', "a visitor without a session gets none by that");
	OK(visit(log_in) == 200 && finds("Carol"), "a visitor without a session can log in");
}

static int
log_out_and_in(struct tina4_session *session)
{
	int r = tina4_session_destroy(session);

	return r < 0 ? r : name_bob(session);
}

static int
log_out_with_care(struct tina4_session *session)
{
	int r = tina4_session_destroy(session);

	tina4_session_regenerate(session);
	return r;
}

static void
a_logout_ends_it(void)
{
	char before[256];
	size_t entries;

	begin_anew();
	entries = backend->entries();
	strcpy(before, jar);
	OK(visit(log_out) == 200 && jar[0] == '\0' && strstr(set_cookie, "Max-Age=0") != NULL, "the cookie goes");
	OK(backend->entries() == entries - 1, "the entry goes");
	strcpy(jar, before);
	OK(finds(NULL), "the id is worth nothing");
	begin_anew();
	strcpy(before, jar);
	OK(visit(log_out_and_in) == 200 && strcmp(jar, before) != 0 && finds("Bob"),
	    "what is set afterwards is another session");
	entries = backend->entries();
	OK(visit(log_out_with_care) == 200 && jar[0] == '\0' && backend->entries() == entries - 1,
	    "another id for what has ended begins nothing");
	jar[0] = '\0';
	OK(visit(log_out) == 200 && set_cookie[0] == '\0', "without a session there is nothing to end");
}

static struct tina4_session *
load(void)
{
	struct tina4_session *session = NULL;

	session_new(&session, app, jar);
	return session;
}

static void
an_ended_session_stays_ended(void)
{
	struct tina4_session *slow;
	struct tina4_response res;
	size_t entries;

	begin_anew();
	slow = load();
	visit(log_out);
	entries = backend->entries();
	tina4_session_set_string(slow, "name", "Mallory");
	OK(tina4_session_save(slow) == -ESTALE, "a request that was slower than the logout cannot save");
	OK(backend->entries() == entries, "and brings nothing back");
	response_init(&res);
	OK(session_finish(slow, &res) == 0 && res.cookies.n == 0, "its client hears nothing of it");
	response_free(&res);
	session_free(slow);

	begin_anew();
	slow = load();
	visit(log_in);
	name_bob(slow);
	OK(tina4_session_save(slow) == -ESTALE, "nor one that was slower than the login");
	OK(finds("Carol"), "which is not disturbed");
	session_free(slow);
}

static void
the_last_writer_wins(void)
{
	struct tina4_session *first, *second;

	begin_anew();
	first = load();
	second = load();
	name_bob(first);
	tina4_session_set_string(second, "other", "x");
	OK(tina4_session_save(first) == 0 && tina4_session_save(second) == 0, "two requests at once can save");
	OK(finds("Alice"), "the later one's session counts, as a whole");
	session_free(first);
	session_free(second);
}

static int
fail_after_change(struct tina4_session *session)
{
	name_bob(session);
	tina4_session_regenerate(session);
	return -EIO;
}

static void
a_failure_saves_nothing(void)
{
	char before[256];

	begin_anew();
	strcpy(before, jar);
	OK(visit(fail_after_change) == 500 && set_cookie[0] == '\0', "a handler that fails changes no cookie");
	OK(strcmp(jar, before) == 0 && finds("Alice"), "nor a value");
}

static int
set_large(struct tina4_session *session)
{
	char large[MAX_BYTES + 1];

	memset(large, 'x', MAX_BYTES);
	large[MAX_BYTES] = '\0';
	tina4_session_set_string(session, "name", large);
	OK(tina4_session_save(session) == -EFBIG, "more than TINA4_SESSION_MAX_BYTES is refused");
	return 0;
}

static void
the_size_is_limited(void)
{
	begin_anew();
	OK(visit(set_large) == 500, "a handler that does not care fails");
	OK(finds("Alice"), "what was there before stays");
}

static void
apps_do_not_share(void)
{
	struct tina4_app *mine = app, *other = new_app("other");

	begin_anew();
	app = other;
	OK(finds(NULL), "another app does not take our session");
	app = mine;
	OK(finds("Alice"), "we do");
	tina4_app_free(other);
}

static void
time_ends_it(void)
{
	char before[256];

	begin_anew();
	strcpy(before, jar);
	backend->end_all();
	OK(finds(NULL), "a session ends after its time");
	visit(name_bob);
	OK(strcmp(jar, before) != 0 && finds("Bob"), "and its id is not used again");
}

static void
an_outage_is_an_error(void)
{
	char before[256];
	bool gone = strcmp(backend->name, "redis") == 0; /* the entry, too */

	begin_anew();
	strcpy(before, jar);
	backend->take_away();
	OK(visit(look) == 500, "a handler hears that the store is away");
	OK(visit(name_bob) == 500 && set_cookie[0] == '\0' && strcmp(jar, before) == 0, "the visitor keeps the cookie");
	backend->bring_back();
	if (gone)
		visit(name_alice);
	OK(finds("Alice"), "and is known when it is back");
}

/* --- WebSocket ------------------------------------------------------------------------------ */

static const cJSON *required;
static const cJSON *found;

static int
on_event(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)data, (void)len;
	found = tina4_conn_session(conn);
	if (event != TINA4_OPEN)
		found = found != NULL ? cJSON_GetObjectItem(found, "name") : NULL;
	else
		required = tina4_conn_require(conn, "name");
	snprintf(seen_text, sizeof(seen_text), "%s", found != NULL && cJSON_IsString(found) ? found->valuestring : "");
	return 0;
}

static struct tina4_conn *
connect_with(const char *cookie)
{
	struct wire_meta meta = { .pattern = span_of("/ws"), .path = span_of("/ws") };
	struct wire_event event = { .kind = WIRE_OPEN, .attempt = 1 };
	struct tina4_conn *conn = NULL;
	struct buf text = BUF_INIT;
	char header[512];

	snprintf(header, sizeof(header), "a=b; tina4_session=%s", cookie);
	wire_put_meta(&text, &meta);
	wire_put_pair(&text, span_of("cookie"), span_of(header));
	event.meta = span_of_buf(&text);
	conn_new(&conn, app, &event);
	buf_free(&text);
	return conn;
}

/* Lets the connection handle an event. Returns its result; *ret_code is that of a close. */
static int
event_of(struct tina4_conn *conn, enum wire_event_kind kind, int *ret_code)
{
	static const struct wire_welcome limits = { .max_message = 1000 };
	struct wire_event event = { .kind = kind, .attempt = 1, .data = span_of("") };
	struct buf out = BUF_INIT;
	struct wire_record record;
	struct wire_command command;
	struct wire_reader reader;
	int r = conn_handle(conn, &event, &limits, &out);

	*ret_code = 0;
	reader = wire_reader(out.data, out.len);
	if (wire_get_record(&reader, &record) == 1 && wire_get_command(&record.commands, &command) == 1 &&
	    command.type == WIRE_DISCONNECT)
		*ret_code = command.code;
	buf_free(&out);
	return r;
}

static void
connections_have_the_session(void)
{
	struct tina4_conn *conn;
	int code;

	tina4_websocket(app, "/ws", on_event);
	begin_anew();
	conn = connect_with(jar);
	OK(event_of(conn, WIRE_OPEN, &code) == 0 && code == 0, "a connection with a session may stay");
	OK(required != NULL, "and knows its values");
	visit(name_bob);
	event_of(conn, WIRE_MESSAGE, &code);
	OK(strcmp(seen_text, "Bob") == 0, "as they are now");
	visit(log_out);
	event_of(conn, WIRE_MESSAGE, &code);
	OK(found == NULL, "after a logout there is none");
	conn_free(conn);

	conn = connect_with("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	OK(event_of(conn, WIRE_OPEN, &code) == 0 && code == 4401, "one without is closed with 4401");
	conn_free(conn);
}

static void
an_outage_lets_nobody_in(void)
{
	struct tina4_conn *conn;
	int code;

	begin_anew();
	conn = connect_with(jar);
	backend->take_away();
	OK(event_of(conn, WIRE_OPEN, &code) == -EHOSTDOWN || event_of(conn, WIRE_OPEN, &code) == -EPERM,
	    "the handler of a connection fails when the store is away");
	backend->bring_back();
	conn_free(conn);
}

/* --- files ----------------------------------------------------------------------------------- */

static void
files_are_ours_alone(void)
{
	struct stat stat;
	struct listing listing;

	backend->end_all();
	for_files(remove_one);
	begin_anew();
	listing = list();
	OK(lstat(path_of(""), &stat) == 0 && (stat.st_mode & 07777) == 0700, "the directory is 0700");
	OK(lstat(path_of(listing.name), &stat) == 0 && (stat.st_mode & 07777) == 0600, "a file 0600");
	OK(strlen(listing.name) == STORE_KEY - 1 && strspn(listing.name, "0123456789abcdef") == STORE_KEY - 1,
	    "its name is a hash");
	OK(listing.others == 0, "nothing else is left behind");
}

static void
uses_are_seldom_written(void)
{
	struct stat before, after;

	begin_anew();
	for_files(remove_one);
	begin_anew();
	set_age(list().name, 10);
	stat(path_of(list().name), &before);
	finds("Alice");
	stat(path_of(list().name), &after);
	OK(before.st_mtim.tv_sec == after.st_mtim.tv_sec, "a use soon after another is not written");
	set_age(list().name, TTL - 5);
	finds("Alice");
	stat(path_of(list().name), &after);
	OK(after.st_mtim.tv_sec >= time(NULL) - 5, "a later one is: the time begins anew");
}

static void
broken_files_are_no_sessions(void)
{
	begin_anew();
	for_files(remove_one);
	begin_anew();
	OK(truncate(path_of(list().name), 5) == 0 && finds(NULL), "a file that was cut short counts for nothing");
	OK(visit(name_bob) == 200 && finds("Bob"), "and is in nobody's way");
}

static void
links_are_not_followed(void)
{
	char target[128], name[256];

	for_files(remove_one);
	begin_anew();
	snprintf(target, sizeof(target), "%s/target", folder);
	snprintf(name, sizeof(name), "%s", list().name);
	OK(rename(path_of(name), target) == 0 && symlink(target, path_of(name)) == 0 && visit(look) == 500,
	    "a symbolic link is no entry");
	unlink(path_of(name));
	unlink(target);
}

static void
expired_files_are_collected(void)
{
	enum { SESSIONS = 100 };
	size_t before;

	for_files(remove_one);
	for (int i = 0; i < SESSIONS; i++)
		begin_anew();
	OK(file_entries() == SESSIONS, "many sessions");
	close(open(path_of(".new-0000000000000000"), O_CREAT | O_WRONLY, 0600));
	backend->end_all();
	begin_anew();
	before = file_entries();
	OK(before > SESSIONS / 2, "one new session looks at a few only");
	for (int i = 0; i < SESSIONS / 4; i++)
		begin_anew();
	OK(file_entries() <= 1 + SESSIONS / 4, "before long all that have expired are gone");
	OK(list().others == 0, "and what a dead writer left");
}

static void
a_missing_parent_is_an_error(void)
{
	struct store *store = NULL;
	struct buf text = BUF_INIT;
	char path[128];

	snprintf(path, sizeof(path), "%s/no/such/store", folder);
	store_file_new(&store, path, TTL);
	OK(store->load(store, "key", &text) == -ENOTDIR, "it is not taken for a session that is not there");
	store_free(store);
}

static void
test_files(void)
{
	files_are_ours_alone();
	uses_are_seldom_written();
	broken_files_are_no_sessions();
	links_are_not_followed();
	expired_files_are_collected();
	a_missing_parent_is_an_error();
}

/* --- Redis ------------------------------------------------------------------------------------ */

static void
entries_expire_by_themselves(void)
{
	redisReply *keys;
	long long ttl;

	redis_end_all();
	begin_anew();
	keys = redisCommand(redis, "KEYS *");
	OK(keys->elements == 1 && strncmp(keys->element[0]->str, "tina4:session:", 14) == 0 &&
		strstr(keys->element[0]->str, jar) == NULL,
	    "a key has a prefix and no id");
	ttl = redis_number("TTL %s", keys->element[0]->str);
	OK(ttl > TTL - 60 && ttl <= TTL, "it expires");
	redis_number("EXPIRE %s 5", keys->element[0]->str);
	finds("Alice");
	OK(redis_number("TTL %s", keys->element[0]->str) > 5, "a use begins its time anew");
	freeReplyObject(keys);
}

static void
a_restart_goes_unnoticed(void)
{
	begin_anew();
	redis_stop();
	redis_start();
	OK(finds(NULL), "an idle connection that Redis has closed is not used");
}

static void
a_wrong_password_is_an_error(void)
{
	struct redisurl url = { .path = strdup(socket_path()), .password = strdup("wrong") };
	struct store *store = NULL;
	struct buf text = BUF_INIT;

	store_redis_new(&store, &url, TTL);
	OK(store->load(store, "key", &text) == -EREMOTEIO, "what Redis refuses is an error");
	store_free(store);
}

static void
test_redis(void)
{
	entries_expire_by_themselves();
	a_restart_goes_unnoticed();
	a_wrong_password_is_an_error();
}

static void
test(const struct backend *with)
{
	printf("# %s\n", with->name);
	backend = with;
	app = new_app("shop");
	a_visit_costs_nothing();
	a_value_stays();
	values_are_json();
	unknown_ids_are_not_adopted();
	a_login_changes_the_id();
	a_logout_ends_it();
	an_ended_session_stays_ended();
	the_last_writer_wins();
	a_failure_saves_nothing();
	the_size_is_limited();
	apps_do_not_share();
	time_ends_it();
	an_outage_is_an_error();
	connections_have_the_session();
	an_outage_lets_nobody_in();
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	test(&backends[0]);
	test_files();
	tina4_app_free(app);
	for_files(remove_one);
	rmdir(path_of(""));

	if (redis_start()) {
		test(&backends[1]);
		test_redis();
		tina4_app_free(app);
		redis_stop();
		unlink(socket_path());
	} else {
		OK(true, "sessions in Redis # SKIP redis-server is not installed");
	}
	rmdir(folder);
	return tap_done();
}
