#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/hex.h"
#include "shared/take.h"
#include "sidecar/relay/store.h"

enum { ORIGIN_DIGITS = 16 };

static const char NAME_MESSAGE[] = "m", NAME_BEFORE[] = "b";

/* --- commands ------------------------------------------------------------------------------- */

/*
 * Text that is made grows, and moves: so a word of it is noted by where it stands, and
 * becomes a span when all is made.
 */
struct making {
	struct store_words *made;
	size_t n_words;
	struct outbox_command *command;
	size_t at[STORE_WORDS]; /* SIZE_MAX for a word that is not in the text */
};

static void
begin(struct making *making)
{
	making->command = &making->made->commands[making->made->n++];
	*making->command = (struct outbox_command){ .words = &making->made->words[making->n_words], .may_fail = true };
}

static void
add(struct making *making, struct span word)
{
	making->at[making->n_words] = SIZE_MAX;
	making->made->words[making->n_words++] = word;
	making->command->n++;
}

static void
add_text(struct making *making, const char *text)
{
	add(making, span_of(text));
}

/* The text from there on is a word. */
static void
add_made(struct making *making, size_t at)
{
	making->at[making->n_words] = at;
	making->made->words[making->n_words++].len = making->made->text.len - at;
	making->command->n++;
}

static void
add_number(struct making *making, uint64_t number)
{
	size_t at = making->made->text.len;

	buf_decimal(&making->made->text, number);
	add_made(making, at);
}

static void
add_key(struct making *making, const char *prefix, const char *kind, struct span path)
{
	struct buf *text = &making->made->text;
	size_t at = text->len;

	buf_string(text, prefix);
	buf_string(text, kind);
	buf_bytes(text, path.data, path.len);
	add_made(making, at);
}

static int
finish(struct making *making)
{
	struct store_words *made = making->made;

	if (made->text.failed)
		return -ENOMEM;
	for (size_t i = 0; i < making->n_words; i++)
		if (making->at[i] != SIZE_MAX)
			made->words[i].data = (const char *)made->text.data + making->at[i];
	return 0;
}

static void
add_stream(struct making *making, const char *prefix, struct span path)
{
	add_key(making, prefix, ":history:", path);
}

static void
add_hash(struct making *making, const char *prefix, struct span path)
{
	add_key(making, prefix, ":latest:", path);
}

static void
add_latest(struct making *making, const struct transport_keeping *keeping)
{
	struct buf *text = &making->made->text;
	size_t at = text->len;

	buf_printf(text, "%016" PRIx64, keeping->mark.origin);
	add_made(making, at);
	at = text->len;
	buf_printf(text, "%" PRIu64 " %" PRIu64, keeping->mark.number, keeping->at_ms);
	add_made(making, at);
}

static void
make_expire(struct making *making, const char *prefix, const struct transport_keeping *keeping,
    void (*add_name)(struct making *making, const char *prefix, struct span path))
{
	if (keeping->seconds == 0)
		return;
	begin(making);
	add_text(making, "EXPIRE");
	add_name(making, prefix, keeping->path);
	add_number(making, keeping->seconds);
}

int
store_put(struct store_words *words, const char *prefix, const struct transport_keeping *keeping, struct span message)
{
	struct making making = { .made = words };

	*words = (struct store_words){ 0 };
	begin(&making);
	add_text(&making, "XADD");
	add_stream(&making, prefix, keeping->path);
	add_text(&making, "MAXLEN");
	add_text(&making, "~");
	add_number(&making, keeping->messages);
	add_text(&making, "*");
	add_text(&making, NAME_MESSAGE);
	add(&making, message);
	add_text(&making, NAME_BEFORE);
	add_number(&making, keeping->before);
	make_expire(&making, prefix, keeping, add_stream);
	begin(&making);
	add_text(&making, "HSET");
	add_hash(&making, prefix, keeping->path);
	add_latest(&making, keeping);
	make_expire(&making, prefix, keeping, add_hash);
	return finish(&making);
}

int
store_measure(struct store_words *words, const char *prefix, struct span path)
{
	struct making making = { .made = words };

	*words = (struct store_words){ 0 };
	begin(&making);
	add_text(&making, "MEMORY");
	add_text(&making, "USAGE");
	add_stream(&making, prefix, path);
	add_text(&making, "SAMPLES");
	add_text(&making, "0");
	return finish(&making);
}

int
store_ask(struct store_words *words, const char *prefix, struct span path, uint32_t messages)
{
	struct making making = { .made = words };

	*words = (struct store_words){ 0 };
	begin(&making);
	add_text(&making, "XREVRANGE");
	add_stream(&making, prefix, path);
	add_text(&making, "+");
	add_text(&making, "-");
	add_text(&making, "COUNT");
	add_number(&making, messages);
	begin(&making);
	add_text(&making, "HGETALL");
	add_hash(&making, prefix, path);
	begin(&making);
	add_text(&making, "GET");
	add_key(&making, prefix, ":history", SPAN_EMPTY);
	return finish(&making);
}

