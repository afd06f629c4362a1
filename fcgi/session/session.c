#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "fcgi/app.h"
#include "fcgi/session/session.h"
#include "fcgi/session/store.h"
#include "shared/base64url.h"
#include "shared/buf.h"
#include "shared/jsonprint.h"
#include "shared/log.h"

enum { ID_BYTES = 32, ID_CHARS = 43 };

struct tina4_session {
	struct tina4_app *app;
	char id[ID_CHARS + 1]; /* "" until there is one */
	bool stored;           /* the store has an entry of this id */
	bool changed;          /* since it was loaded or saved */
	bool renew;            /* the id is to be given up */
	bool came;             /* the request had a cookie, if only an unknown one */
	enum { COOKIE_STAYS, COOKIE_SET, COOKIE_DELETE } cookie;
	cJSON *values; /* an object */
};

/* --- the store ---------------------------------------------------------------------- */

static int
open_redis(struct tina4_app *app)
{
	struct redisurl url;
	int r = redisurl_parse(app->conf.session_url, strlen(app->conf.session_url), &url);

	return r < 0 ? r : store_redis_new(&app->sessions, &url, app->conf.session_ttl);
}

int
sessions_open(struct tina4_app *app)
{
	if (strcmp(app->conf.session_backend, "redis") == 0)
		return open_redis(app);
	return store_file_new(&app->sessions, app->conf.session_path, app->conf.session_ttl);
}

static bool
is_id(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return strspn(text, digits) == ID_CHARS && text[ID_CHARS] == '\0';
}

static int
make_id(char ret[static ID_CHARS + 1])
{
	uint8_t random[ID_BYTES];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -errno;
	return base64url_write(ret, random, sizeof(random));
}

