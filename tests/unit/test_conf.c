#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/address.h"
#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/log.h"
#include "tests/tap.h"

static char *const nothing[] = { NULL };

/* Parses and says what is wrong, for as long as nobody asks again. */
static const char *
parse(struct conf *conf, char *const *environment, const char *dotenv)
{
	static char said[8192];
	struct buf errors = BUF_INIT;
	int r = conf_parse(conf, environment, dotenv, ".env", &errors);

	snprintf(said, sizeof(said), "%s", buf_cstr(&errors));
	buf_free(&errors);
	if (r != (*said == '\0' ? 0 : -EINVAL))
		snprintf(said, sizeof(said), "conf_parse returned %d\n", r);
	return said;
}

/* What is wrong with one assignment in the environment. */
static const char *
complaint(char *assignment)
{
	char *const environment[] = { assignment, NULL };
	struct conf conf;
	const char *said = parse(&conf, environment, NULL);

	conf_free(&conf);
	return said;
}

static bool
fine(const char *assignment)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", assignment);
	return *complaint(copy) == '\0';
}

static bool
refused(const char *assignment, const char *expected)
{
	char copy[256];
	const char *said;

	snprintf(copy, sizeof(copy), "%s", assignment);
	said = complaint(copy);
	if (strcmp(said, expected) != 0)
		printf("# said %s", said);
	return strcmp(said, expected) == 0;
}

/* True when it is refused, with a line that begins with the setting's name. */
static bool
named(const char *assignment)
{
	size_t len = strcspn(assignment, "=");
	char copy[256];
	const char *said;

	snprintf(copy, sizeof(copy), "%s", assignment);
	said = complaint(copy);
	return strncmp(said, copy, len) == 0 && strncmp(said + len, ": \"", 3) == 0 &&
	    strstr(said, "\": must be ") != NULL;
}

static void
unset_settings_have_defaults(void)
{
	struct conf conf;

	OK(*parse(&conf, nothing, NULL) == '\0', "nothing needs to be set");
	OK(strcmp(conf.bus, "ipc:///run/tina4/bus") == 0 && conf.bus_mode == 0660, "the bus");
	OK(conf.log_level == LOG_LEVEL_INFO, "the log's level");
	OK(!address_list_contains(conf.trusted_proxies, "127.0.0.1"), "no proxy is trusted");
	OK(*conf.app == '\0' && conf.threads == 8 && conf.max_body == 10 << 20, "an app's threads and bodies");
	OK(conf.push_timeout_ms == 2000 && conf.stop_seconds == 10, "its times");
	OK(strcmp(conf.listen, "127.0.0.1:7148") == 0 && strcmp(conf.admin, "127.0.0.1:7147") == 0, "the listeners");
	OK(*conf.ws_routes == '\0' && *conf.ws_allowed_origins == '\0' && *conf.ws_headers == '\0', "the lists");
	OK(conf.ws_max_connections == 16000 && conf.ws_max_message == 1 << 20, "the limits");
	OK(conf.ws_queue_bytes == 4 << 20 && conf.ws_send_buffer == 256 << 10, "a client's bytes");
	OK(conf.ws_attribute_bytes == 4096 && conf.worker_queue_bytes == 16 << 20, "attributes and events");
	OK(conf.ws_ping_seconds == 30 && conf.ws_drain_seconds == 0, "a client's times");
	OK(conf.worker_wait == 30 && conf.worker_timeout == 30, "a worker's times");
	conf_free(&conf);
	OK(conf.bus == NULL, "freeing leaves nothing behind");
	conf_free(&conf);
}

static void
the_environment_wins(void)
{
	char *const environment[] = { "PATH=/bin", "TINA4_THREADS=4", "TINA4_THREADS_X=9", NULL };
	struct conf conf;

	OK(*parse(&conf, environment, "TINA4_THREADS=2\nTINA4_WORKER_WAIT=7\n") == '\0', "both are read");
	OK(conf.threads == 4, "the environment wins over the file");
	OK(conf.worker_wait == 7, "what it does not set comes from the file");
	conf_free(&conf);

	parse(&conf, nothing, "TINA4_THREADS=2\nTINA4_THREADS=3\n");
	OK(conf.threads == 3, "within the file the last line wins");
	conf_free(&conf);

	OK(*parse(&conf, environment, "TINA4_THREADS=none\n") == '\0', "a value that is not used is not judged");
	conf_free(&conf);

	OK(*parse(&conf, NULL, "TINA4_THREADS=2\n") == '\0' && conf.threads == 2, "there need not be an environment");
	conf_free(&conf);
}

