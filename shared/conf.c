#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/authority.h"
#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/dotenv.h"
#include "shared/log.h"
#include "shared/logfmt.h"
#include "shared/origin.h"
#include "shared/setting.h"
#include "shared/valid.h"

#define ORIGINS_ALLOWED "* alone, or origins such as https://example.com or https://*.example.com, comma-separated"

/* clang-format off */
static const struct setting settings[] = {
	{ "TINA4_BUS", SETTING_TEXT, offsetof(struct conf, bus), CONF_DEFAULT_BUS,
	  .group = "Library and sidecar",
	  .check = valid_endpoint, .allowed = "ipc:// and an absolute path",
	  .meaning = "ZeroMQ endpoint of the sidecar" },
	{ "TINA4_BUS_MODE", SETTING_OCTAL, offsetof(struct conf, bus_mode), "0660", 0, 0777,
	  .meaning = "Mode of the bus's socket file" },
	{ "TINA4_SOCKET_MODE", SETTING_OCTAL, offsetof(struct conf, socket_mode), "0660", 0, 0777,
	  .meaning = "Mode of the socket files that web servers connect to" },
	{ "TINA4_SOCKET_GROUP", SETTING_TEXT, offsetof(struct conf, socket_group), "",
	  .check = valid_group, .allowed = "the name of a group on this machine",
	  .meaning = "Group that all socket files are given, such as www-data; empty is the process's own" },
	{ "TINA4_LOG_LEVEL", SETTING_LEVEL, offsetof(struct conf, log_level), "info",
	  .allowed = "error, warn, info or debug",
	  .reload = true,
	  .meaning = "What is written to standard error: this and what matters more" },
	{ "TINA4_TRUSTED_PROXIES", SETTING_NETWORKS, offsetof(struct conf, trusted_proxies), "",
	  .allowed = "networks such as 10.0.0.0/8 or fd00::/8, comma-separated",
	  .reload = true,
	  .meaning = "Proxies whose X-Forwarded-For is believed; a unix socket's peer always is" },

	{ "TINA4_APP", SETTING_TEXT, offsetof(struct conf, app), "",
	  .group = "The application",
	  .meaning = "Name that the processes of one app share; empty is the program's name" },
	{ "TINA4_THREADS", SETTING_NUMBER, offsetof(struct conf, threads), "8", 1, 256,
	  .meaning = "Requests that one FastCGI process serves at once" },
	{ "TINA4_STREAMS", SETTING_NUMBER, offsetof(struct conf, streams), "4", 0, 256,
	  .meaning = "Of those, such that are answered in pieces; with several threads one stays free" },
	{ "TINA4_WORKERS", SETTING_TEXT, offsetof(struct conf, workers), "1",
	  .check = valid_workers, .allowed = "a number from 0 to 64, or auto",
	  .meaning = "Processes that run WebSocket handlers; auto is one a core, 0 is one that nobody supervises" },
	{ "TINA4_HANDLER_TIMEOUT", SETTING_NUMBER, offsetof(struct conf, handler_timeout), "30", 0, 3600,
	  .meaning = "Seconds after which a WebSocket handler's process is killed; 0 is never" },
	{ "TINA4_MAX_BODY", SETTING_BYTES, offsetof(struct conf, max_body), "10M", 1 << 10, 1 << 30,
	  .meaning = "Bytes of a request's body" },
	{ "TINA4_PUSH_TIMEOUT_MS", SETTING_NUMBER, offsetof(struct conf, push_timeout_ms), "2000", 1, 60000,
	  .meaning = "Milliseconds that a push waits for its receipt" },
	{ "TINA4_STOP_SECONDS", SETTING_NUMBER, offsetof(struct conf, stop_seconds), "10", 0, 300,
	  .reload = true,
	  .meaning = "Seconds in which a stopping process finishes what it has begun" },
	{ "TINA4_TEMPLATES", SETTING_TEXT, offsetof(struct conf, templates), "",
	  .meaning = "Folder of the templates; empty is the program's own, or else templates" },
	{ "TINA4_DEBUG", SETTING_BOOL, offsetof(struct conf, debug), "false",
	  .allowed = "true or false",
	  .meaning = "Error pages show what is wrong in a template, and where" },
	{ "TINA4_CSRF", SETTING_BOOL, offsetof(struct conf, csrf), "false",
	  .allowed = "true or false",
	  .meaning = "Requests other than GET need the token of a form of ours, or get 403" },

	{ "TINA4_EXEC", SETTING_TEXT, offsetof(struct conf, exec), "",
	  .group = "Handlers in other languages",
	  .meaning = "Command of the program that has them, for tina4 worker; it reads and writes lines" },
	{ "TINA4_FASTCGI", SETTING_TEXT, offsetof(struct conf, fastcgi), "",
	  .meaning = "Where FastCGI is spoken instead, as unix:/path or host:port: PHP-FPM's socket, say" },
	{ "TINA4_SCRIPT", SETTING_TEXT, offsetof(struct conf, script), "",
	  .meaning = "File of the script that has them there" },
	{ "TINA4_REQUESTS", SETTING_NUMBER, offsetof(struct conf, requests), "8", 1, 256,
	  .meaning = "Events that are asked about there at once" },

	{ "TINA4_CORS_ORIGINS", SETTING_LIST, offsetof(struct conf, cors_origins), "",
	  .group = "Pages of other origins",
	  .check = origin_is_pattern,
	  .allowed = ORIGINS_ALLOWED,
	  .meaning = "Origins whose scripts may read answers; empty is none but the app's own" },
	{ "TINA4_CORS_HEADERS", SETTING_LIST, offsetof(struct conf, cors_headers), "Authorization,Content-Type",
	  .check = valid_token, .allowed = "names of headers, comma-separated",
	  .meaning = "Headers that those scripts may send" },
	{ "TINA4_CORS_CREDENTIALS", SETTING_BOOL, offsetof(struct conf, cors_credentials), "false",
	  .allowed = "true or false",
	  .meaning = "Their requests may bring cookies, and so sessions; never with *" },
	{ "TINA4_CORS_MAX_AGE", SETTING_NUMBER, offsetof(struct conf, cors_max_age), "600", 0, 86400,
	  .meaning = "Seconds for which a browser need not ask again whether it may" },

	{ "TINA4_SECRET", SETTING_SECRET, offsetof(struct conf, secret), "",
	  .group = "Tokens",
	  .check = valid_secret, .allowed = "32 bytes or more, that nobody can guess",
	  .meaning = "What HS256 tokens are signed with" },
	{ "TINA4_JWT_ALGORITHM", SETTING_TEXT, offsetof(struct conf, jwt_algorithm), "HS256",
	  .check = valid_algorithm, .allowed = "HS256 or RS256",
	  .meaning = "How tokens are signed; others are refused" },
	{ "TINA4_JWT_PRIVATE_KEY", SETTING_TEXT, offsetof(struct conf, jwt_private_key), "",
	  .meaning = "File with the RSA key in PEM that signs RS256 tokens" },
	{ "TINA4_JWT_PUBLIC_KEY", SETTING_TEXT, offsetof(struct conf, jwt_public_key), "",
	  .meaning = "File with the RSA key in PEM that checks RS256 tokens; unset the private one does" },
	{ "TINA4_JWT_EXPIRY", SETTING_TEXT, offsetof(struct conf, jwt_expiry), "required",
	  .check = valid_expiry, .allowed = "required or optional",
	  .meaning = "Whether a token must say when it ends" },
	{ "TINA4_JWT_AUDIENCE", SETTING_TEXT, offsetof(struct conf, jwt_audience), "",
	  .meaning = "Whom a token must be for (aud); empty: that is not looked at" },
	{ "TINA4_JWT_ISSUER", SETTING_TEXT, offsetof(struct conf, jwt_issuer), "",
	  .meaning = "Whom a token must be from (iss); empty: that is not looked at" },
	{ "TINA4_TOKEN_COOKIE", SETTING_TEXT, offsetof(struct conf, token_cookie), "tina4_token",
	  .check = valid_token, .allowed = "a name of a cookie",
	  .reload = true,
	  .meaning = "Cookie that brings a token to a secure WebSocket route; empty is none" },

	{ "TINA4_SESSION_BACKEND", SETTING_TEXT, offsetof(struct conf, session_backend), "file",
	  .group = "Sessions",
	  .check = valid_session_backend, .allowed = "file or redis",
	  .meaning = "Where sessions are kept" },
	{ "TINA4_SESSION_PATH", SETTING_TEXT, offsetof(struct conf, session_path), "/var/lib/tina4/sessions",
	  .check = valid_directory, .allowed = "an absolute path",
	  .meaning = "Directory of the sessions' files; it is made, its parent must be there" },
	{ "TINA4_SESSION_URL", SETTING_SECRET, offsetof(struct conf, session_url), "redis://127.0.0.1:6379/0",
	  .check = valid_session_url, .allowed = "redis://[user:password@]host[:port][/db] or unix:/path[?db=N]",
	  .meaning = "The Redis of the sessions" },
	{ "TINA4_SESSION_NAME", SETTING_TEXT, offsetof(struct conf, session_name), "tina4_session",
	  .check = valid_cookie, .allowed = "a name of a cookie",
	  .meaning = "Cookie that holds a session's id" },
	{ "TINA4_SESSION_TTL", SETTING_NUMBER, offsetof(struct conf, session_ttl), "3600", 60, 31536000,
	  .meaning = "Seconds after its last request that a session ends" },
	{ "TINA4_SESSION_MAX_BYTES", SETTING_BYTES, offsetof(struct conf, session_max_bytes), "64K", 1 << 10, 16 << 20,
	  .meaning = "Bytes of one session's data as JSON" },

	{ "TINA4_LISTEN", SETTING_LIST, offsetof(struct conf, listen), "127.0.0.1:7148",
	  .group = "The sidecar's sockets and routes",
	  .check = valid_listener, .allowed = "host:port or unix:/path, comma-separated",
	  .meaning = "Where the sidecar waits for WebSocket clients" },
	{ "TINA4_ADMIN", SETTING_TEXT, offsetof(struct conf, admin), "127.0.0.1:7147",
	  .check = valid_listener_or_off, .allowed = "host:port, unix:/path or off",
	  .meaning = "Where the sidecar answers health checks, metrics and HTTP pushes" },
	{ "TINA4_ADMIN_TOKEN", SETTING_SECRET, offsetof(struct conf, admin_token), "",
	  .check = valid_secret, .allowed = "32 bytes or more, that nobody can guess",
	  .reload = true,
	  .meaning = "Bearer token of pushes over HTTP to the admin listener; empty is no such pushes" },
	{ "TINA4_ADMIN_HOSTS", SETTING_LIST, offsetof(struct conf, admin_hosts), "",
	  .check = authority_is_entry, .allowed = "* alone, or names of hosts, comma-separated",
	  .reload = true,
	  .meaning = "Names that the admin listener may be asked by, beside localhost and addresses" },
	{ "TINA4_WS_ROUTES", SETTING_LIST, offsetof(struct conf, ws_routes), "",
	  .check = valid_route, .allowed = "patterns such as /ws/news/{topic} or /ws/news/{topic};history=100, comma-separated",
	  .meaning = "Push-only routes, for sites without a worker; options: secure, history=N, history_seconds=N, protocols=NAME:NAME" },

	{ "TINA4_WS_ALLOWED_ORIGINS", SETTING_LIST, offsetof(struct conf, ws_allowed_origins), "",
	  .group = "Who may connect",
	  .check = origin_is_pattern,
	  .allowed = ORIGINS_ALLOWED,
	  .reload = true,
	  .meaning = "Sites whose pages may connect; empty is the same origin" },
	{ "TINA4_WS_HEADERS", SETTING_LIST, offsetof(struct conf, ws_headers), "",
	  .check = valid_token, .allowed = "names of headers, comma-separated",
	  .reload = true,
	  .meaning = "Further request headers that WebSocket handlers see" },
	{ "TINA4_WS_CLOSE_EXPIRED", SETTING_BOOL, offsetof(struct conf, ws_close_expired), "false",
	  .allowed = "true or false",
	  .reload = true,
	  .meaning = "A connection is closed (4401) when the token expires that it came with" },

	{ "TINA4_WS_DEFLATE", SETTING_BOOL, offsetof(struct conf, ws_deflate), "false",
	  .group = "Compression",
	  .allowed = "true or false",
	  .meaning = "Messages are compressed, once for all clients that offer permessage-deflate" },

	{ "TINA4_WS_MAX_CONNECTIONS", SETTING_NUMBER, offsetof(struct conf, ws_max_connections), "16000", 1, 1000000,
	  .group = "Limits",
	  .reload = true,
	  .meaning = "Clients of one sidecar" },
	{ "TINA4_WS_MAX_PER_ADDRESS", SETTING_NUMBER, offsetof(struct conf, ws_max_per_address), "2000", 0, 1000000,
	  .reload = true,
	  .meaning = "Clients of one address, or of one IPv6 network of 64 bits; 0 is no limit" },
	{ "TINA4_WS_UPGRADE_RATE", SETTING_NUMBER, offsetof(struct conf, ws_upgrade_rate), "0", 0, 100000,
	  .reload = true,
	  .meaning = "Upgrades of one address in a second, and ten times as many at once; 0 is no limit" },
	{ "TINA4_WS_MESSAGE_RATE", SETTING_NUMBER, offsetof(struct conf, ws_message_rate), "0", 0, 100000,
	  .reload = true,
	  .meaning = "Messages of one client in a second, and ten times as many at once, then close 1008; 0 is no limit" },
	{ "TINA4_WS_MEMORY", SETTING_SIZE, offsetof(struct conf, ws_memory), "0", 0, 1ull << 50,
	  .reload = true,
	  .meaning = "Bytes that all clients together make the sidecar hold; 0 is a quarter of the memory that the machine or the control group has" },
	{ "TINA4_WS_HISTORY_BYTES", SETTING_SIZE, offsetof(struct conf, ws_history_bytes), "64M", 0, 1ull << 50,
	  .reload = true,
	  .meaning = "Bytes of messages that are kept for clients that come back, of all paths together" },
	{ "TINA4_WS_PRESENCE_MAX", SETTING_NUMBER, offsetof(struct conf, ws_presence_max), "1000", 0, 100000,
	  .reload = true,
	  .meaning = "Members of a path of whom each is told to the others; of more, or when the list is longer than half of TINA4_WS_QUEUE_BYTES, only the number is" },
	{ "TINA4_WS_ONCE_BYTES", SETTING_SIZE, offsetof(struct conf, ws_once_bytes), "16M", 0, 1ull << 50,
	  .reload = true,
	  .meaning = "Bytes of requests, and of their answers, that are remembered so that each is handled once, of all clients together" },
	{ "TINA4_WS_ONCE_SECONDS", SETTING_NUMBER, offsetof(struct conf, ws_once_seconds), "120", 0, 86400,
	  .reload = true,
	  .meaning = "How long they are remembered after the client's connection has ended; 0 remembers none" },
	{ "TINA4_WS_MAX_MESSAGE", SETTING_BYTES, offsetof(struct conf, ws_max_message), "1M", 125, 32 << 20,
	  .meaning = "Bytes of a message from or to a client" },
	{ "TINA4_WS_QUEUE_BYTES", SETTING_BYTES, offsetof(struct conf, ws_queue_bytes), "4M", 64 << 10, 1 << 30,
	  .meaning = "Unsent bytes at which a client is dropped; unset it grows to twice the largest message" },
	{ "TINA4_WS_SEND_BUFFER", SETTING_BYTES, offsetof(struct conf, ws_send_buffer), "256K", 16 << 10, 16 << 20,
	  .reload = true,
	  .meaning = "Bytes of a client's that the kernel holds (SO_SNDBUF)" },
	{ "TINA4_WS_ATTRIBUTE_BYTES", SETTING_BYTES, offsetof(struct conf, ws_attribute_bytes), "4096", 0, 64 << 10,
	  .meaning = "Names and values of one connection's attributes" },
	{ "TINA4_WORKER_QUEUE_BYTES", SETTING_BYTES, offsetof(struct conf, worker_queue_bytes), "16M", 64 << 10, 1 << 30,
	  .reload = true,
	  .meaning = "Unacknowledged events of one worker at which its clients are not read" },

	{ "TINA4_WS_BACKPLANE", SETTING_TEXT, offsetof(struct conf, ws_backplane), "",
	  .group = "Several hosts",
	  .check = valid_backplane, .allowed = "redis, or empty",
	  .meaning = "What relays between the sidecars of several hosts; empty is nothing" },
	{ "TINA4_WS_BACKPLANE_URL", SETTING_SECRET, offsetof(struct conf, ws_backplane_url), "redis://127.0.0.1:6379/0",
	  .check = valid_backplane_url, .allowed = "redis:// or rediss://[user:password@]host[:port][/db], or unix:/path[?db=N]; "
		     "rediss:// needs a hiredis with TLS",
	  .meaning = "The Redis that relays, the same one for all hosts" },
	{ "TINA4_WS_BACKPLANE_PREFIX", SETTING_TEXT, offsetof(struct conf, ws_backplane_prefix), "tina4",
	  .check = valid_prefix, .allowed = "1 to 32 letters, digits and marks such as - and _",
	  .meaning = "What names in Redis begin with; sites that share a Redis have one each" },
	{ "TINA4_WS_BACKPLANE_QUEUE_BYTES", SETTING_BYTES, offsetof(struct conf, ws_backplane_queue_bytes), "16M",
	  64 << 10, 1 << 30,
	  .meaning = "What may wait while Redis is away; unset it grows to four times the largest message" },
	{ "TINA4_WS_BACKPLANE_REPAIR_SECONDS", SETTING_NUMBER, offsetof(struct conf, ws_backplane_repair_seconds), "30",
	  1, 3600,
	  .meaning = "Seconds for which a sidecar can tell other hosts again what they have missed" },
	{ "TINA4_WS_BACKPLANE_REPAIR_BYTES", SETTING_BYTES, offsetof(struct conf, ws_backplane_repair_bytes), "16M",
	  64 << 10, 1 << 30,
	  .meaning = "How much of it is kept, and how much of others is held back until what is missing has been told; unset "
		     "it grows to twice the largest message" },

	{ "TINA4_WS_PING_SECONDS", SETTING_NUMBER, offsetof(struct conf, ws_ping_seconds), "30", 0, 3600,
	  .group = "Times",
	  .meaning = "Seconds between pings to a client; 0 is never" },
	{ "TINA4_WS_PRESENCE_GRACE", SETTING_NUMBER, offsetof(struct conf, ws_presence_grace), "5", 0, 3600,
	  .reload = true,
	  .meaning = "Seconds for which a member whose connection breaks keeps its place, so that it can come back as if it had not been away; 0 is not at all" },
	{ "TINA4_WS_DRAIN_SECONDS", SETTING_NUMBER, offsetof(struct conf, ws_drain_seconds), "0", 0, 600,
	  .reload = true,
	  .meaning = "Seconds over which a stopping sidecar spreads its closes" },
	{ "TINA4_WS_SETTLE_SECONDS", SETTING_NUMBER, offsetof(struct conf, ws_settle_seconds), "10", 0, 600,
	  .meaning = "Seconds for which a restarted sidecar awaits the apps that it knew: until they are back, a path without a route gets 503" },
	{ "TINA4_WORKER_WAIT", SETTING_NUMBER, offsetof(struct conf, worker_wait), "30", 0, 3600,
	  .reload = true,
	  .meaning = "Seconds that clients wait for a worker before they are closed with 1013" },
	{ "TINA4_WORKER_TIMEOUT", SETTING_NUMBER, offsetof(struct conf, worker_timeout), "30", 1, 3600,
	  .reload = true,
	  .meaning = "Seconds of silence after which a worker counts as hung" },
};
/* clang-format on */

