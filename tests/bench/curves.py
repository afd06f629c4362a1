"""What one delivery costs the server as the work grows."""

import statistics
from dataclasses import dataclass, field

from machine import Absent
from rows import bus_fan, floor_fan, us, worker_fan

CONNECTIONS = (10, 30, 100, 300, 1000, 3000, 10000, 15000)
ROOMS = (1, 5, 50, 500, 5000)
SIZES = (16, 64, 256, 1024, 4096, 16384, 65536)
ROUNDS = 3

FLOOR = "floor"


@dataclass
class Curve:
    """Server CPU of a delivery in microseconds."""
    title: str
    axis: str
    lines: dict = field(default_factory=dict)  # name -> {x: [of each round]}

    def add(self, name, x, result):
        self.lines.setdefault(name, {}).setdefault(x, []).append(us(result)[0])

    def points(self, name):
        return [(x, statistics.median(values)) for x, values in sorted(self.lines[name].items())]


def by_connections(plan):
    curve = Curve("Connections, in one room, 128 bytes", "connections")
    for _ in range(ROUNDS):
        for n in CONNECTIONS:
            try:
                curve.add("floor, window 1", n, floor_fan(plan, windows=(1,), conns=n)[0])
            except Absent:
                continue
            by_window = worker_fan(plan, conns=n)
            curve.add("tina4, window 1", n, by_window[0])
            curve.add("floor that coalesces, window 16", n, floor_fan(plan, "batch", (16,), conns=n)[0])
            curve.add("tina4, window 16", n, by_window[1])
    return curve


def by_rooms(plan):
    curve = Curve("Rooms, of 5,000 connections, window 16 in each", "rooms")
    for _ in range(ROUNDS):
        for n in ROOMS:
            curve.add(FLOOR, n, floor_fan(plan, windows=(16,), conns=5000, rooms=n)[0])
            curve.add("tina4, through a worker", n, worker_fan(plan, (16,), conns=5000, rooms=n)[0])
            curve.add("tina4, pushed over the bus", n, bus_fan(plan, (16,), conns=5000, rooms=n)[0])
    return curve


def by_size(plan):
    curve = Curve("Bytes of a message, 1,000 connections, window 1", "bytes")
    for _ in range(ROUNDS):
        for name, fan in (FLOOR, floor_fan), ("tina4, through a worker", worker_fan):
            for result in fan(plan, windows=(1,), conns=1000, size=SIZES):
                curve.add(name, result["size"], result)
    return curve


CURVES = (by_connections, by_rooms, by_size)
