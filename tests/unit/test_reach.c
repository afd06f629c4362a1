#include <stdbool.h>

#include "fcgi/ws/reach.h"
#include "tests/tap.h"

enum { T = 1000000 }; /* some time of the clock's */

static void
one_that_answers_is_asked(void)
{
	struct reach reach = { 0 };

	OK(reach_advise(&reach, T) == REACH_ASK, "a sidecar of which nothing is known is asked");
	reach_answered(&reach, T);
	OK(reach_advise(&reach, T + 1000000) == REACH_ASK, "one that has answered is asked");
}

static void
long_silence_is_away(void)
{
	struct reach reach = { 0 };

	reach_failed(&reach, T, T + REACH_PATIENCE_MS - 1);
	OK(reach_advise(&reach, T + REACH_PATIENCE_MS - 1) == REACH_ASK, "a short wait in vain says little");
	reach_failed(&reach, T + REACH_PATIENCE_MS - 1, T + REACH_PATIENCE_MS);
	OK(reach_advise(&reach, T + REACH_PATIENCE_MS) == REACH_PROBE, "several that are long enough together do");
}

static void
an_answer_between_makes_it_short(void)
{
	struct reach reach = { 0 };

	reach_failed(&reach, T, T + 100);
	reach_answered(&reach, T + 200);
	reach_failed(&reach, T + 100, T + REACH_PATIENCE_MS + 199);
	OK(reach_advise(&reach, T + REACH_PATIENCE_MS + 199) == REACH_ASK, "silence counts from the last answer on");
	reach_failed(&reach, T + REACH_PATIENCE_MS, T + REACH_PATIENCE_MS + 200);
	OK(reach_advise(&reach, T + REACH_PATIENCE_MS + 200) == REACH_PROBE, "and is long enough then");
}

static void
one_a_second_looks(void)
{
	struct reach reach = { 0 };
	const int64_t away = T + REACH_PATIENCE_MS;

	reach_failed(&reach, T, away);
	OK(reach_advise(&reach, away) == REACH_PROBE, "the first who comes looks whether it is back");
	OK(reach_advise(&reach, away) == REACH_FAIL &&
		reach_advise(&reach, away + REACH_PROBE_EVERY_MS - 1) == REACH_FAIL,
	    "the others fail at once");
	OK(reach_advise(&reach, away + REACH_PROBE_EVERY_MS) == REACH_PROBE, "a second later one looks again");
	reach_answered(&reach, away + REACH_PROBE_EVERY_MS);
	OK(reach_advise(&reach, away + REACH_PROBE_EVERY_MS) == REACH_ASK, "when that is answered all ask again");
	reach_failed(&reach, away + REACH_PROBE_EVERY_MS, away + REACH_PROBE_EVERY_MS + 1);
	OK(reach_advise(&reach, away + REACH_PROBE_EVERY_MS + 1) == REACH_ASK, "with the same patience as before");
}

int
main(void)
{
	one_that_answers_is_asked();
	long_silence_is_away();
	an_answer_between_makes_it_short();
	one_a_second_looks();
	return tap_done();
}
