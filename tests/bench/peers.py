"""Other servers that Debian has, measured in the same way."""

import statistics
from dataclasses import dataclass, field

from machine import Absent, load
from rows import in_turns, us
from servers import Floor, Naive, Nchan, Node, Tina4

ROUNDS = 3
CONNECTIONS = 10000


@dataclass
class Peer:
    """Costs as ratios to the floor's."""
    name: str
    absent: str = ""  # why there are none
    fan_1: list = field(default_factory=list)
    fan_16: list = field(default_factory=list)
    handshake: list = field(default_factory=list)
    kib: list = field(default_factory=list)  # of an idle connection


class Ours(Tina4):
    path = "/ws/fan/0"


class Least(Floor):
    path = "/"


SERVERS = {
    "tina4, through a worker": Ours,
    "nchan": Nchan,
    "Node's ws": Node,
    "libwebsockets as in its examples": Naive,
}


def measure_one(plan, server):
    """CPU of a delivery with window 1 and 16 and of a handshake, and memory, of all its processes."""
    publisher = {"publisher_path": "/publish"} if isinstance(server, Nchan) else {}
    with server:
        fan = load("fanout", server, path=server.path, conns=1000, window=(1, 16), seconds=plan.seconds, **publisher)
    with type(server)() as fresh:
        step, = load("connect", fresh, path=fresh.path, conns=CONNECTIONS)
    return (sum(us(fan[0])), sum(us(fan[1])), sum(step["cpu_ns"]) / 1e3 / CONNECTIONS,
            (sum(step["rss_kib"]) - sum(step["rss_before_kib"])) / CONNECTIONS)


def measure_peers(plan):
    peers = []
    for name, server in SERVERS.items():
        try:
            with server():
                peers.append(Peer(name))
        except Absent as reason:
            peers.append(Peer(name, str(reason)))
    present = [peer for peer in peers if not peer.absent]
    measurements = [lambda: measure_one(plan, Least())]
    measurements += [lambda kind=SERVERS[peer.name]: measure_one(plan, kind()) for peer in present]
    for floor, *results in in_turns(ROUNDS, *measurements):
        for peer, (fan_1, fan_16, handshake, kib) in zip(present, results):
            peer.fan_1.append(fan_1 / floor[0])
            peer.fan_16.append(fan_16 / floor[1])
            peer.handshake.append(handshake / floor[2])
            peer.kib.append(kib)
    return peers
