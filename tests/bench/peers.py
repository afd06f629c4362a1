"""Other servers that Debian has, measured in the same way."""

import sys
from dataclasses import dataclass, field

from machine import Absent, Wrong, load
from rows import in_turns, us
from servers import Floor, Naive, Nchan, Node, Pushpin, Tina4

ROUNDS = 3
CONNECTIONS = 10000
ECHO_CONNECTIONS = 20  # of 100 at once Pushpin 1.36 closes one now and then


@dataclass
class Peer:
    """Costs as ratios to the floor's."""
    name: str
    absent: str = ""  # why there are none
    fan_1: list = field(default_factory=list)
    fan_16: list = field(default_factory=list)
    echo: list = field(default_factory=list)
    handshake: list = field(default_factory=list)
    kib: list = field(default_factory=list)  # of an idle connection


class Ours(Tina4):
    path, echo_path = "/ws/fan/0", "/ws/echo"


class Least(Floor):
    path = "/"


class LeastEcho(Floor):
    path = echo_path = "/"

    def __init__(self):
        super().__init__("echo")


SERVERS = {
    "tina4, through a worker": Ours,
    "nchan": Nchan,
    "Pushpin": Pushpin,
    "Node's ws": Node,
    "libwebsockets as in its examples": Naive,
}


def measure_echo(plan, kind):
    """CPU of a message that goes back to its client, of all processes; nothing when the server has no echo."""
    if kind.echo_path is None:
        return None
    with kind() as server:
        echo, = load("echo", server, path=server.echo_path, conns=ECHO_CONNECTIONS, seconds=plan.seconds)
    return sum(us(echo))


def measure_one(plan, kind, echo):
    """CPU of a delivery with window 1 and 16, of an echo and of a handshake, and memory, of all its processes."""
    with kind() as server:
        publisher = {"publisher_path": server.publisher_path} if server.publisher_path else {}
        fan = load("fanout", server, path=server.path, conns=1000, window=(1, 16), seconds=plan.seconds, **publisher)
    with kind() as server:
        step, = load("connect", server, path=server.path, conns=CONNECTIONS)
    return (sum(us(fan[0])), sum(us(fan[1])), measure_echo(plan, echo), sum(step["cpu_ns"]) / 1e3 / CONNECTIONS,
            (sum(step["rss_kib"]) - sum(step["rss_before_kib"])) / CONNECTIONS)


def try_one(plan, kind):
    """The same, or None: now and then one refuses a client, and the others are measured all the same."""
    try:
        return measure_one(plan, kind, kind)
    except Wrong as error:
        print(f"{kind.__name__}: {str(error)[:300]}", file=sys.stderr, flush=True)
        return None


def measure_peers(plan):
    peers = []
    for name, server in SERVERS.items():
        try:
            with server():
                peers.append(Peer(name))
        except Absent as reason:
            peers.append(Peer(name, str(reason)))
    present = [peer for peer in peers if not peer.absent]
    measurements = [lambda: measure_one(plan, Least, LeastEcho)]
    measurements += [lambda kind=SERVERS[peer.name]: try_one(plan, kind) for peer in present]
    for floor, *results in in_turns(ROUNDS, *measurements):
        for peer, result in zip(present, results):
            if result is None:
                continue
            fan_1, fan_16, echo, handshake, kib = result
            peer.fan_1.append(fan_1 / floor[0])
            peer.fan_16.append(fan_16 / floor[1])
            if echo is not None:
                peer.echo.append(echo / floor[2])
            peer.handshake.append(handshake / floor[3])
            peer.kib.append(kib)
    for peer in present:
        if not peer.kib:
            peer.absent = "it refused clients"
    return peers