enum { N_SETTINGS = sizeof(settings) / sizeof(settings[0]) };

/* --- where a value comes from ---------------------------------------------------- */

struct source {
	char *const *environment;
	const char *dotenv;      /* the file's content */
	const char *dotenv_name; /* for complaints */
};

struct value {
	const char *text; /* not terminated */
	size_t len;
	const char *file; /* NULL: the environment */
};

static const char *
find_in_environment(char *const *environment, const char *name)
{
	size_t len = strlen(name);

	for (; environment != NULL && *environment != NULL; environment++)
		if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
			return *environment + len + 1;
	return NULL;
}

static bool
is_named(const struct dotenv_assignment *assignment, const char *name)
{
	return assignment->name_len == strlen(name) && memcmp(assignment->name, name, assignment->name_len) == 0;
}

/* The last assignment wins, as in a shell. */
static bool
find_in_dotenv(const struct source *source, const char *name, struct value *ret)
{
	struct dotenv file = { source->dotenv, 0 };
	struct dotenv_assignment assignment;
	bool found = false;
	int r;

	while ((r = dotenv_next(&file, &assignment)) != 0) {
		if (r < 0 || !is_named(&assignment, name))
			continue;
		*ret = (struct value){ assignment.value, assignment.value_len, source->dotenv_name };
		found = true;
	}
	return found;
}

