#include <stdio.h>

#include "fcgi/cli/cli.h"
#include "fcgi/tina4.h"

int
cli_count(int argc, char **argv)
{
	struct tina4_app *app;
	uint32_t count;
	int r, status = CLI_DONE;

	if (argc != 2)
		return cli_usage("count PATH\n");
	app = cli_app();
	if (app == NULL)
		return CLI_USAGE;
	r = tina4_count(app, argv[1], &count);
	if (r == 0)
		printf("%u\n", count);
	else
		status = cli_failed(app, argv[1], r);
	tina4_app_free(app);
	return status;
}
