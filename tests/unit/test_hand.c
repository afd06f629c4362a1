#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/ws/child.h"
#include "fcgi/ws/hand.h"
#include "tests/tap.h"

static const struct wire_watch watch = { { { 1, 2, 3 } }, 7 };
static const struct wire_event event = { .conn = { { 9 } }, .epoch = 77, .id = 5, .attempt = 2 };

static int
adopt(int fd, struct hand **ret)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", fd);
	setenv(HAND_VARIABLE, name, 1);
	return hand_adopt(ret);
}

static void
a_page_is_shared(void)
{
	struct hand *ours = NULL, *theirs = NULL;
	struct wire_delivery over;
	int64_t since;
	int fd = -1;

	OK(hand_new(&ours, &fd, &watch) == 0 && adopt(fd, &theirs) == 0,
	    "a page is adopted by its descriptor's number");
	OK(getenv(HAND_VARIABLE) == NULL && fcntl(fd, F_GETFD) < 0, "of which nothing is left");
	OK(theirs->watch.worker == 7 && theirs->watch.supervisor.bytes[2] == 3, "it says whose worker it is");
	OK(!hand_look(ours, &over, &since), "there is nothing in hand");
	hand_take(theirs, &event, 1234);
	OK(hand_look(ours, &over, &since) && over.event == 5 && over.epoch == 77 && over.attempt == 2 &&
		over.conn.bytes[0] == 9 && since == 1234,
	    "what the worker takes, its supervisor sees");
	hand_drop(theirs);
	OK(!hand_look(ours, &over, &since), "until it is done with");
	hand_free(ours);
	hand_free(theirs);
}

static void
what_is_no_page_is_refused(void)
{
	struct hand *hand = NULL, *other = NULL;
	int pipes[2], fd = -1;

	OK(hand_adopt(&hand) == -ENOENT, "who was given none has none");
	OK(adopt(0, &hand) == -EPROTO && adopt(12345, &hand) == -EBADF, "a number of no page");
	OK(pipe(pipes) == 0 && adopt(pipes[0], &hand) == -EPROTO, "another thing than a page");
	close(pipes[0]);
	close(pipes[1]);
	OK(hand_new(&other, &fd, &watch) == 0, "a page");
	other->version++;
	OK(adopt(fd, &hand) == -EPROTONOSUPPORT, "of another version");
	OK(ftruncate(fd, sizeof(*other) + 8) == 0 && adopt(fd, &hand) == -EPROTONOSUPPORT, "or size");
	hand_free(other);
	close(fd);
}

/* --- what a death blames ------------------------------------------------------------ */

static struct wire_death
death_of(struct hand *hand, bool overdue, const struct wire_delivery *over, int wait_status)
{
	struct child child = { .pid = 1, .number = 7, .hand = hand, .overdue = overdue, .over = *over };

	return child_death(&child, wait_status);
}

static void
only_what_was_in_hand_is_blamed(void)
{
	struct wire_delivery over, nothing = { 0 };
	struct wire_death death;
	struct hand *hand = NULL;
	int64_t since;
	int fd = -1;

	if (hand_new(&hand, &fd, &watch) < 0)
		return;
	death = death_of(hand, false, &nothing, SIGSEGV);
	OK(death.worker == 7 && !death.blames, "a crash with nothing in hand blames nobody");
	hand_take(hand, &event, 0);
	death = death_of(hand, false, &nothing, SIGSEGV);
	OK(death.blames && death.over.event == 5 && death.over.attempt == 2, "one over an event blames it");
	death = death_of(hand, false, &nothing, SIGKILL);
	OK(!death.blames && death.over.event == 0, "a kill from outside does not");
	hand_look(hand, &over, &since);
	OK(death_of(hand, true, &over, SIGKILL).blames, "the supervisor's own does");
	over.attempt--;
	OK(!death_of(hand, true, &over, SIGKILL).blames, "unless that one was done before the kill came");
	hand_free(hand);
	close(fd);
}

int
main(void)
{
	a_page_is_shared();
	what_is_no_page_is_refused();
	only_what_was_in_hand_is_blamed();
	return tap_done();
}
