#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/bridge/answer.h"
#include "fcgi/tina4.h"
#include "shared/buf.h"
#include "shared/jsonprint.h"
#include "shared/jsontext.h"
#include "shared/span.h"

static int __attribute__((format(printf, 2, 3))) fault(struct answer_fault *ret, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret->why, sizeof(ret->why), format, args);
	va_end(args);
	return -EBADMSG;
}

static bool
is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
			return false;
	return true;
}

int
answer_parse(const char *text, size_t len, struct cJSON **ret, struct answer_fault *ret_fault)
{
	struct jsontext_fault where;

	if (is_blank(text, len))
		*ret = cJSON_CreateObject();
	else if (!jsontext_check(text, len, &where))
		return fault(ret_fault, "it %s at byte %zu", where.why, where.at);
	else
		*ret = cJSON_ParseWithLength(text, len);
	if (*ret == NULL)
		return -ENOMEM;
	if (cJSON_IsObject(*ret))
		return 0;
	cJSON_Delete(*ret);
	*ret = NULL;
	return fault(ret_fault, "it is no JSON object");
}

const char *
answer_id(const struct cJSON *answer)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "id"));
}

/* --- what a command has --------------------------------------------------------------- */

/* One command, while it is given. */
struct giving {
	const cJSON *command;
	struct tina4_conn *conn;
	struct answer_fault *fault;
	struct buf bytes; /* of its message, when that was base64 */
};

static const cJSON *
member(const struct giving *giving, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(giving->command, name);
}

static const char *
string(const struct giving *giving, const char *name)
{
	return cJSON_GetStringValue(member(giving, name));
}

/* Returns 0, or -EBADMSG for a member that must be a string. */
static int
need_string(const struct giving *giving, const char *name, const char **ret)
{
	*ret = string(giving, name);
	return *ret != NULL ? 0 : fault(giving->fault, "\"%s\" is missing, or no string", name);
}

/* A member that may be missing, and is NULL then. */
static int
get_string(const struct giving *giving, const char *name, const char **ret)
{
	*ret = NULL;
	return member(giving, name) != NULL ? need_string(giving, name, ret) : 0;
}

/* A member that may be missing, and else is true or false. */
static int
get_flag(const struct giving *giving, const char *name, bool otherwise, bool *ret)
{
	const cJSON *value = member(giving, name);

	if (value != NULL && !cJSON_IsBool(value))
		return fault(giving->fault, "\"%s\" must be true or false", name);
	*ret = value != NULL ? cJSON_IsTrue(value) : otherwise;
	return 0;
}

static int
decode(struct giving *giving, const char *text, struct span *ret)
{
	size_t len = strlen(text), padding = 0;
	int n;

	if (len > INT_MAX || buf_reserve(&giving->bytes, len + 1) < 0)
		return -ENOMEM;
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	/* OpenSSL skips blanks at both ends, which would shift what it counts. */
	n = strpbrk(text, " \t\r\n") == NULL
	    ? EVP_DecodeBlock(giving->bytes.data, (const unsigned char *)text, (int)len)
	    : -1;
	if (n < 0 || len % 4 != 0)
		return fault(giving->fault, "\"base64\" is none");
	*ret = (struct span){ (const char *)giving->bytes.data, (size_t)n - padding };
	return 0;
}

/* The message: "text", or "base64", which is binary unless it says otherwise. */
static int
get_message(struct giving *giving, struct span *ret, unsigned *ret_flags)
{
	const char *text = string(giving, "text"), *encoded = string(giving, "base64");
	bool binary;
	int r;

	if ((text != NULL) == (encoded != NULL))
		return fault(giving->fault, "it needs a string \"text\" or \"base64\"");
	r = get_flag(giving, "binary", encoded != NULL, &binary);
	if (r < 0)
		return r;
	if (binary)
		*ret_flags |= TINA4_BINARY;
	if (text != NULL)
		*ret = span_of(text);
	else
		r = decode(giving, encoded, ret);
	return r;
}

/* --- the commands -------------------------------------------------------------------- */

static int
give_send(struct giving *giving)
{
	struct span message;
	unsigned flags = 0;
	int r = get_message(giving, &message, &flags);

	return r < 0 ? r : tina4_conn_send(giving->conn, message.data, message.len, flags);
}

static int
give_reply(struct giving *giving)
{
	struct span message;
	unsigned flags = 0;
	int r = get_message(giving, &message, &flags);

	return r < 0 ? r : tina4_conn_reply(giving->conn, message.data, message.len, flags);
}