void
store_free(struct store_words *words)
{
	buf_free(&words->text);
}

/* --- answers ------------------------------------------------------------------------------- */

static struct span
text_of(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING ? (struct span){ reply->str, reply->len } : SPAN_EMPTY;
}

/* An id is TIME-SEQUENCE, in milliseconds. */
static bool
read_time(struct span id, uint64_t *ret)
{
	return take_decimal(&id, ret) && take_char(&id, '-');
}

/* Reads the names and values of an entry. */
static bool
read_fields(const redisReply *fields, struct transport_kept *ret)
{
	bool has_message = false, has_before = false;

	for (size_t i = 0; i + 1 < fields->elements; i += 2) {
		struct span name = text_of(fields->element[i]), value = text_of(fields->element[i + 1]);

		if (span_is(name, NAME_MESSAGE)) {
			ret->message = value;
			has_message = true;
		} else if (span_is(name, NAME_BEFORE)) {
			has_before = take_decimal(&value, &ret->before) && value.len == 0;
		}
	}
	return has_message && has_before;
}

static bool
read_entry(const redisReply *entry, struct transport_kept *ret)
{
	return entry->type == REDIS_REPLY_ARRAY && entry->elements == 2 &&
	    entry->element[1]->type == REDIS_REPLY_ARRAY && read_time(text_of(entry->element[0]), &ret->at_ms) &&
	    read_fields(entry->element[1], ret);
}

/* Redis gives the latest first. */
static int
read_entries(const redisReply *entries, struct store_past *ret)
{
	ret->kept = calloc(entries->elements + 1, sizeof(*ret->kept));
	if (ret->kept == NULL)
		return -ENOMEM;
	for (size_t i = entries->elements; i > 0; i--)
		ret->past.n_kept += read_entry(entries->element[i - 1], &ret->kept[ret->past.n_kept]);
	ret->past.kept = ret->kept;
	return 0;
}

static bool
read_latest(struct span field, struct span value, struct transport_latest *ret)
{
	return take_hex(&field, ORIGIN_DIGITS, &ret->mark.origin) && field.len == 0 &&
	    take_decimal(&value, &ret->mark.number) && take_char(&value, ' ') && take_decimal(&value, &ret->at_ms) &&
	    value.len == 0;
}

static int
read_hash(const redisReply *hash, struct store_past *ret)
{
	ret->latest = calloc(hash->elements / 2 + 1, sizeof(*ret->latest));
	if (ret->latest == NULL)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < hash->elements; i += 2)
		ret->past.n_latest += read_latest(
		    text_of(hash->element[i]), text_of(hash->element[i + 1]), &ret->latest[ret->past.n_latest]);
	ret->past.latest = ret->latest;
	return 0;
}

int
store_read(const redisReply *reply, const char *run, struct store_past *ret)
{
	int r;

	*ret = (struct store_past){ 0 };
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != STORE_QUESTIONS ||
	    reply->element[0]->type != REDIS_REPLY_ARRAY || reply->element[1]->type != REDIS_REPLY_ARRAY)
		return -EBADMSG;
	ret->past.since_ms = store_get_since(text_of(reply->element[2]), run);
	r = read_entries(reply->element[0], ret);
	return r < 0 ? r : read_hash(reply->element[1], ret);
}

void
store_past_free(struct store_past *past)
{
	free(past->kept);
	free(past->latest);
}

/* --- whether all of it is there -------------------------------------------------------------- */

void
store_since_key(const char *prefix, struct buf *ret)
{
	buf_string(ret, prefix);
	buf_string(ret, ":history");
}

void
store_put_since(const char *run, uint64_t now_ms, struct buf *ret)
{
	buf_printf(ret, "%s %" PRIu64, run, now_ms);
}

uint64_t
store_get_since(struct span value, const char *run)
{
	size_t len = strlen(run);
	uint64_t since_ms;

	if (value.len < len || memcmp(value.data, run, len) != 0)
		return UINT64_MAX;
	value = span_from(value, len);
	if (!take_char(&value, ' ') || !take_decimal(&value, &since_ms) || value.len > 0)
		return UINT64_MAX;
	return since_ms;
}

void
store_get_run(struct span info, char ret[static STORE_RUN_ID])
{
	static const char name[] = "run_id:";
	const char *at = info.len == 0 ? NULL : memmem(info.data, info.len, name, strlen(name));
	size_t len = 0;

	strcpy(ret, "-");
	if (at == NULL)
		return;
	at += strlen(name);
	while (at + len < info.data + info.len && hex_digit(at[len]) >= 0)
		len++;
	if (len == 0 || len >= STORE_RUN_ID)
		return;
	memcpy(ret, at, len);
	ret[len] = '\0';
}
