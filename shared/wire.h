/*
 * wire - the language of the bus: events go up, commands go down.
 *
 * Every message is one ZeroMQ frame: a header of WIRE_HEADER_BYTES and a body.
 * tina4-wire(7) tells each layout in prose. Numbers are in network byte order
 * and are read and written one by one; a blob is a 32-bit length and its
 * bytes; a record is a 32-bit length and its fields, so that a reader skips
 * fields that a later version adds to a record's end.
 *
 * wire_put_* append to a buf (whose `failed` tells of memory); wire_get_* read
 * from a cursor, return 0 or -EPROTO, and hand out spans that borrow from the
 * message. Everything here is pure.
 */
#ifndef SHARED_WIRE_H
#define SHARED_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/span.h"

enum wire_limits {
	WIRE_VERSION = 1,
	WIRE_HEADER_BYTES = 12,
	WIRE_MAX_BYTES = 128 << 20,       /* of a message */
	WIRE_MAX_RECORD_BYTES = 64 << 20, /* of an event's acknowledgement with its commands */
	WIRE_MAX_ROUTES = 1024,           /* in one HELLO */
	WIRE_MAX_DEADLINE_MS = 60000,     /* from now to a request's deadline */
	WIRE_HEARTBEAT_MS = 1000,         /* a known peer says something that often */
	WIRE_ID_BYTES = 16,               /* a connection's or a request's id */
	WIRE_ID_HEX = 33,                 /* the same in hexadecimal, with its NUL */
	WIRE_PRESENCE_BYTES = 4096,       /* what others may see of a connection */
	WIRE_REASON_BYTES = 123,          /* of a disconnect: RFC 6455 section 5.5, less the code */
};

enum wire_type {
	WIRE_HELLO = 1,     /* up: who I am, my routes; answered by WELCOME */
	WIRE_BATCH = 2,     /* up: records, each an acknowledgement and its commands */
	WIRE_HEARTBEAT = 3, /* up: I am alive */
	WIRE_BYE = 4,       /* up: give me no new events; down: you owe nothing more */
	WIRE_REQUEST = 5,   /* up: one command on its own; answered by REPLY */
	WIRE_DEATH = 6,     /* up: one of my workers has died, and over what */

	WIRE_WELCOME = 16, /* down: the sidecar's epoch and limits, the routes it refused */
	WIRE_EVENTS = 17,  /* down: events */
	WIRE_REPLY = 18,   /* down: the outcome of a request, or of a malformed message */
	WIRE_STALE = 19,   /* down: this record came too late and was not applied */
	WIRE_UNKNOWN = 20, /* down: I do not know you, say HELLO (and ask again) */
	WIRE_PROBE = 21,   /* down: nothing to say; finds out whether you are reachable */
};

struct wire_header {
	uint8_t type;
	uint16_t flags; /* none yet: zero */
	uint64_t id;    /* chosen by who asks, echoed by who answers */
};

enum wire_status {
	WIRE_OK = 0,
	WIRE_MALFORMED = 1,   /* the message breaks this protocol */
	WIRE_BAD_VERSION = 2, /* its first byte is not WIRE_VERSION */
	WIRE_NO_ROUTE = 3,    /* no route matches the path */
	WIRE_NO_CONN = 4,     /* no such connection, or it is closing */
	WIRE_TOO_LARGE = 5,   /* past the largest message that clients may get */
	WIRE_EXPIRED = 6,     /* the deadline has passed: not applied */
	WIRE_INVALID = 7,     /* well-formed, but it makes no sense */
	WIRE_BUSY = 8,        /* a limit is reached: try again later */
	WIRE_NOT_RELAYED = 9, /* applied on this host, but the relay cannot take it for the others */
	WIRE_NOT_READY = 10,  /* no route matches the path yet: its app may still come */
};

/* A cursor over bytes that are not ours to trust. */
struct wire_reader {
	const uint8_t *at;
	const uint8_t *end;
};

struct wire_id {
	uint8_t bytes[WIRE_ID_BYTES];
};

enum wire_role {
	WIRE_ROLE_WORKER = 1,     /* takes events */
	WIRE_ROLE_APP = 2,        /* serves HTTP: only announces its app's routes */
	WIRE_ROLE_SUPERVISOR = 3, /* starts workers, and says how they end */
};

struct wire_hello {
	enum wire_role role;
	struct span app;
	uint16_t n_routes; /* that many wire_get_route() calls follow */
};

