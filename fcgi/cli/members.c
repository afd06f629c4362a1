#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/cli/cli.h"
#include "fcgi/tina4.h"
#include "shared/jsonprint.h"

static const char usage[] = "members PATH [--json]\n"
			    "Prints who is on a path, a line each: connection, user, and what others may see.\n";

/* Takes the text, which may be NULL. */
static int
print_text(char *text)
{
	if (text == NULL)
		return -ENOMEM;
	puts(text);
	cJSON_free(text);
	return 0;
}

static int
print_member(const cJSON *member)
{
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(member, "id"));
	const char *user = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(member, "user"));

	printf("%s  %s  ", id != NULL ? id : "-", user != NULL ? user : "-");
	return print_text(jsonprint(cJSON_GetObjectItemCaseSensitive(member, "data")));
}

static int
print(const cJSON *found, bool json)
{
	const cJSON *members = cJSON_GetObjectItemCaseSensitive(found, "members"), *member;
	int r = 0;

	if (json)
		return print_text(jsonprint(found));
	if (members == NULL)
		printf("%.0f members\n", cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(found, "count")));
	cJSON_ArrayForEach(member, members) {
		r = print_member(member);
		if (r < 0)
			break;
	}
	return r;
}

static int
ask(struct tina4_app *app, const char *path, bool json)
{
	cJSON *found;
	int r = tina4_members(app, path, &found);

	if (r < 0)
		return r;
	r = print(found, json);
	cJSON_Delete(found);
	return r;
}

int
cli_members(int argc, char **argv)
{
	bool first = argc > 1 && strcmp(argv[1], "--json") == 0, last = argc > 2 && strcmp(argv[2], "--json") == 0;
	bool json = first != last;
	const char *path = argv[first ? 2 : 1];
	struct tina4_app *app;
	int r;

	if (argc != 2 + json || path == NULL)
		return cli_usage(usage);
	app = cli_app();
	if (app == NULL)
		return CLI_USAGE;
	r = ask(app, path, json);
	if (r < 0)
		r = cli_failed(app, path, r);
	tina4_app_free(app);
	return r;
}
