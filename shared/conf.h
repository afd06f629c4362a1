/*
 * conf - every setting of library, worker and sidecar, in one table.
 *
 * A setting comes from the environment or from a .env file (TINA4_ENV_FILE, or
 * ".env" in the working directory); the environment wins. A wrong value stops
 * the start with a line that names the setting, the value and what is allowed.
 * conf.c holds the table: name, default, unit, range and a sentence each;
 * valid.h says what texts must look like.
 */
#ifndef SHARED_CONF_H
#define SHARED_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct address_list;

#define CONF_DEFAULT_BUS "ipc:///run/tina4/bus"

struct conf {
	/* both sides */
	char *bus;                            /* TINA4_BUS: ZeroMQ endpoint of the sidecar */
	uint32_t bus_mode;                    /* TINA4_BUS_MODE: of an ipc socket */
	uint32_t socket_mode;                 /* TINA4_SOCKET_MODE: of every other unix socket */
	char *socket_group;                   /* TINA4_SOCKET_GROUP: of all unix sockets; "" = the process's own */
	int log_level;                        /* TINA4_LOG_LEVEL: an enum log_level */
	struct address_list *trusted_proxies; /* TINA4_TRUSTED_PROXIES: never NULL after success */

	/* app */
	char *app;                /* TINA4_APP: name shared by an app's processes; "" = the program's name */
	uint32_t threads;         /* TINA4_THREADS: FastCGI requests at once */
	uint32_t streams;         /* TINA4_STREAMS: of them, such whose answer is streamed */
	char *workers;            /* TINA4_WORKERS: processes of `--worker`; a number or "auto" */
	uint32_t handler_timeout; /* TINA4_HANDLER_TIMEOUT: seconds of a WebSocket handler; 0 = no limit */
	uint32_t max_body;        /* TINA4_MAX_BODY: bytes of a request body */
	uint32_t push_timeout_ms; /* TINA4_PUSH_TIMEOUT_MS: wait for a receipt */
	uint32_t stop_seconds;    /* TINA4_STOP_SECONDS: finish what runs, then exit */
	char *templates;          /* TINA4_TEMPLATES: folder of the templates */
	bool debug;               /* TINA4_DEBUG: error pages say why */

	bool csrf; /* TINA4_CSRF: requests that change something come from our pages only */

	/* app: handlers in other languages */
	char *exec;        /* TINA4_EXEC: a command; "" = none */
	char *fastcgi;     /* TINA4_FASTCGI: an address; "" = none */
	char *script;      /* TINA4_SCRIPT: a file */
	uint32_t requests; /* TINA4_REQUESTS: at once */

	/* app: pages of other origins */
	char *cors_origins;    /* TINA4_CORS_ORIGINS: comma-separated, or "*"; "" = none */
	char *cors_headers;    /* TINA4_CORS_HEADERS: that their scripts may send; comma-separated */
	bool cors_credentials; /* TINA4_CORS_CREDENTIALS: with cookies */
	uint32_t cors_max_age; /* TINA4_CORS_MAX_AGE: seconds for which a browser need not ask again */

	/* both sides: tokens */
	char *secret;          /* TINA4_SECRET: of HS256; "" = none */
	char *jwt_algorithm;   /* TINA4_JWT_ALGORITHM: HS256 or RS256 */
	char *jwt_private_key; /* TINA4_JWT_PRIVATE_KEY: file name; "" = none */
	char *jwt_public_key;  /* TINA4_JWT_PUBLIC_KEY: file name; "" = none */
	char *jwt_expiry;      /* TINA4_JWT_EXPIRY: required or optional */
	char *jwt_audience;    /* TINA4_JWT_AUDIENCE; "" = not looked at */
	char *jwt_issuer;      /* TINA4_JWT_ISSUER; "" = not looked at */
	char *token_cookie;    /* TINA4_TOKEN_COOKIE: "" = a cookie is no token */

	/* app: sessions */
	char *session_backend;      /* TINA4_SESSION_BACKEND: file or redis */
	char *session_path;         /* TINA4_SESSION_PATH: directory of the files */
	char *session_url;          /* TINA4_SESSION_URL: of Redis */
	char *session_name;         /* TINA4_SESSION_NAME: of the cookie */
	uint32_t session_ttl;       /* TINA4_SESSION_TTL: seconds without a request */
	uint32_t session_max_bytes; /* TINA4_SESSION_MAX_BYTES: of one session's JSON */

	/* sidecar: listeners */
	char *listen;      /* TINA4_LISTEN: host:port or unix:/path, comma-separated */
	char *admin;       /* TINA4_ADMIN: host:port, unix:/path or "off" */
	char *admin_token; /* TINA4_ADMIN_TOKEN: of pushes over HTTP; "" = they are off */
	char *admin_hosts; /* TINA4_ADMIN_HOSTS: names in Host, comma-separated, or "*" */
	char *ws_routes;   /* TINA4_WS_ROUTES: push-only patterns, comma-separated */

	/* sidecar: who may connect */
	char *ws_allowed_origins; /* TINA4_WS_ALLOWED_ORIGINS: comma-separated, or "*"; "" = same origin */
	char *ws_headers;         /* TINA4_WS_HEADERS: further request headers that handlers see */