static bool
find_value(const struct source *source, const char *name, struct value *ret)
{
	const char *text = find_in_environment(source->environment, name);

	if (text == NULL)
		return find_in_dotenv(source, name, ret);
	*ret = (struct value){ text, strlen(text), NULL };
	return true;
}

/* --- complaints ------------------------------------------------------------------ */

static void
put_quoted(struct buf *buf, const char *text, size_t len)
{
	char shown[256];

	logfmt_escape(text, len, shown, sizeof(shown));
	buf_printf(buf, "\"%s\"", shown);
}

/* Begins the line that says what is wrong with a value. */
static void
begin_complaint(struct buf *errors, const char *name, const struct value *value)
{
	if (value->file != NULL)
		buf_printf(errors, "%s: ", value->file);
	buf_printf(errors, "%s: ", name);
	put_quoted(errors, value->text, value->len);
	buf_string(errors, ": must be ");
}

/* bad is the item of a list that is to blame, or NULL. */
static void
complain(struct buf *errors, const struct setting *setting, const struct value *value, const char *bad)
{
	const struct value hidden = { "...", 3, value->file };

	begin_complaint(errors, setting->name, setting->type == SETTING_SECRET ? &hidden : value);
	setting_put_allowed(setting, errors);
	if (bad != NULL) {
		buf_string(errors, "; wrong is ");
		put_quoted(errors, bad, strcspn(bad, ","));
	}
	buf_u8(errors, '\n');
}

