"""What one client heard of numbered messages, and what it had to hear.

A client knows where it is, and is told of a gap when something is gone for good. So
between two messages of one talk that it hears, all that the talker has a receipt for
must have come, or a gap must have been told in between, and not before the missing
one was said.
"""

from collections import Counter


class Talk:
    """What one program pushes to one room through one run of a sidecar, by numbers from 1 on."""

    def __init__(self, name):
        self.name = name
        self.sent = [0.0]  # when each was sent
        self.taken = set()  # those with a receipt
        self.killed = None  # the last one with a receipt before the sidecar was killed
        self.over = False  # the sidecar runs no more

    def next(self, now):
        self.sent.append(now)
        return len(self.sent) - 1

    @property
    def last(self):
        return len(self.sent) - 1


class Diary:
    """Of one client on one path, and what is talked there; it listens from this moment on."""

    def __init__(self, talks, now):
        self.talks = talks  # by name; more may come
        self.last = {}  # the highest number of each talk
        self.since = {}  # how many stops came before it
        self.stops = [now]  # when it began, and when it was told of each gap
        self.skipped = []  # (talk, first number, last number, first stop, end of stops)
        self.words = set()  # of other clients
        self.total = Counter()
        self.wrong = []  # what was, for who looks for the cause

    def gap(self, now):
        self.stops.append(now)

    def hear(self, name, number):
        last = self.last.get(name, 0)
        self.total["received"] += 1
        if number <= last:
            missed = any(name == skip[0] and skip[1] <= number <= skip[2] for skip in self.skipped)
            self.complain("out of order" if missed else "doubled", name, number)
            return
        if number > last + 1:
            self.skipped.append((name, last + 1, number - 1, self.since.get(name, 0), len(self.stops)))
        self.last[name] = number
        self.since[name] = len(self.stops)

    def hear_word(self, text):
        self.total["received"] += 1
        if text in self.words:
            self.complain("doubled", text)
        self.words.add(text)

    def complain(self, what, *more):
        self.total[what] += 1
        self.wrong.append((what, *more))

    def has_all(self):
        """Of each talk that goes on the last one, or a gap since then."""
        return all(self.last.get(name) == talk.last or self.stops[-1] >= talk.sent[-1]
                   for name, talk in self.talks.items() if not talk.over)

    def account(self):
        """In the end: what became of all that was to come."""
        told = set()
        ends = [(name, self.last.get(name, 0) + 1, talk.last, self.since.get(name, 0), len(self.stops))
                for name, talk in self.talks.items()]
        for name, first, last, *stops in self.skipped + ends:
            for number in range(first, last + 1):
                self.judge(self.talks[name], number, stops, told)
        self.total["gaps"] = len(self.stops) - 1
        self.total["gaps that cost nothing"] = len(self.stops) - 1 - len(told - {0})
        return self.total

    def judge(self, talk, number, stops, told):
        """Of a number that did not come."""
        flags = [i for i in range(*stops) if self.stops[i] >= talk.sent[number]][:1]
        told.update(flags)
        if number not in talk.taken or flags == [0]:
            return  # nobody was promised anything, or it was before this client came
        if flags:
            self.total["told of"] += 1
        elif number == talk.killed:
            self.total["lost by a kill"] += 1
        else:
            self.complain("missed", talk.name, number)