static void
wrong_settings_are_told_together(void)
{
	char *const environment[] = { "TINA4_THREADS=0", NULL };
	struct conf conf;

	OK(strcmp(parse(&conf, environment,
		      "TINA4_LOG_LEVEL=loud\n"
		      "nonsense\n"
		      "OTHER=1\n"
		      "TINA4_WORKER_WAIT='1 s'\n"),
	       ".env: line 2: must be KEY=value\n"
	       ".env: TINA4_LOG_LEVEL: \"loud\": must be error, warn, info or debug\n"
	       "TINA4_THREADS: \"0\": must be a number from 1 to 256\n"
	       ".env: TINA4_WORKER_WAIT: \"1 s\": must be a number from 0 to 3600\n") == 0,
	    "all that is wrong is told, a line each, with the file it is in");
	OK(conf.threads == 8, "a wrong value leaves the default behind it");
	conf_free(&conf);
}

static void
values_are_escaped(void)
{
	OK(refused("TINA4_THREADS=1\n2", "TINA4_THREADS: \"1\\x0a2\": must be a number from 1 to 256\n"),
	    "a value cannot write a line of its own");
}

static void
numbers_are_plain_digits(void)
{
	OK(fine("TINA4_THREADS=1") && fine("TINA4_THREADS=256"), "both ends of the range are allowed");
	OK(named("TINA4_THREADS=0") && named("TINA4_THREADS=257"), "what lies outside is not");
	OK(named("TINA4_THREADS="), "nor is an empty value");
	OK(named("TINA4_THREADS=-1"), "a sign");
	OK(named("TINA4_THREADS=+1"), "of either kind");
	OK(named("TINA4_THREADS= 1") && named("TINA4_THREADS=1 "), "a blank");
	OK(named("TINA4_THREADS=0x10"), "hexadecimal");
	OK(named("TINA4_THREADS=1K"), "a unit");
	OK(named("TINA4_THREADS=4294967297"), "a number that would wrap around");
	OK(named("TINA4_THREADS=99999999999999999999999"), "one that fits nothing");
}

static void
sizes_may_have_a_unit(void)
{
	char *const environment[] = {
		"TINA4_MAX_BODY=64K",
		"TINA4_WS_QUEUE_BYTES=1G",
		"TINA4_WS_SEND_BUFFER=2M",
		"TINA4_WS_ATTRIBUTE_BYTES=100",
		NULL,
	};
	struct conf conf;

	OK(*parse(&conf, environment, NULL) == '\0', "sizes with K, M, G and without");
	OK(conf.max_body == 64 << 10 && conf.ws_queue_bytes == 1 << 30, "K and G are powers of 1024");
	OK(conf.ws_send_buffer == 2 << 20 && conf.ws_attribute_bytes == 100, "M is, and no unit is bytes");
	conf_free(&conf);

	OK(named("TINA4_MAX_BODY=1KB") && named("TINA4_MAX_BODY=1k"), "other units are refused");
	OK(named("TINA4_MAX_BODY=K"), "a unit alone");
	OK(named("TINA4_MAX_BODY=1T"), "a unit that is too large");
	OK(named("TINA4_MAX_BODY=4194305K"), "a size that would wrap around");
	OK(refused("TINA4_MAX_BODY=1000",
	       "TINA4_MAX_BODY: \"1000\": must be a number of bytes from 1024 to 1073741824; K, M or G may follow "
	       "it\n"),
	    "the range is told");
}

static void
modes_are_octal(void)
{
	char *const environment[] = { "TINA4_BUS_MODE=600", NULL };
	struct conf conf;

	OK(*parse(&conf, environment, NULL) == '\0' && conf.bus_mode == 0600, "a mode needs no leading zero");
	conf_free(&conf);
	OK(refused("TINA4_BUS_MODE=0668", "TINA4_BUS_MODE: \"0668\": must be an octal number from 0 to 0777\n"),
	    "8 is no octal digit");
	OK(named("TINA4_BUS_MODE=8"), "not even alone");
	OK(named("TINA4_BUS_MODE=1777"), "more than permissions are refused");
}

