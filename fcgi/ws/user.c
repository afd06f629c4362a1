#include <errno.h>
#include <stdarg.h>

#include "fcgi/tina4.h"
#include "fcgi/ws/command.h"
#include "fcgi/ws/conn.h"
#include "fcgi/ws/push.h"
#include "fcgi/ws/user.h"
#include "shared/username.h"

/* Returns 0 or -EINVAL. */
static int
take_name(const char *user, struct span *ret)
{
	if (user == NULL || !username_is_valid(span_of(user)))
		return -EINVAL;
	*ret = span_of(user);
	return 0;
}

static struct push_target
target_of(const char *user)
{
	struct push_target target = { .type = WIRE_USER_PUSH, .flags = TINA4_BINARY };

	take_name(user, &target.key);
	return target;
}

int
tina4_user_push(struct tina4_app *app, const char *user, const void *data, size_t len,
    const struct tina4_push_options *options, struct tina4_receipt *ret)
{
	const struct push_target target = target_of(user);

	return push_to(app, &target, (struct span){ data, len }, options, ret);
}

int
tina4_user_push_json(struct tina4_app *app, const char *user, struct cJSON **json,
    const struct tina4_push_options *options, struct tina4_receipt *ret)
{
	const struct push_target target = target_of(user);

	return push_json_to(app, &target, json, options, ret);
}

int
tina4_user_push_jsonf(struct tina4_app *app, const char *user, const struct tina4_push_options *options,
    struct tina4_receipt *ret, const char *format, ...)
{
	const struct push_target target = target_of(user);
	va_list args;
	int r;

	va_start(args, format);
	r = push_jsonf_to(app, &target, options, ret, format, args);
	va_end(args);
	return r;
}

int
user_close(struct tina4_app *app, const char *user, int code, const char *reason, struct wire_reply *ret)
{
	struct wire_command command;
	struct span name;
	int r = take_name(user, &name);

	if (r == 0)
		r = command_close(&command, code, reason);
	if (r < 0)
		return push_refuse(app, r);
	command.type = WIRE_USER_CLOSE;
	command.key = name;
	return push_command(app, &command, ret);
}

int
tina4_user_close(struct tina4_app *app, const char *user, int code, const char *reason)
{
	struct wire_reply reply;

	return user_close(app, user, code, reason, &reply);
}

int
tina4_user_count(struct tina4_app *app, const char *user, uint32_t *ret)
{
	struct wire_command command = { .type = WIRE_USER_COUNT };
	struct wire_reply reply;
	int r;

	if (conn_running(app) != NULL)
		return -EDEADLK;
	r = take_name(user, &command.key);
	if (r == 0)
		r = push_ask(app, &command, &reply, NULL);
	if (r == 0)
		*ret = reply.connections;
	return r;
}