static void
complain_of_lines(struct buf *errors, const struct source *source)
{
	struct dotenv file = { source->dotenv, 0 };
	struct dotenv_assignment assignment;
	int r;

	while ((r = dotenv_next(&file, &assignment)) != 0)
		if (r < 0)
			buf_printf(errors, "%s: line %u: must be KEY=value\n", source->dotenv_name, file.line);
}

/* --- values ------------------------------------------------------------------------ */

/* A wrong value leaves the default behind it. Returns 0 also then, or -ENOMEM. */
static int
load_setting(struct conf *conf, const struct setting *setting, const struct source *source, struct buf *errors)
{
	const char *bad = NULL;
	struct value value;
	char *text;
	int r;

	r = setting_assign(setting, conf, setting->default_text, &bad);
	if (r < 0 || !find_value(source, setting->name, &value))
		return r;

	text = strndup(value.text, value.len);
	if (text == NULL)
		return -ENOMEM;
	r = setting_assign(setting, conf, text, &bad);
	if (r == -EINVAL) {
		complain(errors, setting, &value, bad);
		r = 0;
	}
	free(text);
	return r;
}

/* A queue has room for so many of the largest messages. */
static void
fit_queue(const char *name, uint32_t *bytes, uint32_t messages, const struct conf *conf, const struct source *source,
    struct buf *errors)
{
	uint32_t least = messages * conf->ws_max_message;
	struct value value;