/* A member that may be missing, and else sets a flag when it is true. */
static int
add_flag(struct giving *giving, const char *name, unsigned flag, unsigned *flags)
{
	bool set;
	int r = get_flag(giving, name, false, &set);

	if (r == 0 && set)
		*flags |= flag;
	return r;
}

static int
give_broadcast(struct giving *giving)
{
	struct span message;
	unsigned flags = 0;
	int r = get_message(giving, &message, &flags);

	if (r == 0)
		r = add_flag(giving, "exclude_sender", TINA4_EXCLUDE_SENDER, &flags);
	if (r == 0)
		r = add_flag(giving, "transient", TINA4_TRANSIENT, &flags);
	return r < 0 ? r : tina4_conn_broadcast(giving->conn, message.data, message.len, flags);
}

/* A number that may be missing, and is otherwise then. */
static int
get_number(const struct giving *giving, const char *name, uint32_t otherwise, uint32_t *ret)
{
	const cJSON *number = member(giving, name);

	if (number != NULL &&
	    (!cJSON_IsNumber(number) || number->valuedouble < 0 || number->valuedouble > UINT32_MAX ||
		number->valuedouble != (double)(uint32_t)number->valuedouble))
		return fault(giving->fault, "\"%s\" must be a whole number, 0 or more", name);
	*ret = number != NULL ? (uint32_t)number->valuedouble : otherwise;
	return 0;
}

static int
give_replay(struct giving *giving)
{
	uint32_t max;
	int r = get_number(giving, "max", 0, &max);

	return r < 0 ? r : tina4_conn_replay(giving->conn, max);
}

static int
give_present(struct giving *giving)
{
	const cJSON *data = member(giving, "data");
	char *text;
	int r;

	if (data == NULL || cJSON_IsNull(data))
		return data != NULL ? tina4_conn_present(giving->conn, NULL)
				    : fault(giving->fault, "\"data\" is missing: an object, or null");
	text = jsonprint(data);
	if (text == NULL)
		return -ENOMEM;
	r = tina4_conn_present(giving->conn, text);
	cJSON_free(text);
	return r;
}

/* Code and reason, both of which may be missing. */
static int
get_ending(const struct giving *giving, int *ret_code, const char **ret_reason)
{
	const cJSON *code = member(giving, "code"), *reason = member(giving, "reason");

	if (code != NULL && (!cJSON_IsNumber(code) || code->valuedouble != code->valueint))
		return fault(giving->fault, "\"code\" is no number of RFC 6455");
	if (reason != NULL && !cJSON_IsString(reason))
		return fault(giving->fault, "\"reason\" is no string");
	*ret_code = code != NULL ? code->valueint : 0;
	*ret_reason = cJSON_GetStringValue(reason);
	return 0;
}

static int
give_close(struct giving *giving)
{
	const char *reason;
	int code, r = get_ending(giving, &code, &reason);

	return r < 0 ? r : tina4_conn_close(giving->conn, code, reason);
}

static int
give_set(struct giving *giving)
{
	const cJSON *value = member(giving, "value");
	const char *name;
	int r = need_string(giving, "name", &name);

	if (r < 0)
		return r;
	if (!cJSON_IsString(value) && !cJSON_IsNull(value))
		return fault(giving->fault, "\"value\" must be a string, or null");
	return tina4_conn_set(giving->conn, name, cJSON_GetStringValue(value));
}

static int
give_push(struct giving *giving)
{
	struct tina4_push_options options = { 0 };
	struct span message;
	const char *path;
	int r = need_string(giving, "path", &path);

	if (r == 0)
		r = get_message(giving, &message, &options.flags);
	if (r == 0)
		r = add_flag(giving, "transient", TINA4_TRANSIENT, &options.flags);
	if (r < 0)
		return r;
	return tina4_push(tina4_conn_app(giving->conn), path, message.data, message.len, &options, NULL);
}

static int
give_user(struct giving *giving)
{
	const cJSON *user = member(giving, "user");

	if (!cJSON_IsString(user) && !cJSON_IsNull(user))
		return fault(giving->fault, "\"user\" must be a string, or null");
	return tina4_conn_set_user(giving->conn, cJSON_GetStringValue(user));
}

static int
give_push_user(struct giving *giving)
{
	struct tina4_push_options options = { 0 };
	struct span message;
	const char *user;
	int r = need_string(giving, "user", &user);

	if (r == 0)
		r = get_message(giving, &message, &options.flags);
	if (r < 0)
		return r;
	return tina4_user_push(tina4_conn_app(giving->conn), user, message.data, message.len, &options, NULL);
}

static int
give_send_to(struct giving *giving)
{
	struct span message;
	unsigned flags = 0;
	const char *id;
	int r = need_string(giving, "connection", &id);

	if (r == 0)
		r = get_message(giving, &message, &flags);
	return r < 0 ? r : tina4_send_to(tina4_conn_app(giving->conn), id, message.data, message.len, flags);
}

