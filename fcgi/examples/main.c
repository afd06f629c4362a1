#include <stdlib.h>

#include "demo.h"

int
main(int argc, char **argv)
{
	struct tina4_app *app = demo_app();

	return app != NULL ? tina4_app_run(&app, argc, argv) : EXIT_FAILURE;
}
