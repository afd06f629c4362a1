"""The table, for a terminal and for Markdown."""

import statistics

from machine import TOP
from rows import number

README_END = "<!-- end -->\n"


def with_unit(value, unit):
    return number(value) + ("" if unit in ("", "/s") else " ") + unit


def spread(row):
    return f"{number(min(row.figures))} to {number(max(row.figures))}" if len(row.figures) > 1 else ""


def made_of(row):
    return ", ".join(f"{name.replace('_', ' ')} {with_unit(statistics.median(values), unit)}"
                     for name, (unit, values) in row.details.items())


def line(row):
    return (f"{row.name:18} {with_unit(row.figure, row.unit):>9}  {row.bar:16} {'met' if row.met else 'MISSED':7} "
            f"{spread(row):16} {made_of(row)}")


def table(heads, rows):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *rows]) + "\n"


def cells(row):
    return [row.what, row.bar, f"**{with_unit(row.figure, row.unit)}**", spread(row), "met" if row.met else "missed"]


HEADS = ["what", "bar", "figure", "spread", ""]


def rows_table(rows):
    return table([*HEADS, "made of"], [[*cells(row), made_of(row)] for row in rows])


def middle(values, unit=""):
    return f"{number(statistics.median(values))}{unit}" if values else ""


def peers_table(peers):
    """All that was measured of others."""
    lines = [[peer.name, *([peer.absent, "", "", "", ""] if peer.absent else
                           [middle(peer.fan_1), middle(peer.fan_16), middle(peer.echo), middle(peer.handshake),
                            middle(peer.kib, " KiB")])] for peer in peers]
    return table(["server, CPU of all its processes", "delivery, window 1", "window 16", "echo", "handshake",
                  "idle connection"], lines)


def choice_table(peers):
    """What decides between those that one would take: for the README."""
    peers = [peer for peer in peers if not peer.absent and peer.echo]
    return table(["", *(peer.name for peer in peers)], [
        ["a message to each of 1,000 clients", *(middle(peer.fan_1) for peer in peers)],
        ["an echo", *(middle(peer.echo) for peer in peers)],
        ["memory of a quiet connection", *(middle(peer.kib, " KiB") for peer in peers)]])


def curve_table(curve):
    xs = sorted({x for points in curve.lines.values() for x in points})
    values = {name: dict(curve.points(name)) for name in curve.lines}
    return table([curve.axis, *values], [[f"{x:,}", *(number(line[x]) if x in line else "" for line in values.values())]
                                         for x in xs])


INTRODUCTION = """# What it costs

`tests/bench/run` made this file. A figure without a unit is a ratio to the least
that is possible, in the same minute: of CPU time, unless it says otherwise. It is
the median of several rounds, and the spread is from the lowest to the highest.
"""


def markdown(title, rows, absent, peers, curves):
    """absent: reasons by the names of the rows that were not measured."""
    parts = [INTRODUCTION, f"{title}:\n", rows_table(rows)]
    if absent:
        parts.append("Not measured:\n\n" + "".join(f"- {names}: {reason}\n" for names, reason in absent.items()))
    if peers:
        parts.append("Beside others, as ratios to the floor: fan-out to 1,000 connections, an echo to each of 20, "
                     "10,000 handshakes.\n\n"
                     + peers_table(peers))
    if curves:
        parts.append("![the same as a picture](results.svg)\n")
    parts += [f"{curve.title}: CPU of a delivery in µs\n\n{curve_table(curve)}" for curve in curves]
    return "\n".join(parts)


def put_into_readme(command, text):
    """Replaces what the command has put there before, between its mark and the end of that."""
    readme, begin = TOP / "README.md", f"<!-- {command} -->\n"
    before, rest = readme.read_text().split(begin)
    readme.write_text(before + begin + text + README_END + rest.split(README_END, 1)[1])
