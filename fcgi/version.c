/*
 * version - which version of the library runs, whatever header a program had.
 */
#include "fcgi/tina4.h"

const char *
tina4_version(void)
{
	return TINA4_VERSION;
}

int
tina4_version_number(void)
{
	return TINA4_VERSION_NUMBER;
}
