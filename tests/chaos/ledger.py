"""What became of the messages around each fault, beside what is promised."""

from collections import Counter
from dataclasses import dataclass, field

from faults import ANYWHERE, NOBODY, Fault

SLACK = 15  # seconds that a busy machine may take longer
HEADS = ["fault", "times", "sent", "received", "lost", "doubled", "out of order", "closed", "told", "longest wait",
         "promise beside 0 lost, doubled and out of order", ""]


@dataclass
class Line:
    """All rounds of one fault."""
    fault: Fault
    times: int = 0
    sent: int = 0
    received: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    closed: int = 0
    told: int = 0
    longest: float = 0.0
    broken: list = field(default_factory=list)

    @property
    def met(self):
        return not self.broken

    def cells(self):
        return [self.fault.name, f"{self.times:,}", f"{self.sent:,}", f"{self.received:,}", f"{self.lost:,}",
                f"{self.doubled:,}", f"{self.reordered:,}", f"{self.closed:,}", f"{self.told:,}",
                f"{self.longest:.1f} s", f"{self.fault.promise}; {self.fault.within} s at most",
                "kept" if self.met else "**broken**"]


def somewhere_else(counts, where, host):
    """Of counts by host and reason, those that are not where they may be."""
    return Counter({key: n for key, n in counts.items()
                    if where == NOBODY or where != ANYWHERE and key[0] != host.number})


def enter(line, round_, talkers, missing, host):
    """Adds a round that was done to this host, if to one. Returns what was broken in it."""
    broken = []
    connections = round_.connections
    doubled = sum(conn.doubled for conn in connections)
    reordered = sum(conn.reordered for conn in connections)
    line.times += 1
    line.sent += sum(len(talker.sent) for talker in talkers)
    line.received += sum(len(numbers) for conn in connections for numbers in conn.got.values())
    line.lost += len(missing)
    line.doubled += doubled
    line.reordered += reordered
    line.closed += sum(round_.closes.values())
    line.told += sum(round_.refusals.values())
    line.longest = max(line.longest, round_.longest)
    if missing:
        by = Counter((talker.name, conn.host, "still open" if not conn.closed else "closed")
                     for conn, talker, _ in missing)
        numbers = sorted({f"{talker.name} {number}" for _, talker, number in missing})
        broken.append(f"{len(missing)} lost: {dict(by)}: {numbers[:12]}")
    if doubled:
        broken.append(f"{doubled} doubled")
    if reordered:
        broken.append(f"{reordered} out of order")
    if closes := somewhere_else(round_.closes, line.fault.closes, host):
        broken.append(f"closed: {dict(closes)}")
    if refusals := somewhere_else(round_.refusals, line.fault.refuses, host):
        broken.append(f"refused: {dict(refusals)}")
    if round_.longest > line.fault.within + SLACK:
        broken.append(f"{round_.longest:.1f} s are too long: {round_.longest_of}")
    line.broken += broken
    return broken