enum wire_route_flags {
	WIRE_ROUTE_PUSH_ONLY = 1, /* has no handler: no events wanted */
	WIRE_ROUTE_SECURE = 2,    /* only for clients with a valid token */
	WIRE_ROUTE_KEEPS = 4,     /* what is sent to its paths is kept: how much follows */
	WIRE_ROUTE_SPEAKS = 8,    /* it has subprotocols of its own: their list follows */
};

struct wire_route {
	uint8_t flags;
	struct span pattern;
	uint32_t history;         /* messages of a path; with WIRE_ROUTE_KEEPS */
	uint32_t history_seconds; /* the same */
	struct span protocols;    /* with WIRE_ROUTE_SPEAKS: see protocols.h */
};

/* Who watches over a worker: behind the routes of its HELLO, and of its supervisor's. */
struct wire_watch {
	struct wire_id supervisor; /* random, chosen when it started; zero: nobody watches */
	uint32_t worker;           /* its number for the worker, never used again; 0 for itself */
};

struct wire_welcome {
	uint64_t epoch;           /* of the sidecar: changes when it starts anew */
	uint32_t max_message;     /* bytes of a message to a client */
	uint32_t attribute_bytes; /* names and values of one connection */
	uint16_t n_refused;       /* that many patterns follow: wire_get_blob() */
};

enum wire_event_kind {
	WIRE_ATTACH = 0, /* what you need to know of a connection; not acknowledged */
	WIRE_OPEN = 1,
	WIRE_MESSAGE = 2,
	WIRE_CLOSE = 3,
	WIRE_DETACH = 4, /* another worker serves it now: forget it; not acknowledged */
};

enum wire_flags { /* of events and commands */
	WIRE_BINARY = 1,
	WIRE_EXCLUDE_SENDER = 2,
	WIRE_OTHER_CONN = 4, /* the command names a connection: not the event's own */
	WIRE_UNSET = 8,
	WIRE_TRANSIENT = 16, /* of a broadcast or push: is not kept */
	WIRE_ASKS = 32,      /* of a message: its client waits for an answer */
};

struct wire_event {
	enum wire_event_kind kind;
	uint8_t flags;
	uint16_t attempt; /* 1 for the first delivery */
	uint16_t code;    /* close: the status that the client sent or saw, RFC 6455 7.4 */
	struct wire_id conn;
	uint64_t epoch;
	uint64_t id;
	uint32_t count;         /* connections on the path at that moment */
	struct span data;       /* message: its bytes */
	struct span meta;       /* open, attach: a struct wire_meta, see wire_get_meta() */
	struct span attributes; /* attach: pairs, see wire_get_pair() */
};

/* What stays the same while a connection lives. */
struct wire_meta {
	struct span pattern; /* the route it came by */
	struct span path;    /* decoded */
	struct span query;   /* still encoded, without '?' */
	struct span ip;
	struct span claims;   /* JSON: the verified ones of its token, or empty */
	struct span user;     /* whose it is, or empty */
	struct span protocol; /* the route's subprotocol that was agreed on, or empty */
	struct span headers;  /* pairs, names in lower case */
};

enum wire_command_type {
	WIRE_SEND = 1,       /* data to one connection */
	WIRE_BROADCAST = 2,  /* data to the event's path; only in a record */
	WIRE_PUSH = 3,       /* data to the path in key */
	WIRE_DISCONNECT = 4, /* closes one connection with code and the reason in data */
	WIRE_SET = 5,        /* attribute key = data of the event's connection; only in a record */
	WIRE_COUNT = 6,      /* of the path in key; only in a request */
	WIRE_STATS = 7,      /* "name=value" lines; only in a request */
	WIRE_REPLAY = 8,     /* as many of the last messages as code says to the event's connection; only in a record */
	WIRE_HISTORY = 9, /* what is kept of the path in key, as data asks, see wire_put_asked(); only in a request */
	WIRE_USER = 10,   /* the event's connection belongs to the user in key, or to nobody; only in a record */
	WIRE_USER_PUSH = 11,  /* data to all connections of the user in key */
	WIRE_USER_CLOSE = 12, /* closes them with code, and the reason in data */
	WIRE_USER_COUNT = 13, /* of the user in key; only in a request */
	WIRE_CONNS = 14,      /* who is on the path in key, or on any when it is empty, as data asks, see
				 wire_put_conns_asked(); only in a request */
	WIRE_KICK = 15,       /* closes all connections of the path in key, with code and the reason in data */
	WIRE_PRESENT = 16, /* what others may see of the event's connection: a JSON object in data; only in a record */
	WIRE_MEMBERS = 17, /* who is on the path in key, as JSON in the reply's text; only in a request */
	WIRE_ANSWER = 18,  /* data to the client whose message asks; once, and only in a record */
};

