#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/session/auth.h"
#include "fcgi/bridge/bridge.h"
#include "fcgi/cli/cli.h"
#include "fcgi/writeall.h"
#include "fcgi/ws/push.h"
#include "shared/buf.h"
#include "shared/list.h"
#include "shared/listener.h"
#include "shared/redisurl.h"

enum {
	SPARE_FILES = 2048, /* that the sidecar opens beside its connections */
	REDIS_SECONDS = 2,
	PROBE_BYTES = 4096, /* a block of most disks */
};

static const char usage[] = "check\n";

static bool failed; /* something was wrong: it is the exit status */

static void __attribute__((format(printf, 3, 4))) say(bool fine, const char *what, const char *format, ...)
{
	va_list args;

	failed |= !fine;
	printf("%-8s %s: ", fine ? "ok" : "WRONG", what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* --- settings ---------------------------------------------------------------------- */

/* Each line of errors is one thing that is wrong. */
static void
say_lines(struct buf *errors)
{
	char *rest = (char *)buf_cstr(errors), *line;

	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			say(false, "settings", "%s", line);
}

/* It may be another program's, so it is not wrong. */
static void
note_unknown(void)
{
	struct buf names = BUF_INIT;

	if (conf_unknown(environ, &names) == 0 && names.len > 0 && buf_cstr(&names) != NULL)
		printf("%-8s settings: not one of ours:%s\n", "note", buf_cstr(&names));
	buf_free(&names);
}

/* Returns false when nothing else can be tried. */
static bool
check_settings(struct tina4_app *app)
{
	struct buf errors = BUF_INIT;
	int r = conf_load(&app->conf, environ, &errors);
	bool fine;

	if (r != -ENOMEM)
		auth_open(app, &errors);
	fine = r == 0 && errors.len == 0;
	if (errors.len > 0)
		say_lines(&errors);
	else if (r < 0)
		say(false, "settings", "%s", strerror(-r));
	else
		say(true, "settings", "all of them are allowed");
	buf_free(&errors);
	if (fine)
		note_unknown();
	return fine;
}

/* Who can read the file can sign tokens. */
static void
check_file(void)
{
	const char *name = getenv("TINA4_ENV_FILE");
	struct stat stat_of_file;

	if (name == NULL)
		name = ".env";
	if (stat(name, &stat_of_file) < 0)
		return; /* the settings say so when it must be there */
	if (stat_of_file.st_mode & (S_IROTH | S_IWOTH))
		say(false, "secrets", "%s is open to everybody on this machine: chmod o= %s", name, name);
	else
		say(true, "secrets", "%s is not open to everybody", name);
}

/* --- the sidecar --------------------------------------------------------------------- */

/* unix(7): so many bytes of a path, and no more. */
enum { UNIX_PATH = sizeof(((struct sockaddr_un *)0)->sun_path) - 1 };

#define TOO_LONG "%s is longer than the %d bytes that the path of a socket may have: choose another folder"

/* Why there is no answer, as far as the socket's file tells. */
static void
blame_bus(const struct conf *conf, bool closed)
{
	const char *path = conf_bus_path(conf);
	int r = listener_probe(path);

	if (r == -ENAMETOOLONG)
		say(false, "bus", TOO_LONG, path, UNIX_PATH);
	else if (closed)
		say(false, "bus", "%s is closed to this user, who must be in the group of that file", path);
	else if (r == -EADDRINUSE)
		say(false, "bus", "the sidecar at %s does not answer: it hangs, or speaks another version", path);
	else
		say(false, "bus", "no sidecar at %s: systemctl start tina4-sidecar, or is it another TINA4_BUS?", path);
}

/* Each is a line of tina4-wire(7)'s stats. */
static void
check_routes(const char *stats)
{
	unsigned n = 0, n_idle = 0;

	for (const char *line = stats; line != NULL; line = strchr(line, '\n')) {
		unsigned connections, workers;
		int at = 0;

		line += *line == '\n';
		if (sscanf(line, "route=%u %u handler %n", &connections, &workers, &at) < 2 || at == 0)
			continue;
		n++;
		if (workers > 0)
			continue;
		n_idle++;
		say(false, "routes",
		    "no worker runs the handler of %.*s: is tina4-worker@NAME started? Its log says more",
		    (int)strcspn(line + at, "\n"), line + at);
	}
	if (n > 0 && n_idle == 0)
		say(true, "routes", "each of the %u with a handler has a worker", n);
}

/* Returns true when a sidecar may be there. */
static bool
check_bus(struct tina4_app *app)
{
	struct buf stats = BUF_INIT;
	int r = push_stats(app, &stats);
	bool closed = r != 0 && cli_bus_is_closed(app);

	if (r == 0)
		say(true, "bus", "a sidecar answers at %s", conf_bus_path(&app->conf));
	else
		blame_bus(&app->conf, closed);
	if (r == 0 && buf_cstr(&stats) != NULL) {
		check_routes((const char *)stats.data);
		if (strstr((char *)stats.data, "relay_up=0") != NULL)
			say(false, "relay", "the sidecar says that it does not work: see its log, and /readyz");
	}
	buf_free(&stats);
	return r == 0 || closed;
}

/* Without a sidecar its sockets must be free for it. */
static void
check_address(const char *setting, const char *address)
{
	struct listener listener;
	int r;

	if (strcmp(address, "off") == 0)
		return;
	r = listener_open(&listener, address);
	if (r == 0) {
		say(true, setting, "%s can be listened on", address);
		listener_close(&listener);
	} else if (r == -EADDRINUSE) {
		say(false, setting, "%s is taken by another process: ss -lnp", address);
	} else if (r == -ENAMETOOLONG) {
		say(false, setting, TOO_LONG, address, UNIX_PATH);
	} else {
		say(false, setting, "%s cannot be listened on: %s", address, strerror(-r));
	}
}

static void
check_ports(const struct conf *conf)
{
	const char *rest = conf->listen;
	struct span item;

	while (list_next(&rest, &item)) {
		char *address = strndup(item.data, item.len);

		if (address != NULL)
			check_address("TINA4_LISTEN", address);
		free(address);
	}
	check_address("TINA4_ADMIN", conf->admin);
}

static void
check_files(const struct conf *conf)
{
	rlim_t need = (rlim_t)conf->ws_max_connections + SPARE_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_max >= need)
		say(true, "open files", "enough for TINA4_WS_MAX_CONNECTIONS=%u", conf->ws_max_connections);
	else
		say(false, "open files",
		    "at most %llu here, TINA4_WS_MAX_CONNECTIONS=%u needs %llu: ulimit -Hn, or LimitNOFILE= in the "
		    "unit",
		    (unsigned long long)limit.rlim_max, conf->ws_max_connections, (unsigned long long)need);
}

/* --- Redis ------------------------------------------------------------------------------ */

/* Sends a command. Returns false after saying why it failed. */
static bool
ask_redis(redisContext *redis, const char *what, const char *format, ...)
{
	redisReply *reply;
	va_list args;
	bool fine;

	va_start(args, format);
	reply = redisvCommand(redis, format, args);
	va_end(args);
	fine = reply != NULL && reply->type != REDIS_REPLY_ERROR;
	if (!fine)
		say(false, what, "Redis refuses: %s", reply != NULL ? reply->str : redis->errstr);
	freeReplyObject(reply);
	return fine;
}

static bool
log_in(redisContext *redis, const struct redisurl *url, const char *what)
{
	if (url->password == NULL)
		return true;
	if (url->user != NULL)
		return ask_redis(redis, what, "AUTH %s %s", url->user, url->password);
	return ask_redis(redis, what, "AUTH %s", url->password);
}

static void
check_redis(const char *what, const char *text)
{
	const struct timeval timeout = { .tv_sec = REDIS_SECONDS };
	struct redisurl url = { 0 };
	redisContext *redis = NULL;

	if (redisurl_parse(text, strlen(text), &url) < 0 || url.tls)
		goto out; /* wrong ones are told with the settings, and with TLS only the sidecar tries it */
	redis = url.path != NULL ? redisConnectUnixWithTimeout(url.path, timeout)
				 : redisConnectWithTimeout(url.host, url.port, timeout);
	if (redis == NULL || redis->err != 0) {
		say(false, what, "no Redis answers: %s", redis == NULL ? "out of memory" : redis->errstr);
		goto out;
	}
	redisSetTimeout(redis, timeout);
	if (log_in(redis, &url, what) && ask_redis(redis, what, "PING"))
		say(true, what, "Redis answers");
out:
	if (redis != NULL)
		redisFree(redis);
	redisurl_free(&url);
}

/* --- sessions ----------------------------------------------------------------------------- */

/* Writes a file that has no name. Returns 0 or a negative errno: a full disk is seen only so, and so is a quota. */
static int
try_to_write(const char *folder)
{
	static const char data[PROBE_BYTES];
	int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600), r;

	if (fd < 0)
		return errno == EOPNOTSUPP ? 0 : -errno; /* not every file system has such files */
	r = writeall(fd, data, sizeof(data));
	close(fd);
	return r;
}

