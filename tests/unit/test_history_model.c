/*
 * Two hosts keep what is said on a path and store it, and clients come, go and change
 * hosts. A plain list knows all that was ever said; against it each claim is checked:
 * who is told that nothing is missing has everything, and nobody gets anything twice.
 *
 * With "calm" nothing is ever let go, and then nobody may be told of a gap.
 */
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/conf.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/histories.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/merge.h"
#include "sidecar/hub/paths.h"
#include "tests/tap.h"

enum {
	HOSTS = 2,
	CLIENTS = 8,
	WORDS = 3000,
	STEPS = 6000,
	ROUNDS = 40,
};

/* One message of the list. */
struct word {
	struct mark mark;
	uint64_t at_ms;
	struct frame *frame;
	bool lost; /* its host died before it had told it */
};

struct host {
	struct histories histories;
	struct path path;
	uint32_t heard; /* index of the next word that it has to hear of */
	bool has[WORDS];
};

struct reader {
	int host; /* -1: away */
	bool knows;
	struct position position;
	bool has[WORDS];
	bool excused[WORDS]; /* it was told that this may be missing */
};

struct world {
	unsigned random;
	bool calm;
	struct conf conf;
	struct word words[WORDS];
	uint32_t n_words;
	uint32_t store_max;    /* words that are stored */
	uint32_t first_stored; /* index: what was stored before is gone */
	uint64_t stored_since_ms;
	uint64_t n_runs;
	struct host hosts[HOSTS];
	struct reader readers[CLIENTS];
	uint32_t n_doubles, n_missed, n_false_gaps, n_gaps, n_resumed;
};

static uint64_t clock_now_ms;

static uint64_t
now_ms(void)
{
	return clock_now_ms;
}

static unsigned
chance(struct world *world, unsigned n)
{
	return (unsigned)rand_r(&world->random) % n;
}

static void
host_begin(struct world *world, struct host *host)
{
	static char name[] = "/ws/room";

	memset(host, 0, sizeof(*host));
	host->path.name = name;
	host->path.len = strlen(name);
	host->path.n_clients = 1;
	host->path.past.limits =
	    (struct history_limits){ world->calm ? WORDS : 1 + chance(world, 40), world->calm ? 3600 : 1 };
	host->heard = world->n_words;
	histories_open(&host->histories, &world->conf, 1000 + world->n_runs++);
	host->histories.now_ms = now_ms;
	host->histories.since_ms = clock_now_ms;
	host->histories.shared = true;
	host->path.past.since_ms = clock_now_ms; /* it has just subscribed */
}

/* --- readers ---------------------------------------------------------------------------- */

static void
give(struct world *world, struct reader *reader, uint32_t word)
{
	world->n_doubles += reader->has[word];
	reader->has[word] = true;
}

static uint32_t
word_of(const struct world *world, struct mark mark)
{
	for (uint32_t i = 0; i < world->n_words; i++)
		if (world->words[i].mark.origin == mark.origin && world->words[i].mark.number == mark.number)
			return i;
	return WORDS;
}

/* It begins anew: it gets what the host hears from now on, and has had what it has had. */
static void
begin_anew(struct world *world, struct reader *reader, const struct host *host)
{
	for (uint32_t i = 0; i < world->n_words; i++)
		reader->excused[i] |= i < host->heard || host->has[i];
}

static void
resume(struct world *world, struct reader *reader, struct host *host)
{
	const struct history *history = host->path.past.history;

	world->n_resumed++;
	for (uint32_t i = 0; history != NULL && i < history->messages.n; i++)
		if (history_lacks(history, &reader->position, history_at(history, i)))
			give(world, reader, word_of(world, history_mark(history, history_at(history, i))));
	for (uint32_t i = 0; i < world->n_words; i++)
		world->n_missed += host->has[i] && !reader->has[i] && !reader->excused[i];
}

static void
come(struct world *world, struct reader *reader, int number)
{
	struct host *host = &world->hosts[number];
	const struct past past = histories_past(&host->path);
	struct position now = histories_position(&host->histories, &past, 0);
	struct buf text = BUF_INIT;

	if (reader->knows) {
		position_put(&text, &reader->position);
		if (position_parse(span_of_buf(&text), &reader->position) < 0)
			world->n_false_gaps++;
		buf_free(&text);
	}
	if (reader->knows && histories_is_whole(&host->histories, &past, &reader->position)) {
		resume(world, reader, host);
	} else {
		world->n_gaps += reader->knows;
		world->n_false_gaps += reader->knows && world->calm;
		begin_anew(world, reader, host);
	}
	position_join(&now, &reader->position);
	reader->position = now;
	reader->knows = true;
	reader->host = number;
}

/* --- words ------------------------------------------------------------------------------ */