enum { WIRE_LAST_COMMAND = 18 }; /* the highest number that a command may have; some below it are free */

struct wire_command {
	enum wire_command_type type;
	uint8_t flags;
	uint16_t code;
	struct wire_id conn; /* with WIRE_OTHER_CONN */
	struct span key;
	struct span data;
};

/* An acknowledgement; its commands follow in `commands`. */
struct wire_record {
	struct wire_id conn;
	uint64_t epoch;
	uint64_t event;
	uint16_t attempt;
	bool failed; /* the handler returned an error: there are no commands */
	struct wire_reader commands;
};

struct wire_request {
	struct wire_id id;    /* random; the same in a retry */
	uint64_t deadline_ms; /* Unix time; later it is not applied */
	struct wire_command command;
};

struct wire_reply {
	enum wire_status status;
	bool relayed;         /* handed to the relay for the other hosts */
	uint32_t connections; /* queued to that many here; for COUNT the count */
	uint64_t epoch;       /* of the path; 0 when nobody is there */
	uint64_t offset;      /* of this message within the epoch, from 1 */
	struct span text;     /* what went wrong, STATS' lines, or the answer to HISTORY or CONNS: see wire_get_past(),
				 wire_get_conns() */
	uint64_t origin;      /* of this message, when its path keeps it */
	uint64_t number;      /* the same; 0 when it is not kept */
};

/* What HISTORY asks for. */
struct wire_asked {
	uint32_t max;      /* of the last messages */
	struct span since; /* only those that this position lacks; empty for all */
};

/* What is kept of a path; wire_get_kept() calls follow. */
struct wire_past {
	bool whole;           /* all that `since` lacks is kept, and not more than `max` */
	struct span position; /* behind the last of them */
	struct wire_reader messages;
};

struct wire_kept {
	uint8_t flags;  /* WIRE_BINARY */
	uint64_t at_ms; /* Unix time */
	uint64_t origin, number;
	struct span data;
};

/* What CONNS asks for; of the texts, an empty one is any. */
struct wire_conns_asked {
	uint32_t max;       /* connections on a page; 0 or too many: as many as there may be */
	struct span cursor; /* behind the page before, as its answer says */
	struct span host;   /* only of this host: eight hexadecimal digits */
	struct span user;   /* only of this user */
};

/* A page of connections, all of one host; wire_get_conn() calls follow. */
struct wire_conns {
	uint32_t host;      /* its number: the first 32 bits of the ids of its connections */
	bool answered;      /* it has said who is there; else it is away */
	struct span cursor; /* of the next page; empty when this was the last */
	struct wire_reader conns;
};

struct wire_conn {
	struct wire_id id;
	uint64_t since_ms; /* Unix time at which it came */
	uint64_t queued;   /* bytes that wait for it */
	uint64_t messages; /* that it has sent */
	struct span path, user, ip;
};

/* An event on one of its ways to a worker. */
struct wire_delivery {
	struct wire_id conn;
	uint64_t epoch;
	uint64_t event;
	uint16_t attempt;
};

struct wire_death {
	uint32_t worker; /* the supervisor's number for it */
	bool blames;     /* it died over this: else over nothing that is known */
	struct wire_delivery over;
};

/* Reads a message from its start. */
struct wire_reader wire_reader(const void *data, size_t len);

/* Random bytes of the kernel's. Returns 0 or a negative errno. */
int wire_id_random(struct wire_id *ret);
void wire_id_format(const struct wire_id *id, char ret[static WIRE_ID_HEX]);
/* Returns 0, or -EINVAL when the text is not 32 hexadecimal digits. */
int wire_id_parse(const char *text, struct wire_id *ret);

void wire_put_header(struct buf *buf, enum wire_type type, uint64_t id);
/* Returns 0, -EPROTO when cut short, -EPROTONOSUPPORT for another version. */
int wire_get_header(struct wire_reader *reader, struct wire_header *ret);

