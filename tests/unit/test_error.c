#include <errno.h>
#include <string.h>

#include "fcgi/tina4.h"
#include "tests/tap.h"

/* What the manual's pages say that these results mean, in a word that only this one has. */
static const struct {
	int error;
	const char *word;
	const char *claim;
} ours[] = {
	{ -EILSEQ, "not UTF-8", "bad text" },
	{ -EMSGSIZE, "TINA4_WS_MAX_MESSAGE", "a limit is called by its name" },
	{ -ENOENT, "no such route", "nothing there" },
	{ -ERANGE, "outside of its range", "a number too large" },
	{ -ENOTCONN, "no sidecar answers", "nobody to ask" },
	{ -ETIMEDOUT, "no receipt in time", "no receipt" },
	{ -EAGAIN, "started anew", "a sidecar that does not know the app yet" },
	{ -EBUSY, "at a limit", "a busy sidecar" },
	{ -ENETDOWN, "the relay to the others is full", "hosts that cannot be told" },
	{ -EPROTO, "does not understand us", "a sidecar of another kind" },
	{ -ENOBUFS, "an event or a list may have", "too much in one event" },
	{ -EFBIG, "TINA4_SESSION_MAX_BYTES", "a session that is too large" },
	{ -EHOSTDOWN, "session store does not answer", "a store that is away" },
	{ -EREMOTEIO, "session store refuses", "a store that refuses" },
	{ -ESTALE, "session has ended", "a session's end" },
	{ -ENOKEY, "TINA4_SECRET", "no key" },
	{ -EKEYEXPIRED, "token has expired", "a token's end" },
	{ -EKEYREJECTED, "token is not valid", "a wrong token" },
	{ -EDEADLK, "cannot wait", "waiting where nobody may" },
};

static void
our_results_say_what_they_mean_here(void)
{
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		OK(strstr(tina4_strerror(ours[i].error), ours[i].word) != NULL, ours[i].claim);
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
