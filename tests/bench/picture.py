"""The table and the curves as one SVG picture."""

import math
from html import escape

from rows import number

WIDTH = 960
MARGIN = 24
ROW = 22
PANEL = 300
TEXT, FAINT, LINE = "#24292f", "#6e7781", "#d8dee4"
MET, MISSED = "#1a7f37", "#cf222e"
COLOURS = ("#8c959f", "#0969da", "#bf3989", "#54aeff")


class Drawing:
    def __init__(self):
        self.parts = []
        self.height = 0

    def text(self, x, y, words, size=12, colour=TEXT, anchor="start", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
                          f'font-weight="{weight}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, colour=LINE, width=1):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
                          f'stroke-width="{width}"/>')

    def box(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" '
                          f'fill="{colour}"/>')

    def polyline(self, points, colour):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in points:
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')

    def svg(self):
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
                f'width="{WIDTH}" height="{self.height}" font-family="system-ui, sans-serif">')
        paper = f'<rect width="{WIDTH}" height="{self.height}" fill="#ffffff"/>'
        return "\n".join([head, paper, *self.parts, "</svg>\n"])


def share(row, figure):
    """How much of its bar a figure takes: 1 is the bar, less is better."""
    if row.at_least:
        return row.limit / figure if figure > 0 else math.inf
    return figure / row.limit


def draw_rows(drawing, rows):
    begin, end = 490, 750  # of the bars; the limit is in the middle
    scale = (end - begin) / 2

    drawing.text((begin + end) / 2, drawing.height + 12, "the bar", 11, FAINT, "middle")
    drawing.height += 20
    top = drawing.height
    for row in rows:
        y = drawing.height
        colour = MET if row.met else MISSED
        place = [begin + scale * max(0, min(2, share(row, figure)))
                 for figure in (row.figure, min(row.figures), max(row.figures))]
        drawing.text(begin - 10, y + 15, row.what.replace("`", ""), 12, TEXT, "end")
        drawing.box(begin, y + 5, place[0] - begin, ROW - 10, colour)
        drawing.line(place[1], y + ROW / 2, place[2], y + ROW / 2, TEXT, 1.5)
        drawing.text(end + 10, y + 15, number(row.figure) + (row.unit and " " + row.unit), 12, colour, weight="bold")
        drawing.text(WIDTH - MARGIN, y + 15, row.bar, 12, FAINT, "end")
        drawing.height += ROW
    drawing.line((begin + end) / 2, top, (begin + end) / 2, drawing.height, TEXT)
    drawing.height += 2 * MARGIN


def round_numbers(low, high):
    """From below to above, for a logarithmic axis."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = [step * 10.0 ** n for n in decades for step in (1, 2, 5)]
    first = max(i for i, mark in enumerate(marks) if mark <= low)
    last = min(i for i, mark in enumerate(marks) if mark >= high)
    return marks[first:last + 1]


def draw_curve(drawing, curve):
    lines = {name: curve.points(name) for name in curve.lines}
    xs = [x for points in lines.values() for x, _ in points]
    ticks_x = sorted(set(xs))
    ticks_y = round_numbers(*(pick(y for points in lines.values() for _, y in points) for pick in (min, max)))
    left, right = MARGIN + 50, WIDTH - 270
    top, bottom = drawing.height + 34, drawing.height + PANEL - 40

    def place(value, ticks, begin, end):
        low, high = math.log(ticks[0]), math.log(ticks[-1])
        return begin + (end - begin) * (math.log(value) - low) / (high - low or 1)

    drawing.text(MARGIN, drawing.height + 14, curve.title, 14, weight="bold")
    drawing.text(MARGIN, top - 6, "µs", 11, FAINT)
    for y in ticks_y:
        at = place(y, ticks_y, bottom, top)
        drawing.line(left, at, right, at)
        drawing.text(left - 8, at + 4, f"{y:g}", 11, FAINT, "end")
    last = -math.inf
    for x in ticks_x:
        at = place(x, ticks_x, left, right)
        drawing.line(at, bottom, at, bottom + 4)
        if at > last + 45:
            drawing.text(at, bottom + 18, f"{x:,}", 11, FAINT, "middle")
            last = at
    drawing.text(right + 36, bottom + 18, curve.axis, 11, FAINT)
    for colour, (name, points) in zip(COLOURS, lines.items()):
        drawing.polyline([(place(x, ticks_x, left, right), place(y, ticks_y, bottom, top)) for x, y in points], colour)
    for i, (colour, name) in enumerate(zip(COLOURS, lines)):
        drawing.box(right + 14, top + 22 * i, 14, 4, colour)
        drawing.text(right + 36, top + 6 + 22 * i, name, 12)
    drawing.height += PANEL


def draw(title, rows, curves):
    drawing = Drawing()
    drawing.height = MARGIN
    drawing.text(MARGIN, drawing.height + 12, "tina4: what it costs, and how much it may", 18, weight="bold")
    drawing.text(MARGIN, drawing.height + 32, title, 11, FAINT)
    drawing.height += 56
    draw_rows(drawing, rows)
    if curves:
        drawing.text(MARGIN, drawing.height, "CPU of the server for one delivery, as the work grows", 16, weight="bold")
        drawing.height += MARGIN
    for curve in curves:
        draw_curve(drawing, curve)
    return drawing.svg()