void wire_put_hello(struct buf *buf, const struct wire_hello *hello);
int wire_get_hello(struct wire_reader *reader, struct wire_hello *ret);
void wire_put_route(struct buf *buf, const struct wire_route *route);
int wire_get_route(struct wire_reader *reader, struct wire_route *ret);

/* Behind the routes. A HELLO that ends there is of one whom nobody watches: zeroed. Returns 0 or -EPROTO. */
void wire_put_watch(struct buf *buf, const struct wire_watch *watch);
int wire_get_watch(struct wire_reader *reader, struct wire_watch *ret);
bool wire_is_watched(const struct wire_watch *watch);

void wire_put_welcome(struct buf *buf, const struct wire_welcome *welcome);
int wire_get_welcome(struct wire_reader *reader, struct wire_welcome *ret);

void wire_put_event(struct buf *buf, const struct wire_event *event);
/* Returns 1 and the next event, 0 at the end, or -EPROTO. */
int wire_get_event(struct wire_reader *reader, struct wire_event *ret);

/* Appends all but the headers, whose pairs the caller appends after it. */
void wire_put_meta(struct buf *buf, const struct wire_meta *meta);
int wire_get_meta(struct span from, struct wire_meta *ret);

void wire_put_pair(struct buf *buf, struct span name, struct span value);
/* Returns 1 and the next pair, 0 at the end, or -EPROTO. */
int wire_get_pair(struct wire_reader *reader, struct span *ret_name, struct span *ret_value);
int wire_get_blob(struct wire_reader *reader, struct span *ret);

/*
 * A record is begun, filled with wire_put_command(), and ended with the offset
 * that its begin returned. Cutting the buffer back to that offset drops it.
 */
size_t wire_begin_record(struct buf *buf, const struct wire_record *record);
void wire_end_record(struct buf *buf, size_t offset);
/*
 * Returns 1 and the next record, whose commands have all been checked; 0 at
 * the end; -EPROTO.
 */
int wire_get_record(struct wire_reader *reader, struct wire_record *ret);

void wire_put_command(struct buf *buf, const struct wire_command *command);
/* Returns 1 and the next command, 0 at the end, or -EPROTO. */
int wire_get_command(struct wire_reader *reader, struct wire_command *ret);

void wire_put_request(struct buf *buf, const struct wire_request *request);
int wire_get_request(struct wire_reader *reader, struct wire_request *ret);

void wire_put_reply(struct buf *buf, const struct wire_reply *reply);
int wire_get_reply(struct wire_reader *reader, struct wire_reply *ret);

void wire_put_asked(struct buf *buf, const struct wire_asked *asked);
int wire_get_asked(struct span from, struct wire_asked *ret);
void wire_put_past(struct buf *buf, const struct wire_past *past); /* wire_put_kept() calls follow */
int wire_get_past(struct span from, struct wire_past *ret);
void wire_put_kept(struct buf *buf, const struct wire_kept *kept);
/* Returns 1 and the next message, oldest first, 0 at the end, or -EPROTO. */
int wire_get_kept(struct wire_reader *reader, struct wire_kept *ret);

void wire_put_conns_asked(struct buf *buf, const struct wire_conns_asked *asked);
int wire_get_conns_asked(struct span from, struct wire_conns_asked *ret);
void wire_put_conns(struct buf *buf, const struct wire_conns *conns); /* wire_put_conn() calls follow */
int wire_get_conns(struct span from, struct wire_conns *ret);
void wire_put_conn(struct buf *buf, const struct wire_conn *conn);
/* Returns 1 and the next connection, 0 at the end, or -EPROTO. */
int wire_get_conn(struct wire_reader *reader, struct wire_conn *ret);

/* The body of STALE, and a part of DEATH. */
void wire_put_delivery(struct buf *buf, const struct wire_delivery *delivery);
int wire_get_delivery(struct wire_reader *reader, struct wire_delivery *ret);

void wire_put_death(struct buf *buf, const struct wire_death *death);
int wire_get_death(struct wire_reader *reader, struct wire_death *ret);

/* A supervisor's HEARTBEAT goes on with the numbers of workers that are at an event. 1, 0 at the end, or -EPROTO. */
int wire_get_worker(struct wire_reader *reader, uint32_t *ret);

/* What logs and metrics call a status, an event or a command: "no-route", "open", "push"; "unknown" for no such. */
const char *wire_status_name(enum wire_status status);
const char *wire_event_name(enum wire_event_kind kind);
const char *wire_command_name(enum wire_command_type type);

#endif