/* The app's name is part of it, so that apps that share a store do not take each other's sessions. */
static int
key_of(const struct tina4_app *app, const char *id, char ret[static STORE_KEY])
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	struct buf text = BUF_INIT;
	unsigned len = 0;
	int r = -EIO;

	buf_bytes(&text, app->name, strlen(app->name) + 1);
	buf_string(&text, id);
	if (text.failed)
		r = -ENOMEM;
	else if (EVP_Digest(text.data, text.len, hash, &len, EVP_sha256(), NULL) == 1 && 2 * len == STORE_KEY - 1)
		r = 0;
	for (unsigned i = 0; r == 0 && i < len; i++) {
		ret[2 * i] = "0123456789abcdef"[hash[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
	}
	ret[STORE_KEY - 1] = '\0';
	buf_free(&text);
	return r;
}

/* Parses what was loaded. A power failure may have cut it short: then there is no session. */
static int
parse(const struct buf *text, cJSON **ret)
{
	cJSON *values = cJSON_ParseWithLength((const char *)text->data, text->len);

	if (cJSON_IsObject(values)) {
		*ret = values;
		return 0;
	}
	cJSON_Delete(values);
	log_limited(LOG_LEVEL_WARN, "session is unreadable, and counts for nothing bytes=%" PRIu32, text->len);
	return -ENOENT;
}

int
session_read(struct tina4_app *app, const char *cookie, cJSON **ret)
{
	char key[STORE_KEY];
	struct buf text = BUF_INIT;
	int r;

	if (app->sessions == NULL)
		return -EHOSTDOWN;
	if (cookie == NULL || !is_id(cookie))
		return -ENOENT;
	r = key_of(app, cookie, key);
	if (r == 0)
		r = app->sessions->load(app->sessions, key, &text);
	if (r == 0)
		r = parse(&text, ret);
	buf_free(&text);
	return r;
}

/* --- one session ------------------------------------------------------------------------- */

int
session_new(struct tina4_session **ret, struct tina4_app *app, const char *cookie)
{
	struct tina4_session *session = calloc(1, sizeof(*session));
	int r;

	if (session == NULL)
		return -ENOMEM;
	session->app = app;
	session->came = cookie != NULL;
	r = session_read(app, cookie, &session->values);
	if (r == 0) {
		session->stored = true;
		memcpy(session->id, cookie, sizeof(session->id));
	} else if (r == -ENOENT) {
		session->values = cJSON_CreateObject();
		r = session->values != NULL ? 0 : -ENOMEM;
	}
	if (r < 0)
		session_free(session);
	else
		*ret = session;
	return r;
}

void
session_free(struct tina4_session *session)
{
	if (session == NULL)
		return;
	cJSON_Delete(session->values);
	explicit_bzero(session->id, sizeof(session->id));
	free(session);
}

const cJSON *
tina4_session_get(const struct tina4_session *session, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(session->values, name);
}

const char *
tina4_session_get_string(const struct tina4_session *session, const char *name)
{
	return cJSON_GetStringValue(tina4_session_get(session, name));
}

static void
unset(struct tina4_session *session, const char *name)
{
	if (tina4_session_get(session, name) == NULL)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(session->values, name);
	session->changed = true;
}

int
tina4_session_set(struct tina4_session *session, const char *name, cJSON **value)
{
	cJSON *item = value != NULL ? *value : NULL;

	if (value != NULL)
		*value = NULL;
	if (name == NULL || *name == '\0') {
		cJSON_Delete(item);
		return -EINVAL;
	}
	unset(session, name);
	if (item == NULL)
		return 0;
	if (!cJSON_AddItemToObject(session->values, name, item)) {
		cJSON_Delete(item);
		return -ENOMEM;
	}
	session->changed = true;
	return 0;
}

int
tina4_session_set_string(struct tina4_session *session, const char *name, const char *value)
{
	cJSON *item = NULL;

	if (value != NULL) {
		item = cJSON_CreateString(value);
		if (item == NULL)
			return -ENOMEM;
	}
	return tina4_session_set(session, name, &item);
}

void
tina4_session_regenerate(struct tina4_session *session)
{
	if (session->renew)
		return; /* it gets another id already, or has been ended */
	session->renew = true;
	session->changed |= session->stored;
}

int
tina4_session_destroy(struct tina4_session *session)
{
	cJSON *values = cJSON_CreateObject();

	if (values == NULL)
		return -ENOMEM;
	cJSON_Delete(session->values);
	session->values = values;
	session->renew = true;
	session->changed = false;
	if (session->came)
		session->cookie = COOKIE_DELETE;
	return 0;
}

/* --- saving -------------------------------------------------------------------------------- */

/* Removes the entry of an id that is given up. */
static int
give_up_id(struct tina4_session *session)
{
	struct store *store = session->app->sessions;
	char key[STORE_KEY];
	int r = 0;

	if (session->stored) {
		r = key_of(session->app, session->id, key);
		if (r == 0)
			r = store->remove(store, key);
	}
	if (r < 0)
		return r;
	session->stored = false;
	session->renew = false;
	return 0;
}

static int
add_entry(struct tina4_session *session, const char *text)
{
	struct store *store = session->app->sessions;
	char id[ID_CHARS + 1], key[STORE_KEY];
	int r;

	r = make_id(id);
	if (r == 0)
		r = key_of(session->app, id, key);
	if (r == 0)
		r = store->add(store, key, text, strlen(text));
	if (r < 0)
		return r;
	memcpy(session->id, id, sizeof(id));
	session->stored = true;
	session->cookie = COOKIE_SET;
	return 0;
}

static int
replace_entry(struct tina4_session *session, const char *text)
{
	struct store *store = session->app->sessions;
	char key[STORE_KEY];
	int r;

	r = key_of(session->app, session->id, key);
	if (r == 0)
		r = store->replace(store, key, text, strlen(text));
	return r == -ENOENT ? -ESTALE : r;
}

static int
save_text(struct tina4_session *session, const char *text)
{
	int r = 0;

	if (strlen(text) > session->app->conf.session_max_bytes)
		return -EFBIG;
	if (session->renew) /* the old id ends before the new one begins */
		r = give_up_id(session);
	if (r == 0)
		r = session->stored ? replace_entry(session, text) : add_entry(session, text);
	if (r == 0)
		session->changed = false;
	return r;
}

int
tina4_session_save(struct tina4_session *session)
{
	char *text;
	int r;

	if (!session->changed)
		return session->renew ? give_up_id(session) : 0;
	text = jsonprint(session->values);
	if (text == NULL)
		return -ENOMEM;
	r = save_text(session, text);
	cJSON_free(text);
	return r;
}

int
session_finish(struct tina4_session *session, struct tina4_response *res)
{
	static const struct tina4_cookie deleted = { .max_age = -1 };
	int r, cookie;

	if (session == NULL)
		return 0;
	r = tina4_session_save(session);
	if (r == -ESTALE) {
		log_limited(LOG_LEVEL_INFO, "session ended while a request changed it");
		return 0;
	}
	cookie = session->cookie;
	if (r < 0 || cookie == COOKIE_STAYS)
		return r;
	session->cookie = COOKIE_STAYS;
	if (cookie == COOKIE_SET)
		return tina4_response_cookie(res, session->app->conf.session_name, session->id, NULL);
	return tina4_response_cookie(res, session->app->conf.session_name, "", &deleted);
}