static int
give_disconnect(struct giving *giving)
{
	const char *id, *reason;
	int code, r = need_string(giving, "connection", &id);

	if (r == 0)
		r = get_ending(giving, &code, &reason);
	return r < 0 ? r : tina4_disconnect(tina4_conn_app(giving->conn), id, code, reason);
}

static int
give_close_path(struct giving *giving)
{
	const char *path, *reason;
	int code, r = need_string(giving, "path", &path);

	if (r == 0)
		r = get_ending(giving, &code, &reason);
	return r < 0 ? r : tina4_path_close(tina4_conn_app(giving->conn), path, code, reason);
}

static int
give_close_user(struct giving *giving)
{
	const char *user, *reason;
	int code, r = need_string(giving, "user", &user);

	if (r == 0)
		r = get_ending(giving, &code, &reason);
	return r < 0 ? r : tina4_user_close(tina4_conn_app(giving->conn), user, code, reason);
}

static const struct command {
	const char *name;
	int (*give)(struct giving *giving);
} commands[] = {
	{ "send", give_send },
	{ "broadcast", give_broadcast },
	{ "reply", give_reply },
	{ "replay", give_replay },
	{ "present", give_present },
	{ "close", give_close },
	{ "set", give_set },
	{ "push", give_push },
	{ "send_to", give_send_to },
	{ "disconnect", give_disconnect },
	{ "close_path", give_close_path },
	{ "user", give_user },
	{ "push_user", give_push_user },
	{ "close_user", give_close_user },
};

static int
give(struct giving *giving)
{
	const char *name;
	int r = need_string(giving, "command", &name);

	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].give(giving);
	return fault(giving->fault, "there is no command \"%s\"", name);
}

/* Says of which command a fault was. */
static void
locate(struct answer_fault *fault, size_t n)
{
	struct answer_fault what = *fault;

	snprintf(fault->why, sizeof(fault->why), "command %zu: %.120s", n, what.why);
}

int
answer_apply(const struct cJSON *answer, struct tina4_conn *conn, struct answer_fault *ret_fault)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(answer, "commands"), *command;
	const cJSON *failed = cJSON_GetObjectItemCaseSensitive(answer, "fail");
	struct giving giving = { .conn = conn, .fault = ret_fault };
	size_t n = 0;
	int r = 0;

	if (failed != NULL) {
		fault(ret_fault, "%s", cJSON_IsString(failed) ? failed->valuestring : "it does not say why");
		return -ECANCELED;
	}
	if (list != NULL && !cJSON_IsArray(list))
		return fault(ret_fault, "\"commands\" is no array");
	cJSON_ArrayForEach(command, list) {
		giving.command = command;
		r = give(&giving);
		buf_clear(&giving.bytes);
		n++;
		if (r < 0)
			break;
	}
	buf_free(&giving.bytes);
	if (r == -EBADMSG)
		locate(ret_fault, n);
	return r;
}

/* --- the routes ------------------------------------------------------------------------ */

static int
declare(const cJSON *route, struct tina4_app *app, tina4_ws_handler *handler, struct answer_fault *ret_fault)
{
	struct giving giving = { .command = route, .fault = ret_fault };
	struct tina4_websocket_options options = { 0 };
	const char *pattern;
	bool push_only;
	int r = need_string(&giving, "route", &pattern);

	if (r == 0)
		r = get_flag(&giving, "secure", false, &options.secure);
	if (r == 0)
		r = get_flag(&giving, "push_only", false, &push_only);
	if (r == 0)
		r = get_number(&giving, "history", 0, &options.history);
	if (r == 0)
		r = get_number(&giving, "history_seconds", 0, &options.history_seconds);
	if (r == 0)
		r = get_string(&giving, "protocols", &options.protocols);
	if (r < 0)
		return r;
	if (tina4_websocket_with(app, pattern, push_only ? NULL : handler, &options) < 0)
		return fault(ret_fault, "the route \"%s\" is refused", pattern);
	return 0;
}

int
answer_declare(
    const struct cJSON *answer, struct tina4_app *app, tina4_ws_handler *handler, struct answer_fault *ret_fault)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(answer, "routes"), *route;
	int r = 0;

	if (!cJSON_IsArray(list))
		return fault(ret_fault, "it has no array \"routes\"");
	if (cJSON_GetArraySize(list) == 0)
		return fault(ret_fault, "it declares no route");
	cJSON_ArrayForEach(route, list) {
		r = declare(route, app, handler, ret_fault);
		if (r < 0)
			break;
	}
	return r;
}