static void
lists_name_the_wrong_item(void)
{
	OK(refused("TINA4_TRUSTED_PROXIES=10.0.0.0/8, proxy",
	       "TINA4_TRUSTED_PROXIES: \"10.0.0.0/8, proxy\": must be networks such as 10.0.0.0/8 or fd00::/8, "
	       "comma-separated; wrong is \"proxy\"\n"),
	    "a network that is none");
	OK(refused("TINA4_WS_ROUTES=/a/{x},/b/{y",
	       "TINA4_WS_ROUTES: \"/a/{x},/b/{y\": must be patterns such as /ws/news/{topic} or "
	       "/ws/news/{topic};history=100, comma-separated; "
	       "wrong is \"/b/{y\"\n"),
	    "a pattern that is none");
}

static void
endpoints_are_absolute_paths(void)
{
	OK(fine("TINA4_BUS=ipc:///tmp/bus"), "ipc and an absolute path");
	OK(named("TINA4_BUS=tcp://127.0.0.1:5555"), "not tcp");
	OK(named("TINA4_BUS=ipc://bus"), "not a relative path");
	OK(named("TINA4_BUS=ipc:///"), "not the root");
	OK(named("TINA4_BUS="), "not nothing");
}

static void
listeners_are_addresses(void)
{
	OK(fine("TINA4_LISTEN=127.0.0.1:7148,[::1]:7148, unix:/run/tina4/ws.sock"), "all three kinds");
	OK(fine("TINA4_LISTEN=localhost:0"), "a name, and a port that the kernel chooses");
	OK(fine("TINA4_LISTEN="), "none, when systemd passes them");
	OK(named("TINA4_LISTEN=7148"), "a port alone is refused");
	OK(named("TINA4_LISTEN=:7148"), "an empty host");
	OK(named("TINA4_LISTEN=127.0.0.1:"), "an empty port");
	OK(named("TINA4_LISTEN=127.0.0.1:65536"), "a port too high");
	OK(named("TINA4_LISTEN=127.0.0.1:http"), "a port by name");
	OK(named("TINA4_LISTEN=::1:7148"), "IPv6 without brackets");
	OK(named("TINA4_LISTEN=unix:ws.sock"), "a relative path");
	OK(fine("TINA4_ADMIN=off") && fine("TINA4_ADMIN=127.0.0.1:1"), "the admin listener may be off");
	OK(named("TINA4_ADMIN=") && named("TINA4_LISTEN=off"), "but is not empty, and others are not off");
}

static void
origins_are_whole(void)
{
	OK(fine("TINA4_WS_ALLOWED_ORIGINS=https://example.com, http://localhost:8080"), "scheme, host and port");
	OK(fine("TINA4_WS_ALLOWED_ORIGINS=*"), "any");
	OK(fine("TINA4_WS_ALLOWED_ORIGINS=https://*.example.com,https://example.com"), "what lies below a host");
	OK(named("TINA4_WS_ALLOWED_ORIGINS=*, https://example.com"), "but not any beside others");
	OK(named("TINA4_WS_ALLOWED_ORIGINS=https://*example.com"), "nor a star elsewhere");
	OK(named("TINA4_WS_ALLOWED_ORIGINS=example.com"), "not a host alone");
	OK(named("TINA4_WS_ALLOWED_ORIGINS=https://example.com/"), "not with a slash at its end");
	OK(named("TINA4_WS_ALLOWED_ORIGINS=https://"), "not without a host");
	OK(named("TINA4_WS_ALLOWED_ORIGINS=://example.com"), "not without a scheme");
	OK(fine("TINA4_WS_HEADERS=X-Tenant, accept-language"), "headers are names");
	OK(named("TINA4_WS_HEADERS=X Tenant"), "without blanks");
	OK(named("TINA4_WS_HEADERS=X-Tenant:"), "or colons");
}

static void
secrets_are_not_shown(void)
{
	OK(refused(
	       "TINA4_SECRET=too-short", "TINA4_SECRET: \"...\": must be 32 bytes or more, that nobody can guess\n"),
	    "a wrong secret");
	OK(refused("TINA4_SESSION_URL=redis://:word@",
	       "TINA4_SESSION_URL: \"...\": must be "
	       "redis://[user:password@]host[:port][/db] or unix:/path[?db=N]\n"),
	    "nor a URL, which may have a password");
	OK(fine("TINA4_SECRET=") && fine("TINA4_SECRET=0123456789abcdef0123456789abcdef"), "none, or one of 32 bytes");
	OK(named("TINA4_SESSION_URL=rediss://localhost"), "sessions know no TLS");
}