static bool
is_had(const struct host *host, const struct word *word)
{
	return host->path.past.history != NULL && history_has(host->path.past.history, word->mark);
}

static void
hear(struct world *world, int number, uint32_t i)
{
	struct host *host = &world->hosts[number];
	const struct word *word = &world->words[i];
	const struct keeping keeping = { .mark = word->mark };

	if (is_had(host, word))
		return;
	host->has[i] = true;
	histories_keep(&host->histories, &host->path, &keeping, word->frame);
	for (int at = 0; at < CLIENTS; at++) {
		struct reader *reader = &world->readers[at];

		if (reader->host != number || position_covers(&reader->position, word->mark))
			continue; /* away, or it has had it at the other host */
		give(world, reader, i);
		position_raise(&reader->position, word->mark);
	}
}

static void
say(struct world *world, int number)
{
	struct host *host = &world->hosts[number];
	uint32_t i = world->n_words;

	if (i == WORDS)
		return;
	if (chance(world, 4) == 0)
		histories_next(&host->histories); /* said on another path */
	world->words[i] = (struct word){ .mark = histories_next(&host->histories),
		.at_ms = clock_now_ms,
		.frame = frame_new(FRAME_TEXT, "word", 4) };
	world->n_words++;
	hear(world, number, i);
}

static bool
is_own(const struct host *host, const struct word *word)
{
	return word->mark.origin == host->histories.origin;
}

/* What is gone for good. Those who are there are told so, as resume_tell_gap() does. */
static void
lose(struct world *world, int number, uint32_t i)
{
	struct host *host = &world->hosts[number];

	histories_tear(&host->histories, &host->path);
	for (int at = 0; at < CLIENTS; at++)
		if (world->readers[at].host == number)
			world->readers[at].excused[i] = true;
}

/* The relay brings some of what others have said, in its order; a part of it may be gone. */
static void
relay(struct world *world, int number, unsigned n)
{
	struct host *host = &world->hosts[number];
	bool loses = !world->calm && chance(world, 20) == 0;

	for (; n > 0 && host->heard < world->n_words; host->heard++) {
		const struct word *word = &world->words[host->heard];

		if (is_own(host, word) || word->lost)
			continue;
		n--;
		if (!loses)
			hear(world, number, host->heard);
		else
			lose(world, number, host->heard);
	}
}

/* --- what is stored ----------------------------------------------------------------------- */

/* The number of the word of its origin before that one; 0 when it is the first. */
static uint64_t
number_before(const struct world *world, uint32_t i)
{
	uint64_t origin = world->words[i].mark.origin;

	while (i-- > 0)
		if (world->words[i].mark.origin == origin)
			return world->words[i].mark.number;
	return 0;
}

static bool
is_over(const struct host *host, const struct word *word)
{
	return word->at_ms + 1000 * (uint64_t)host->path.past.limits.seconds <= clock_now_ms;
}

static void
add_mark(struct stored_mark *marks, uint32_t *n, const struct word *word)
{
	for (uint32_t i = 0; i < *n; i++)
		if (marks[i].mark.origin == word->mark.origin)
			return;
	marks[(*n)++] = (struct stored_mark){ .mark = word->mark, .at_ms = word->at_ms };
}

/* The host is told what is stored, and has heard some of it by itself. */
static void
fetch(struct world *world, struct host *host)
{
	static struct stored_message messages[WORDS];
	static struct stored_mark marks[WORDS];
	struct stored stored = { .messages = messages + WORDS, .marks = marks };

	for (uint32_t i = world->n_words; i > world->first_stored; i--) {
		const struct word *word = &world->words[i - 1];

		if (word->lost)
			continue;
		add_mark(marks, &stored.n_marks, word);
		if (stored.n == world->store_max)
			continue;
		stored.n++;
		*(struct stored_message *)--stored.messages = (struct stored_message){ .mark = word->mark,
			.before = number_before(world, i - 1),
			.at_ms = word->at_ms,
			.data = frame_payload(word->frame) };
	}
	merge_past(&host->histories, &host->path, &stored);
	host->path.past.since_ms = world->stored_since_ms;
	for (uint32_t i = world->first_stored; i < world->n_words; i++)
		host->has[i] |= !world->words[i].lost && !is_over(host, &world->words[i]);
}

/* A new run has subscribed, and is told later what is stored. */
static void
begin_with_stored(struct world *world, int number)
{
	struct host *host = &world->hosts[number];
	uint32_t back = chance(world, 6);

	host->heard = world->n_words > back ? world->n_words - back : 0;
	host->path.past.since_ms = host->histories.since_ms = 0;
	relay(world, number, chance(world, 4));
	fetch(world, host);
}