	bool ws_close_expired; /* TINA4_WS_CLOSE_EXPIRED: a connection ends with its token */

	/* sidecar: compression */
	bool ws_deflate; /* TINA4_WS_DEFLATE: permessage-deflate for clients that offer it */

	/* sidecar: limits */
	uint32_t ws_max_connections; /* TINA4_WS_MAX_CONNECTIONS */
	uint32_t ws_max_per_address; /* TINA4_WS_MAX_PER_ADDRESS: connections; 0 = no limit */
	uint32_t ws_upgrade_rate;    /* TINA4_WS_UPGRADE_RATE: of one address, in a second; 0 = no limit */
	uint32_t ws_message_rate;    /* TINA4_WS_MESSAGE_RATE: of one client, in a second; 0 = no limit */
	uint64_t ws_memory;          /* TINA4_WS_MEMORY: bytes held for all clients; 0 = a share of the machine's */
	uint32_t ws_presence_max;    /* TINA4_WS_PRESENCE_MAX: of more members only the number is told */
	uint64_t ws_history_bytes;   /* TINA4_WS_HISTORY_BYTES: of messages that are kept, on all paths */
	uint64_t ws_once_bytes;      /* TINA4_WS_ONCE_BYTES: of requests that are remembered, of all clients */
	uint32_t ws_once_seconds;    /* TINA4_WS_ONCE_SECONDS: after their client's end; 0 = none is remembered */
	uint32_t ws_max_message;     /* TINA4_WS_MAX_MESSAGE: bytes */
	uint32_t ws_queue_bytes;     /* TINA4_WS_QUEUE_BYTES: unsent, of one client; at least 2 ws_max_message */
	uint32_t ws_send_buffer;     /* TINA4_WS_SEND_BUFFER: SO_SNDBUF in bytes */
	uint32_t ws_attribute_bytes; /* TINA4_WS_ATTRIBUTE_BYTES: names and values of one client */
	uint32_t worker_queue_bytes; /* TINA4_WORKER_QUEUE_BYTES: unacknowledged events of one worker */

	/* sidecar: other hosts */
	char *ws_backplane;                   /* TINA4_WS_BACKPLANE: redis; "" = this host only */
	char *ws_backplane_url;               /* TINA4_WS_BACKPLANE_URL: of Redis */
	char *ws_backplane_prefix;            /* TINA4_WS_BACKPLANE_PREFIX: of names in Redis */
	uint32_t ws_backplane_queue_bytes;    /* TINA4_WS_BACKPLANE_QUEUE_BYTES: waiting; at least 2 ws_max_message */
	uint32_t ws_backplane_repair_seconds; /* TINA4_WS_BACKPLANE_REPAIR_SECONDS: commands are kept for others */
	uint32_t ws_backplane_repair_bytes;   /* TINA4_WS_BACKPLANE_REPAIR_BYTES: of these; at least 2 ws_max_message */

	/* sidecar: times, in seconds */
	uint32_t ws_presence_grace; /* TINA4_WS_PRESENCE_GRACE: seconds for which a broken connection keeps its place */
	uint32_t ws_ping_seconds;   /* TINA4_WS_PING_SECONDS: 0 = never */
	uint32_t ws_drain_seconds;  /* TINA4_WS_DRAIN_SECONDS: closes at stop spread over this */
	uint32_t ws_settle_seconds; /* TINA4_WS_SETTLE_SECONDS: apps of the last run are awaited */
	uint32_t worker_wait;       /* TINA4_WORKER_WAIT: events wait for a worker */
	uint32_t worker_timeout;    /* TINA4_WORKER_TIMEOUT: a silent worker is hung after this */
};

/*
 * Fills conf from the environment and the .env file. Every wrong setting adds
 * one line to errors. Returns 0, -EINVAL when it added lines, or -ENOMEM; conf
 * must be freed in each case.
 */
int conf_load(struct conf *conf, char *const *environment, struct buf *errors);

/* The pure half of conf_load(): dotenv is the file's content, NULL when there is none. */
int conf_parse(
    struct conf *conf, char *const *environment, const char *dotenv, const char *dotenv_name, struct buf *errors);

/*
 * Appends " NAME" for each name in the .env file that begins with TINA4_ and is
 * no setting: misspelt, or of another program. Returns 0, or what opening the
 * file said as a negative errno.
 */
int conf_unknown(char *const *environment, struct buf *names);

/*
 * Moves those settings of fresh that may change in a running sidecar into conf,
 * which lets go of what they were. Appends " NAME" to changed for each that did
 * change, and to waiting for each that would take a restart. Both must have
 * been loaded.
 */
void conf_renew(struct conf *conf, struct conf *fresh, struct buf *changed, struct buf *waiting);

/* Frees what the settings point to. A zeroed struct is fine. */
void conf_free(struct conf *conf);

/* The path of the bus's socket: a part of conf->bus. */
const char *conf_bus_path(const struct conf *conf);

/* Appends every setting with its default, as a .env file with a comment on each. */
void conf_describe(struct buf *buf);

#endif
