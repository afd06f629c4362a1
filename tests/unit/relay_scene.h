/*
 * relay_scene - a relay with its hub, whose transport and clock are the test's.
 *
 * Nothing is sent anywhere: what the relay says is kept as words, and what
 * others say is put into its events.
 */
#ifndef TESTS_UNIT_RELAY_SCENE_H
#define TESTS_UNIT_RELAY_SCENE_H

#include "shared/conf.h"
#include "sidecar/relay/envelope.h"
#include "sidecar/hub/hub.h"
#include "sidecar/relay/relay.h"
#include "sidecar/relay/channel.h"
#include "sidecar/relay/inquiry.h"
#include "sidecar/relay/transport.h"

enum {
	SCENE_WORDS = 64,
	SCENE_CLIENTS = 16,
	SCENE_INSTANCE = 0x01020304,
};

enum scene_verb {
	SCENE_SUBSCRIBES,
	SCENE_UNSUBSCRIBES,
	SCENE_PUBLISHES,
	SCENE_RECALLS,
	SCENE_TELLS,
	SCENE_TELLS_ALL,
};

/* What the relay has said. */
struct scene_word {
	enum scene_verb verb;
	char channel[128];
	uint64_t token;
	uint64_t ticket;
	uint32_t messages; /* asked for */
	struct buf bytes;
};

struct scene {
	struct transport transport; /* comes first */
	struct conf conf;
	struct hub hub;
	struct relay relay;
	struct client *clients[SCENE_CLIENTS];

	uint64_t now_ms;
	uint64_t tickets;
	struct scene_word words[SCENE_WORDS];
	uint32_t n_words;
	int publish_result;               /* of the next ones */
	size_t waiting_bytes;             /* of what was published and has not gone out */
	struct transport_keeping keeping; /* of the latest that was stored */
	uint32_t n_stored;
	uint64_t stored_bytes; /* that are said to be stored of any path */
	uint32_t n_beats, n_flushes;
	uint64_t beat_heard; /* the latest of our own */

	struct path *released; /* the latest */
	uint32_t n_released;
	uint64_t counted_id; /* of the latest count that was answered */
	uint32_t counted, n_counted;
};

extern const uint64_t scene_origin;

/* A relay whose transport is away. */
void scene_begin(struct scene *scene);
void scene_end(struct scene *scene);

/* The transport comes and goes, and its channel of this host with it. */
void scene_up(struct scene *scene);
void scene_down(struct scene *scene);

/* The same in its steps, and each half by itself. */
void scene_subscribe(struct scene *scene);
void scene_publish(struct scene *scene);
void scene_prove(struct scene *scene);
void scene_unsubscribe(struct scene *scene);
void scene_unhear(struct scene *scene);

/* A client comes to the path, or leaves it. */
struct client *scene_enter(struct scene *scene, unsigned i, const char *path);
void scene_leave(struct scene *scene, unsigned i);

struct path *scene_path(struct scene *scene, const char *path);

/* The turn ends: forgets what was said before, so that words are those of this flush or later. */
void scene_flush(struct scene *scene);

/* Forgets the words. */
void scene_forget(struct scene *scene);

/* So much time passes, and the relay's tick comes if it waits for it. */
void scene_pass(struct scene *scene, uint64_t ms);

/* The latest word of the kind; NULL when there is none. */
const struct scene_word *scene_word(const struct scene *scene, enum scene_verb verb);
uint32_t scene_count(const struct scene *scene, enum scene_verb verb);

/* What is in a word: borrows from it. */
struct envelope scene_envelope(const struct scene_word *word);

/* The latest subscription is confirmed. Returns the token of the question that follows, 0 for none. */
uint64_t scene_confirm(struct scene *scene);

/* The transport says how many hosts have got a question, ours counted if it has subscribed. */
void scene_told(struct scene *scene, uint64_t token, uint32_t receivers);

/* The store answers the latest question; past is NULL when it cannot. */
void scene_recalled(struct scene *scene, const struct transport_past *past);

/* Another host says something. */
void scene_hear(struct scene *scene, const struct envelope *envelope);

/* It says how many connections it has on a path; question is what it answers, or 0. */
void scene_hear_count(
    struct scene *scene, uint64_t origin, uint64_t sequence, const char *path, uint32_t count, uint64_t question);

#endif
