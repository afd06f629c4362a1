#include <cjson/cJSON.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/session/auth.h"
#include "fcgi/cli/cli.h"
#include "shared/buf.h"

enum { DEFAULT_SECONDS = 3600 };

static const char usage[] = "token [--seconds N] [NAME=VALUE | JSON]...\n"
			    "A JSON object has claims of any kind, a VALUE is a string. The token is valid\n"
			    "for an hour unless --seconds says otherwise.\n";

static const struct option options[] = {
	{ "seconds", required_argument, NULL, 's' },
	{ NULL, 0, NULL, 0 },
};

static bool
parse_seconds(const char *text, int64_t *ret)
{
	char *end;
	long long value = strtoll(text, &end, 10);

	if (end == text || *end != '\0' || value < 1)
		return false;
	*ret = value;
	return true;
}

/* Moves the members of an object. Returns false when the text is none. */
static bool
add_json(cJSON *claims, const char *text)
{
	cJSON *object = cJSON_ParseWithOpts(text, NULL, true);
	bool fine = cJSON_IsObject(object);

	while (fine && object->child != NULL) {
		cJSON *member = cJSON_DetachItemViaPointer(object, object->child);

		cJSON_DeleteItemFromObjectCaseSensitive(claims, member->string);
		cJSON_AddItemToObject(claims, member->string, member);
	}
	cJSON_Delete(object);
	return fine;
}

static bool
add_pair(cJSON *claims, const char *text)
{
	const char *equals = strchr(text, '=');
	char *name;
	bool fine;

	if (equals == NULL || equals == text)
		return false;
	name = strndup(text, (size_t)(equals - text));
	if (name == NULL)
		return false;
	cJSON_DeleteItemFromObjectCaseSensitive(claims, name);
	fine = cJSON_AddStringToObject(claims, name, equals + 1) != NULL;
	free(name);
	return fine;
}

static bool
parse(int argc, char **argv, cJSON *claims, int64_t *ret_seconds)
{
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1)
		if (option != 's' || !parse_seconds(optarg, ret_seconds))
			return false;
	for (int i = optind; i < argc; i++) {
		if (argv[i][0] == '{' ? add_json(claims, argv[i]) : add_pair(claims, argv[i]))
			continue;
		fprintf(stderr, "tina4: \"%s\": must be NAME=VALUE or a JSON object\n", argv[i]);
		return false;
	}
	return true;
}

/* Takes *claims. */
static int
print_token(struct tina4_app *app, cJSON **claims, int64_t seconds)
{
	char *token = NULL;
	int r = tina4_auth_token(app, claims, seconds, &token);

	if (r < 0) {
		fprintf(stderr, "tina4: token: %s\n", tina4_strerror(r));
		return r == -ENOKEY ? CLI_USAGE : CLI_FAILED;
	}
	puts(token);
	free(token);
	return CLI_DONE;
}

int
cli_token(int argc, char **argv)
{
	struct buf errors = BUF_INIT;
	int64_t seconds = DEFAULT_SECONDS;
	cJSON *claims = cJSON_CreateObject();
	struct tina4_app *app = NULL;
	int status = CLI_USAGE;

	if (!parse(argc, argv, claims, &seconds)) {
		cli_usage(usage);
		goto out;
	}
	app = cli_app();
	if (app == NULL)
		goto out;
	if (auth_open(app, &errors) == 0)
		status = print_token(app, &claims, seconds);
	else if (errors.len > 0)
		fwrite(errors.data, 1, errors.len, stderr);
out:
	buf_free(&errors);
	cJSON_Delete(claims);
	tina4_app_free(app);
	return status;
}