/* A new run knows nothing, and what the old one had not told is lost. */
static void
restart(struct world *world, int number)
{
	struct host *host = &world->hosts[number], *other = &world->hosts[1 - number];

	for (uint32_t i = other->heard; i < world->n_words; i++)
		world->words[i].lost |= is_own(host, &world->words[i]);
	for (int i = 0; i < CLIENTS; i++)
		if (world->readers[i].host == number)
			world->readers[i].host = -1;
	histories_forget(&host->histories, &host->path);
	host_begin(world, host);
	if (world->calm || chance(world, 2) == 0)
		begin_with_stored(world, number);
}

/* The other one has heard all that it says. */
static void
restart_in_peace(struct world *world, int number)
{
	relay(world, 1 - number, WORDS);
	restart(world, number);
}

static void
lose_stored(struct world *world)
{
	world->first_stored = world->n_words;
	world->stored_since_ms = clock_now_ms + HISTORY_LAG_MS;
}

/* What the loop does when nobody is there. */
static void
sweep(struct world *world, int number)
{
	struct host *host = &world->hosts[number];

	for (int i = 0; i < CLIENTS; i++)
		if (world->readers[i].host == number)
			return;
	host->path.n_clients = 0;
	histories_tick(&host->histories);
	if (histories_sweep(&host->histories) != NULL)
		histories_forget(&host->histories, &host->path);
	host->path.n_clients = 1;
}

static void
step(struct world *world)
{
	struct reader *reader = &world->readers[chance(world, CLIENTS)];
	int number = (int)chance(world, HOSTS);

	clock_now_ms += 1 + chance(world, 20);
	switch (chance(world, 12)) {
	case 0:
	case 1:
	case 2:
	case 3:
		say(world, number);
		return;
	case 4:
	case 5:
	case 6:
		relay(world, number, 1 + chance(world, 4));
		return;
	case 7:
	case 8:
		reader->host = -1;
		return;
	case 9:
	case 10:
		if (reader->host < 0)
			come(world, reader, number);
		return;
	default:
		if (!world->calm && chance(world, 400) == 0)
			lose_stored(world);
		/* A position has room for so many runs: of more, something may come once more. */
		else if (!world->calm && world->n_runs < POSITION_ORIGINS && chance(world, 8) == 0)
			restart(world, number);
		else if (world->n_runs < POSITION_ORIGINS && chance(world, 16) == 0)
			restart_in_peace(world, number);
		else
			sweep(world, number);
		return;
	}
}

static void
play(struct world *world, unsigned seed, bool calm)
{
	memset(world, 0, sizeof(*world));
	world->random = seed;
	clock_now_ms = 1000000;
	world->calm = calm;
	world->store_max = calm ? WORDS : 1 + chance(world, 40);
	world->stored_since_ms = clock_now_ms;
	world->conf.ws_history_bytes = calm || chance(world, 2) == 0 ? 1 << 20 : 1000;
	for (int i = 0; i < HOSTS; i++)
		host_begin(world, &world->hosts[i]);
	for (int i = 0; i < CLIENTS; i++)
		world->readers[i].host = -1;
	for (int i = 0; i < HOSTS; i++) { /* until a host has heard of another one, it cannot vouch for it */
		say(world, i);
		relay(world, 1 - i, 1);
	}
	for (int i = 0; i < STEPS; i++)
		step(world);
	for (int i = 0; i < HOSTS; i++)
		histories_forget(&world->hosts[i].histories, &world->hosts[i].path);
	for (uint32_t i = 0; i < world->n_words; i++)
		frame_unref(world->words[i].frame);
}

int
main(void)
{
	static struct world world;
	const char *given = getenv("SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)clock_unix_ms();
	uint32_t n_resumed = 0, n_gaps = 0;
	bool right = true, truthful = true;

	for (unsigned i = 0; i < ROUNDS && right; i++) {
		play(&world, seed + i, false);
		right = world.n_doubles == 0 && world.n_missed == 0;
		n_resumed += world.n_resumed;
		n_gaps += world.n_gaps;
		if (!right)
			printf("# SEED=%u doubles=%u missed=%u\n", seed + i, world.n_doubles, world.n_missed);
	}
	OK(right, "who is told that nothing is missing has everything once");
	OK(n_resumed > 100 && n_gaps > 100, "and both have happened often");
	for (unsigned i = 0; i < ROUNDS && truthful; i++) {
		play(&world, seed + i, true);
		truthful = world.n_doubles == 0 && world.n_missed == 0 && world.n_false_gaps == 0;
		if (!truthful)
			printf("# SEED=%u false gaps=%u\n", seed + i, world.n_false_gaps);
	}
	OK(truthful, "where nothing is let go, nobody hears of a gap");
	OK(memory.bytes == 0, "all memory has been let go");
	return tap_done();
}
