"""A short run of tests/chaos/roam, and that its ledger notices what goes wrong."""

import os
import subprocess
import sys

import pytest

from stack import BUILD
from web import TOP

sys.path.append(str(TOP / "tests" / "chaos"))

from diary import Diary, Talk  # noqa: E402


class Story:
    """Somebody says 1 to 5 at one moment each, with a receipt for each, and one client hears what the test says."""

    def __init__(self, *heard, began=0.0, taken=(1, 2, 3, 4, 5), killed=None):
        self.talk = Talk("p")
        self.talk.sent = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
        self.talk.taken = set(taken)
        self.talk.killed = killed
        self.diary = Diary({"p": self.talk}, began)
        for what in heard:
            if isinstance(what, float):
                self.diary.gap(what)
            elif isinstance(what, str):
                self.diary.hear_word(what)
            else:
                self.diary.hear("p", what)

    def total(self):
        """What is counted beside what came."""
        total = self.diary.account()
        return {what: n for what, n in total.items() if n and what != "received"}


@pytest.mark.parametrize("heard, total", [
    ((1, 2, 3, 4, 5), {}),
    ((1, 2, 4, 5), {"missed": 1}),
    ((1, 2, 3), {"missed": 2}),
    ((), {"missed": 5}),
    ((1, 2, 2, 3, 4, 5), {"doubled": 1}),
    ((1, 3, 2, 4, 5), {"missed": 1, "out of order": 1}),
    ((1, 2, 3, 4, 5, "c1.1 1", "c1.1 1"), {"doubled": 1}),
], ids=str)
def test_what_goes_wrong_is_noticed(heard, total):
    assert Story(*heard).total() == total


@pytest.mark.parametrize("heard, total", [
    ((1, 2.5, 3, 4, 5), {"told of": 1, "gaps": 1}),
    ((1, 2, 3.5, 4, 5), {"told of": 1, "gaps": 1}),
    ((1, 2, 3, 9.0), {"told of": 2, "gaps": 1}),
    ((1, 1.5, 3, 4, 5), {"missed": 1, "gaps": 1, "gaps that cost nothing": 1}),
    ((1, 3, 3.5, 4, 5), {"missed": 1, "gaps": 1, "gaps that cost nothing": 1}),
    ((1, 2, 2.5, 3, 4, 5), {"gaps": 1, "gaps that cost nothing": 1}),
    ((1, 2, 2.5, 2, 3, 4, 5), {"doubled": 1, "gaps": 1, "gaps that cost nothing": 1}),
], ids=str)
def test_a_gap_excuses_what_is_missing_before_it_and_nothing_else(heard, total):
    assert Story(*heard).total() == total


def test_only_what_was_promised_is_missed():
    assert Story(3, 4, 5, began=2.5).total() == {}, "what was said before it came"
    assert Story(1, 2, 4, 5, taken=(1, 2, 4, 5)).total() == {}, "what has no receipt"
    assert Story(1, 2, 3, 4, killed=5).total() == {"lost by a kill": 1}, "what a killed one may not have told"


def test_everybody_has_all_when_the_last_has_come_or_a_gap():
    assert Story(1, 2, 3, 4, 5).diary.has_all()
    assert not Story(1, 2, 3, 4).diary.has_all()
    assert Story(1, 2, 3, 4, 5.5).diary.has_all()
    assert not Story(1, 2, 3, 4, 4.5).diary.has_all()


def test_who_is_cut_off_again_and_again_misses_nothing():
    """Another seed each time: what fails says how to do it again."""
    done = subprocess.run([TOP / "tests" / "chaos" / "roam", "--quick"], env={**os.environ, "TINA4_BUILD": str(BUILD)},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-20000:]