	if (*bytes >= least)
		return;
	if (!find_value(source, name, &value)) {
		*bytes = least;
		return;
	}
	begin_complaint(errors, name, &value);
	buf_printf(errors, "at least %u times TINA4_WS_MAX_MESSAGE, that is %u\n", messages, least);
}

int
conf_parse(struct conf *conf, char *const *environment, const char *dotenv, const char *dotenv_name, struct buf *errors)
{
	const struct source source = { environment, dotenv != NULL ? dotenv : "", dotenv_name };
	size_t before = errors->len;

	*conf = (struct conf){ 0 };
	complain_of_lines(errors, &source);
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (load_setting(conf, &settings[i], &source, errors) < 0)
			return -ENOMEM;
	fit_queue("TINA4_WS_QUEUE_BYTES", &conf->ws_queue_bytes, 2, conf, &source, errors);
	/* what is kept goes twice: to the hosts, and into the store */
	fit_queue("TINA4_WS_BACKPLANE_QUEUE_BYTES", &conf->ws_backplane_queue_bytes, 4, conf, &source, errors);
	fit_queue("TINA4_WS_BACKPLANE_REPAIR_BYTES", &conf->ws_backplane_repair_bytes, 2, conf, &source, errors);

	if (errors->failed)
		return -ENOMEM;
	return errors->len > before ? -EINVAL : 0;
}

