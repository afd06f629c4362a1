#include <stdio.h>

#include "app.h"

int
main(int argc, char **argv)
{
	struct tina4_app *app = app_new();

	if (app == NULL) {
		fputs("out of memory\n", stderr);
		return 1;
	}
	return tina4_app_run(&app, argc, argv);
}