static void
choices_are_words(void)
{
	OK(fine("TINA4_JWT_ALGORITHM=RS256") && named("TINA4_JWT_ALGORITHM=none"), "of an algorithm");
	OK(fine("TINA4_SESSION_BACKEND=redis") && named("TINA4_SESSION_BACKEND=redi"), "of a store");
	OK(fine("TINA4_SOCKET_GROUP=") && fine("TINA4_SOCKET_GROUP=root") && named("TINA4_SOCKET_GROUP=no such group"),
	    "of a group");
	OK(fine("TINA4_TOKEN_COOKIE=") && named("TINA4_TOKEN_COOKIE=a b"), "a cookie's name is a token");
	OK(named("TINA4_SESSION_NAME=") && named("TINA4_SESSION_PATH=sessions"), "some may not be empty or relative");
}

static void
the_queue_fits_the_largest_message(void)
{
	char *const message_only[] = { "TINA4_WS_MAX_MESSAGE=32M", NULL };
	char *const both[] = { "TINA4_WS_MAX_MESSAGE=4M", "TINA4_WS_QUEUE_BYTES=8M", NULL };
	char *const too_small[] = { "TINA4_WS_MAX_MESSAGE=4M", NULL };
	struct conf conf;

	OK(*parse(&conf, message_only, NULL) == '\0' && conf.ws_queue_bytes == 64 << 20, "the default queue grows");
	conf_free(&conf);
	OK(*parse(&conf, both, NULL) == '\0' && conf.ws_queue_bytes == 8 << 20, "twice the message is enough");
	conf_free(&conf);
	OK(strcmp(parse(&conf, too_small, "TINA4_WS_QUEUE_BYTES=7M\n"),
	       ".env: TINA4_WS_QUEUE_BYTES: \"7M\": must be at least 2 times TINA4_WS_MAX_MESSAGE, that is "
	       "8388608\n") == 0,
	    "a queue that was set too small is refused");
	conf_free(&conf);
}

static void
the_description_is_an_env_file(void)
{
	struct buf text = BUF_INIT;
	struct conf conf;

	conf_describe(&text);
	OK(*parse(&conf, nothing, buf_cstr(&text)) == '\0', "what describes the settings is itself a .env file");
	OK(conf.threads == 8 && strstr(buf_cstr(&text), "\nTINA4_THREADS=8\n") != NULL, "of the defaults");
	conf_free(&conf);
	buf_free(&text);
}

/* --- files ---------------------------------------------------------------------- */

static void
write_file(const char *name, const char *text, size_t len)
{
	FILE *stream = fopen(name, "w");

	if (stream == NULL || fwrite(text, 1, len, stream) != len || fclose(stream) != 0)
		exit(99);
}

/* Loads and says what is wrong, as parse() does. */
static const char *
load(struct conf *conf, char *const *environment)
{
	static char said[8192];
	struct buf errors = BUF_INIT;
	int r = conf_load(conf, environment, &errors);

	snprintf(said, sizeof(said), "%s", buf_cstr(&errors));
	buf_free(&errors);
	if (r != (*said == '\0' ? 0 : -EINVAL))
		snprintf(said, sizeof(said), "conf_load returned %d\n", r);
	return said;
}

static void
the_default_file_may_be_missing(void)
{
	struct conf conf;

	OK(*load(&conf, nothing) == '\0' && conf.threads == 8, "without a .env the defaults hold");
	conf_free(&conf);
	write_file(".env", "TINA4_THREADS=3\n", 16);
	OK(*load(&conf, nothing) == '\0' && conf.threads == 3, "a .env in the working directory is read");
	conf_free(&conf);
	unlink(".env");
}

static void
a_chosen_file_must_be_there(void)
{
	char *const chosen[] = { "TINA4_ENV_FILE=my.env", "TINA4_THREADS=x", NULL };
	char *const directory[] = { "TINA4_ENV_FILE=.", NULL };
	struct conf conf;

	OK(strcmp(load(&conf, chosen),
	       "TINA4_THREADS: \"x\": must be a number from 1 to 256\n"
	       "TINA4_ENV_FILE: \"my.env\": must be a text file that can be read: No such file or directory\n") == 0,
	    "a chosen file that is missing is told beside what else is wrong");
	conf_free(&conf);
	OK(strstr(load(&conf, directory), "Is a directory") != NULL, "a directory is no file");
	conf_free(&conf);

	write_file("my.env", "TINA4_WORKER_WAIT=soon\n", 23);
	OK(strcmp(load(&conf, chosen),
	       "TINA4_THREADS: \"x\": must be a number from 1 to 256\n"
	       "my.env: TINA4_WORKER_WAIT: \"soon\": must be a number from 0 to 3600\n") == 0,
	    "a chosen file is named in what is wrong with it");
	conf_free(&conf);

	write_file("my.env", "A=1\n\0B=2\n", 9);
	OK(strstr(load(&conf, chosen), "must be a text file") != NULL, "a file with a NUL is no text");
	conf_free(&conf);
	unlink("my.env");
}