/* The directory is made when it is missing: then its parent counts. */
static void
check_sessions(const struct conf *conf)
{
	char *parent = strdup(conf->session_path), *slash = parent == NULL ? NULL : strrchr(parent, '/');
	const char *folder = conf->session_path;
	int r;

	if (access(folder, F_OK) < 0 && errno == ENOENT && slash != NULL) {
		slash[slash == parent] = '\0';
		folder = parent;
	}
	r = access(folder, W_OK | X_OK) == 0 ? try_to_write(folder) : -errno;
	if (r == 0)
		say(true, "sessions", "this user can keep them in %s", conf->session_path);
	else
		say(false, "sessions", "%s: %s; the app's user must be able to write there", folder, strerror(-r));
	free(parent);
}

/* --- handlers in another language ------------------------------------------------------------ */

/* Asks them for their routes, as a worker does. What is wrong has been said by then. */
static void
check_handlers(struct tina4_app *app)
{
	const char *what = app->conf.exec[0] != '\0' ? app->conf.exec : app->conf.fastcgi;
	struct bridge bridge = { .once = true };
	int r;

	if (*what == '\0')
		return;
	if (!bridge_check(&bridge, &app->conf)) {
		say(false, "handlers", "%s: the settings are wrong", what);
		return;
	}
	r = bridge_open(&bridge, app);
	if (r == 0)
		say(true, "handlers", "%s has %zu routes", what, app->n_ws_routes);
	else
		say(false, "handlers", "%s does not tell its routes", what);
	bridge_close(app);
}

int
cli_check(int argc, char **argv)
{
	struct tina4_app *app;

	(void)argv;
	if (argc > 1)
		return cli_usage(usage);
	app = tina4_app_new();
	if (app == NULL)
		return CLI_FAILED;
	cli_choose_settings();
	check_file();
	if (check_settings(app)) {
		if (!check_bus(app))
			check_ports(&app->conf);
		check_files(&app->conf);
		if (strcmp(app->conf.ws_backplane, "redis") == 0)
			check_redis("relay", app->conf.ws_backplane_url);
		if (strcmp(app->conf.session_backend, "redis") == 0)
			check_redis("sessions", app->conf.session_url);
		else
			check_sessions(&app->conf);
		check_handlers(app);
	}
	tina4_app_free(app);
	return failed ? CLI_FAILED : CLI_DONE;
}