/* --- the outer world ------------------------------------------------------------------ */

/* Appends what is left of a stream, and a NUL. */
static int
read_stream(FILE *stream, struct buf *ret)
{
	size_t n;

	do {
		if (buf_reserve(ret, 4096) < 0)
			return -ENOMEM;
		n = fread(ret->data + ret->len, 1, 4096, stream);
		ret->len += n;
	} while (n > 0);
	if (ferror(stream))
		return -errno;
	if (memchr(ret->data, '\0', ret->len) != NULL)
		return -EINVAL;
	return buf_cstr(ret) != NULL ? 0 : -ENOMEM;
}

static int
read_file(const char *name, struct buf *ret)
{
	FILE *stream = fopen(name, "re");
	int r;

	if (stream == NULL)
		return -errno;
	r = read_stream(stream, ret);
	fclose(stream);
	return r;
}

static void
complain_of_file(struct buf *errors, const char *name, int error)
{
	struct value value = { name, strlen(name), NULL };

	begin_complaint(errors, "TINA4_ENV_FILE", &value);
	buf_printf(errors, "a text file that can be read: %s\n", strerror(-error));
}

static const char *
dotenv_name(char *const *environment)
{
	const char *chosen = find_in_environment(environment, "TINA4_ENV_FILE");

	return chosen != NULL ? chosen : ".env";
}

