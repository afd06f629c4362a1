"""A short run of tests/chaos, and that its ledger notices what goes wrong."""

import os
import subprocess
import sys

import pytest

from stack import BUILD
from web import TOP

sys.path.append(str(TOP / "tests" / "chaos"))

from faults import NOBODY, THERE, Fault  # noqa: E402
from ledger import Line, enter  # noqa: E402
from traffic import Connection, Round, Talker  # noqa: E402


class There:
    number = 0


class Story:
    """Somebody says 1 to 5 at one moment each, and one connection of host 1 hears what the test says."""

    def __init__(self, *heard, joined=0.0, closed=0.0, taken=(1, 2, 3, 4, 5), closes=NOBODY):
        self.round = Round([Connection(1, "a", joined=joined, closed=closed)])
        self.talker = Talker("s", 0, "a")
        self.talker.sent = {n: float(n) for n in range(1, 6)}
        self.talker.taken = set(taken)
        for number in heard:
            self.round.connections[0].hear("s", number)
        self.line = Line(Fault("it", print, "", 2, closes=closes, refuses=closes))

    def broken(self):
        """Words of what is complained of."""
        missing = self.round.all_missing([self.talker])
        return enter(self.line, self.round, [self.talker], missing, There())


def test_all_is_well():
    assert Story(1, 2, 3, 4, 5).broken() == []


@pytest.mark.parametrize("heard, words", [
    ((1, 2, 4, 5), "1 lost"), ((1, 2, 3, 4), "1 lost"), ((), "5 lost"), ((1, 2, 2, 3, 4, 5), "1 doubled"),
    ((1, 3, 2, 4, 5), "1 out of order")])
def test_a_fault_is_noticed(heard, words):
    broken, = Story(*heard).broken()
    assert broken.startswith(words)


def test_only_what_is_owed_is_missed():
    assert Story(3, 4, 5, joined=2.5).broken() == [], "what was said before it came"
    assert Story(1, 2, 3, closed=3.5).broken() == [], "what was said after it went"
    assert Story(1, 2, 4, 5, taken=(1, 2, 4, 5)).broken() == [], "what the talker knows to be uncertain"
    assert Story(1, 3, closed=3.5).broken()[0].startswith("1 lost"), "in the midst of what came"


def test_an_old_message_that_comes_again_is_noticed():
    story = Story()
    story.round.connections[0].last["s"] = 5  # of an earlier round
    for number in range(1, 6):
        story.round.connections[0].hear("s", number)
    assert story.broken() == ["5 out of order"]


def test_who_may_be_closed_is_where_the_fault_is():
    for closes, host, expected in ((NOBODY, 0, 1), (THERE, 0, 0), (THERE, 1, 1)):
        story = Story(1, 2, 3, 4, 5, closes=closes)
        story.round.closes[host, 1006] += 1
        assert len(story.broken()) == expected
        story = Story(1, 2, 3, 4, 5, closes=closes)
        story.round.refusals[host, "refused"] += 1
        assert len(story.broken()) == expected


def test_who_waits_for_too_long_is_noticed():
    story = Story(1, 2, 3, 4, 5)
    story.round.wait(60, "s 3")
    assert story.broken() == ["60.0 s are too long: s 3"]


def test_nothing_is_lost_in_a_minute_of_faults():
    """Another seed each time: what fails says how to do it again."""
    done = subprocess.run([TOP / "tests" / "chaos" / "run", "--quick"], env={**os.environ, "TINA4_BUILD": str(BUILD)},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-20000:]