static void
names_that_are_none_of_ours_are_told(void)
{
	static const char text[] =
	    "TINA4_THREADS=2\nOTHER=1\nTINA4_THREAD=3\nno assignment\nTINA4_\nTINA4_WS_ROOTS=/a\n";
	char *const chosen[] = { "TINA4_ENV_FILE=my.env", NULL };
	struct buf names = BUF_INIT;

	OK(conf_unknown(chosen, &names) == -ENOENT && names.len == 0, "without a file there are none");
	write_file("my.env", text, strlen(text));
	OK(conf_unknown(chosen, &names) == 0 && strcmp(buf_cstr(&names), " TINA4_THREAD TINA4_WS_ROOTS") == 0,
	    "what looks like a setting and is none");
	buf_free(&names);
	unlink("my.env");
}

static void
a_large_file_is_read_whole(void)
{
	struct buf text = BUF_INIT;
	struct conf conf;

	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "# line %d\n", i);
	buf_string(&text, "TINA4_THREADS=5");
	write_file(".env", (const char *)text.data, text.len);
	OK(*load(&conf, nothing) == '\0' && conf.threads == 5, "the last line of a large file counts");
	conf_free(&conf);
	buf_free(&text);
	unlink(".env");
}

static void
a_running_sidecar_takes_over_what_may_change(void)
{
	struct buf changed = BUF_INIT, waiting = BUF_INIT;
	struct conf conf, fresh;

	parse(&conf, nothing, "TINA4_LISTEN=a:1\nTINA4_TRUSTED_PROXIES=10.0.0.0/8\n");
	parse(&fresh, nothing,
	    "TINA4_LISTEN=a:2\nTINA4_WS_ALLOWED_ORIGINS=https://a.org\nTINA4_WORKER_WAIT=7\n"
	    "TINA4_LOG_LEVEL=debug\nTINA4_WS_CLOSE_EXPIRED=true\nTINA4_TRUSTED_PROXIES=10.0.0.0/8\n");
	conf_renew(&conf, &fresh, &changed, &waiting);
	OK(strcmp(buf_cstr(&changed),
	       " TINA4_LOG_LEVEL TINA4_WS_ALLOWED_ORIGINS TINA4_WS_CLOSE_EXPIRED "
	       "TINA4_WORKER_WAIT") == 0,
	    "what has changed is named, what is the same is not");
	OK(strcmp(buf_cstr(&waiting), " TINA4_LISTEN") == 0, "so is what takes a restart");
	conf_free(&fresh);
	OK(strcmp(conf.ws_allowed_origins, "https://a.org") == 0 && conf.worker_wait == 7 && conf.ws_close_expired,
	    "the new values are there to stay");
	OK(strcmp(conf.listen, "a:1") == 0, "what takes a restart is as it was");
	parse(&fresh, nothing, "TINA4_TRUSTED_PROXIES=10.0.0.0/9\n");
	buf_clear(&changed);
	conf_renew(&conf, &fresh, &changed, &waiting);
	conf_free(&fresh);
	OK(strstr(buf_cstr(&changed), " TINA4_TRUSTED_PROXIES") != NULL &&
		!address_list_contains(conf.trusted_proxies, "10.128.0.1"),
	    "networks are compared one by one");
	conf_free(&conf);
	buf_free(&changed);
	buf_free(&waiting);
}

int
main(void)
{
	char directory[] = "/tmp/test_conf.XXXXXX";

	unset_settings_have_defaults();
	the_environment_wins();
	wrong_settings_are_told_together();
	values_are_escaped();
	numbers_are_plain_digits();
	sizes_may_have_a_unit();
	modes_are_octal();
	lists_name_the_wrong_item();
	endpoints_are_absolute_paths();
	listeners_are_addresses();
	origins_are_whole();
	secrets_are_not_shown();
	choices_are_words();
	the_queue_fits_the_largest_message();
	the_description_is_an_env_file();

	if (mkdtemp(directory) == NULL || chdir(directory) < 0)
		return 99;
	the_default_file_may_be_missing();
	a_chosen_file_must_be_there();
	names_that_are_none_of_ours_are_told();
	a_large_file_is_read_whole();
	rmdir(directory);
	a_running_sidecar_takes_over_what_may_change();
	return tap_done();
}