int
conf_load(struct conf *conf, char *const *environment, struct buf *errors)
{
	const char *name = dotenv_name(environment);
	bool chosen = find_in_environment(environment, "TINA4_ENV_FILE") != NULL;
	struct buf dotenv = BUF_INIT;
	int r, unreadable;

	unreadable = read_file(name, &dotenv);
	r = conf_parse(conf, environment, unreadable == 0 ? (const char *)dotenv.data : NULL, name, errors);
	buf_free(&dotenv);
	if (r == -ENOMEM || unreadable == 0 || (unreadable == -ENOENT && !chosen))
		return r;

	complain_of_file(errors, name, unreadable);
	return unreadable == -ENOMEM || errors->failed ? -ENOMEM : -EINVAL;
}

/* True for a name that is ours to give, and that we have not given. */
static bool
is_unknown(const struct dotenv_assignment *assignment)
{
	static const char prefix[] = "TINA4_";

	if (assignment->name_len < strlen(prefix) || memcmp(assignment->name, prefix, strlen(prefix)) != 0)
		return false;
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (is_named(assignment, settings[i].name))
			return false;
	return true;
}

int
conf_unknown(char *const *environment, struct buf *names)
{
	struct dotenv_assignment assignment;
	struct buf dotenv = BUF_INIT;
	int r = read_file(dotenv_name(environment), &dotenv), next;

	if (r == 0) {
		struct dotenv file = { (const char *)dotenv.data, 0 };

		while ((next = dotenv_next(&file, &assignment)) != 0) {
			if (next < 0 || !is_unknown(&assignment))
				continue;
			buf_string(names, " ");
			buf_bytes(names, assignment.name, assignment.name_len);
		}
	}
	buf_free(&dotenv);
	return r;
}

const char *
conf_bus_path(const struct conf *conf)
{
	return conf->bus + strlen("ipc://");
}

void
conf_free(struct conf *conf)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
		setting_free(&settings[i], conf);
	*conf = (struct conf){ 0 };
}

/* --- changes ---------------------------------------------------------------------------- */

void
conf_renew(struct conf *conf, struct conf *fresh, struct buf *changed, struct buf *waiting)
{
	for (size_t i = 0; i < N_SETTINGS; i++) {
		const struct setting *setting = &settings[i];

		if (setting_same(setting, conf, fresh))
			continue;
		buf_printf(setting->reload ? changed : waiting, " %s", setting->name);
		if (setting->reload)
			setting_swap(setting, conf, fresh);
	}
}

/* --- the table, for people ---------------------------------------------------------------- */

void
conf_describe(struct buf *buf)
{
	for (size_t i = 0; i < N_SETTINGS; i++) {
		if (settings[i].group != NULL)
			buf_printf(buf, "%s## %s\n\n", i > 0 ? "\n" : "", settings[i].group);
		buf_printf(buf, "# %s: ", settings[i].meaning);
		setting_put_allowed(&settings[i], buf);
		buf_printf(buf, ".\n%s=%s\n", settings[i].name, settings[i].default_text);
	}
}
