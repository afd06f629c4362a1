"""The table, for a terminal and for Markdown."""

import statistics

from rows import number


def spread(row):
    return f"{number(min(row.figures))} to {number(max(row.figures))}" if len(row.figures) > 1 else ""


def made_of(row):
    return ", ".join(f"{name.replace('_', ' ')} {number(statistics.median(values))}{unit if unit == '/s' else ' ' + unit}"
                     for name, (unit, values) in row.details.items())


def line(row):
    unit = row.unit and " " + row.unit
    return (f"{row.name:17} {row.bar:16} {number(row.figure) + unit:10} ({spread(row)})  "
            f"{'met' if row.met else 'MISSED'}  {made_of(row)}")


def markdown(rows):
    lines = ["| what | bar | figure | spread | | made of |", "|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row.what} | {row.bar} | **{number(row.figure)}**{row.unit and ' ' + row.unit} | "
                     f"{spread(row)} | {'met' if row.met else 'missed'} | {made_of(row)} |")
    return "\n".join(lines) + "\n"
