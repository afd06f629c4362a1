"""The rows of the relay: what another host costs, beside Redis alone."""

import shutil

from machine import ALL, HERE, Absent, load, measure
from rows import Row, in_turns
from servers import Server, Tina4

RELAY = HERE / "relay"
ROOMS = 10000


class Redis(Server):
    """A redis-server on a unix socket."""

    def start(self):
        if shutil.which("redis-server") is None:
            raise Absent("redis-server is not installed")
        self.socket = f"{self.folder}/redis.sock"
        self.run(["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
                  "--dir", self.folder], ALL, "eady to accept connections")


class Host(Tina4):
    """A sidecar that relays."""

    def __init__(self, redis):
        super().__init__(worker=False, cores=ALL, ws_backplane="redis", ws_backplane_url=f"unix:{redis.socket}",
                         ws_ping_seconds=0, ws_routes="/ws/push/{room},/ws/quiet/{room},/ws/kept/{room};history=100")


def run(*arguments):
    return measure([RELAY, *arguments], ALL)[0]


def latency(plan):
    """What a message takes to another host, less what it takes on its own, beside a bare PUBLISH and SUBSCRIBE."""
    median = Row("relay-p50", "a push to another host, beyond one to its own, to bare PUBLISH, p50", 2.0)
    late = Row("relay-p99", "the same, p99", 2.0)
    with Redis() as redis, Host(redis) as one, Host(redis) as two:
        for bare, here, there in in_turns(plan.pairs, lambda: run("trip", redis.socket, plan.seconds),
                                          lambda: run("push", one.bus, one.port, plan.seconds),
                                          lambda: run("push", one.bus, two.port, plan.seconds)):
            for row, which in ((median, "p50_us"), (late, "p99_us")):
                row.add((there[which] - here[which]) / bare[which], there=(there[which], "µs"),
                        here=(here[which], "µs"), bare=(bare[which], "µs"))
    return [median, late]


def rate(plan):
    row = Row("relay-rate", "messages that a sidecar relays, to a bare publisher with 16 on their way", 0.5,
              at_least=True)
    with Redis() as redis, Host(redis) as host:
        for bare, ours in in_turns(plan.pairs, lambda: run("rate", redis.socket, plan.seconds),
                                   lambda: run("flood", host.bus, redis.socket, plan.seconds)):
            row.add(ours["per_second"] / bare["per_second"], sidecar=(ours["per_second"], "/s"),
                    bare=(bare["per_second"], "/s"))
    return [row]


def kept(plan):
    row = Row("relay-kept", "messages that another host gets on a path that keeps 100, to one that keeps none", 0.5,
              at_least=True)
    with Redis() as redis, Host(redis) as one, Host(redis) as two:
        for keeping, without in in_turns(plan.pairs, lambda: run("across", one.bus, two.port, "/ws/kept/0", plan.seconds),
                                         lambda: run("across", one.bus, two.port, "/ws/push/0", plan.seconds)):
            row.add(keeping["per_second"] / without["per_second"], keeping=(keeping["per_second"], "/s"),
                    without=(without["per_second"], "/s"))
    return [row]


def quiet(plan):
    """Another path, which the second host has too, carries half of what Redis can."""
    row = Row("relay-quiet", "p99 to another host while another path is busy, to that without", 3.0)
    with Redis() as redis, Host(redis) as one, Host(redis) as two:
        half = run("rate", redis.socket, plan.seconds)["per_second"] / 2

        def busy():
            with Load(redis, half, two.port):
                return run("push", one.bus, two.port, plan.seconds)

        for calm, loaded in in_turns(plan.pairs, lambda: run("push", one.bus, two.port, plan.seconds), busy):
            row.add(loaded["p99_us"] / calm["p99_us"], loaded=(loaded["p99_us"], "µs"),
                    calm=(calm["p99_us"], "µs"), load=(half, "/s"))
    return [row]


class Load(Server):
    """A steady stream of messages on a path that is not measured."""

    def __init__(self, redis, per_second, port):
        super().__init__()
        self.argv = [RELAY, "load", redis.socket, per_second, port]

    def start(self):
        self.run(self.argv, ALL, "^ready")


def memory(plan):
    row = Row("relay-memory", "memory of a subscribed path, beyond its connection", 2.0, "KiB")

    def grown(server):
        with server:
            connected, *_ = load("connect", server, path="/ws/quiet/%d", conns=ROOMS, rooms=ROOMS)
        return connected["rss_kib"][0] - connected["rss_before_kib"][0]

    with Redis() as redis:
        for relayed, alone in in_turns(plan.pairs, lambda: grown(Host(redis)), lambda: grown(Alone())):
            row.add((relayed - alone) / ROOMS, relayed=(relayed, "KiB"), alone=(alone, "KiB"))
    return [row]


class Alone(Tina4):
    """The same sidecar without a relay."""

    def __init__(self):
        super().__init__(worker=False, cores=ALL, ws_ping_seconds=0, ws_routes="/ws/push/{room},/ws/quiet/{room}")


GROUPS = {
    latency: ("relay-p50", "relay-p99"),
    rate: ("relay-rate",),
    kept: ("relay-kept",),
    quiet: ("relay-quiet",),
    memory: ("relay-memory",),
}
