#include <cjson/cJSON.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "shared/buf.h"
#include "sidecar/feed/asks.h"
#include "sidecar/feed/feed.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/control.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/question.h"

/* --- who asks ----------------------------------------------------------------------- */

/* The user of its token, whichever claims it has otherwise: a new token is the same user's. */
static void
put_user(struct buf *buf, struct span claims)
{
	cJSON *user = claims.len > 0 ? cJSON_ParseWithLength(claims.data, claims.len) : NULL;
	const cJSON *sub = cJSON_GetObjectItemCaseSensitive(user, "sub");

	if (claims.len > 0 && user == NULL)
		buf->failed = true;
	if (cJSON_IsString(sub))
		buf_string(buf, sub->valuestring);
	else if (cJSON_IsNumber(sub))
		buf_printf(buf, "%.17g", sub->valuedouble);
	cJSON_Delete(user);
}

/* A key is worth something on its path only, and to its user. What that comes to is as long as a key. */
static int
identify(const struct client *client, const struct wire_id *key, struct wire_id *ret)
{
	struct buf all = BUF_INIT;
	struct wire_meta meta = { 0 };
	unsigned char digest[EVP_MAX_MD_SIZE];
	int r = 0;

	wire_get_meta(span_of_buf(&client->feed.meta), &meta);
	buf_bytes(&all, key->bytes, sizeof(key->bytes));
	buf_blob(&all, client->place.path->name, client->place.path->len);
	put_user(&all, meta.user);
	if (all.failed || EVP_Digest(all.data, all.len, digest, NULL, EVP_sha256(), NULL) != 1)
		r = -ENOMEM;
	else
		memcpy(ret->bytes, digest, sizeof(ret->bytes));
	buf_free(&all);
	return r;
}

/* Once on a connection, which was opened for one page. */
static int
take_key(struct feed *feed, struct client *client, struct span words)
{
	struct wire_id key, id;
	struct once_client *asker;
	int r = control_read_key(words, &key);

	if (r == 0 && (client->asks.asker != NULL || client->place.state != CLIENT_JOINED))
		r = -EBADMSG;
	if (r == 0)
		r = identify(client, &key, &id);
	if (r < 0)
		return r;
	asker = once_come(&feed->once, &id, client);
	question_tell(feed->hub, client, control_memory(asker == NULL ? 0 : asker->name));
	return 0;
}

/* --- what it asks ------------------------------------------------------------------------ */

static int
refuse(struct feed *feed, struct client *client, uint64_t number, const char *why)
{
	feed->asks.n_refused++;
	question_tell(feed->hub, client, control_not_answered(number, why));
	return 0;
}

static int
answer_again(struct feed *feed, struct client *client, const struct outcome *outcome)
{
	feed->asks.n_again++;
	question_tell(feed->hub, client, frame_ref(outcome->answer));
	return 0;
}

static int
ask_once(struct feed *feed, struct client *client, const struct control_question *question, bool binary)
{
	struct outcome *outcome = NULL;
	int r;

	switch (once_ask(&feed->once, client, question->number, question->lowest, &outcome)) {
	case ONCE_NEW:
		r = feed_client_request(
		    feed, client, question->data, binary, &(struct asked){ question->number, outcome });
		if (r < 0)
			once_drop(&feed->once, outcome);
		return r;
	case ONCE_AGAIN:
		return answer_again(feed, client, outcome);
	case ONCE_WAIT:
		feed->asks.n_again++;
		return 0;
	case ONCE_UNKNOWN:
		return refuse(feed, client, question->number, "unknown");
	case ONCE_FULL:
		break;
	}
	return refuse(feed, client, question->number, "busy");
}

static int
ask(struct feed *feed, struct client *client, const struct control_question *question, bool binary)
{
	feed->asks.n_requests++;
	if (client->place.state != CLIENT_JOINED)
		return -EBADMSG; /* RFC 6455 section 4.1: it had no answer to its handshake yet */
	if (client->feed.close_event == NULL)
		return refuse(feed, client, question->number, "no-handler");
	if (question->lowest > 0)
		return ask_once(feed, client, question, binary);
	return feed_client_request(feed, client, question->data, binary, &(struct asked){ question->number, NULL });
}

static int
take_question(struct feed *feed, struct client *client, struct span words)
{
	struct control_question question;
	int r = control_read_question(words, &question);

	if (r == 0 && client->asks.number != 0)
		r = -EBADMSG; /* the data of the one before has not come */
	if (r < 0)
		return r;
	if (!question.binary)
		return ask(feed, client, &question, false);
	client->asks.number = question.number;
	client->asks.lowest = question.lowest;
	return 0;
}

int
asks_take(struct feed *feed, struct client *client, struct span words)
{
	char verb = words.len > 0 ? words.data[0] : '\0';
	int r = 0;

	words = span_from(words, words.len > 0);
	if (verb == 'q')
		r = take_question(feed, client, words);
	else if (verb == 'o')
		r = take_key(feed, client, words);
	else
		feed->asks.n_foreign++;
	if (r == -EBADMSG)
		feed->asks.n_foreign++;
	return r;
}

int
asks_take_binary(struct feed *feed, struct client *client, struct span data)
{
	const struct control_question question = {
		.number = client->asks.number,
		.lowest = client->asks.lowest,
		.data = data,
	};

	client->asks.number = 0;
	return ask(feed, client, &question, true);
}
