#include <errno.h>
#include <string.h>

#include "fcgi/tina4.h"
#include "tests/tap.h"

static void
our_results_say_what_they_mean_here(void)
{
	OK(strcmp(tina4_strerror(-ENOTCONN), "no sidecar answers") == 0, "a result of ours has words of ours");
	OK(strstr(tina4_strerror(-EMSGSIZE), "TINA4_WS_MAX_MESSAGE") != NULL, "a limit is called by its name");
	OK(strcmp(tina4_strerror(-EKEYEXPIRED), "the token has expired") == 0, "a token's end is told");
}

static void
others_say_what_the_system_does(void)
{
	OK(strcmp(tina4_strerror(-ENOMEM), strerror(ENOMEM)) == 0, "any other has the system's words");
	OK(strcmp(tina4_strerror(ENOMEM), strerror(ENOMEM)) == 0, "with or without its sign");
}

int
main(void)
{
	our_results_say_what_they_mean_here();
	others_say_what_the_system_does();
	return tap_done();
}
