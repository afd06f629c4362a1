"""The rows of the table: what is measured, and how good it must be."""

import json
import os
import re
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass, field

import servers
from machine import ALL, BUILD, CLIENT, HERE, Absent, Wrong, cpu_ns, load, measure, rss_bytes
from servers import BehindNginx, BehindProxy, Floor, Router, Tina4


@dataclass
class Plan:
    """How much is measured."""
    pairs: int = 5
    seconds: float = 1.0  # of each measurement
    clients: int = 10000  # that come at once


@dataclass
class Row:
    """One figure, and the bar that it must pass."""
    name: str
    what: str
    limit: float
    unit: str = ""  # of figure and limit; none is a ratio
    at_least: bool = False  # or else at most
    figures: list = field(default_factory=list)  # one of each pair
    details: dict = field(default_factory=dict)  # what they were made of: name -> (unit, values)

    def add(self, figure, **details):
        self.figures.append(figure)
        for name, (value, unit) in details.items():
            self.details.setdefault(name, (unit, []))[1].append(value)

    @property
    def figure(self):
        return statistics.median(self.figures)

    @property
    def met(self):
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    @property
    def bar(self):
        return f"{'at least' if self.at_least else 'at most'} {self.limit:g}{self.unit and ' ' + self.unit}"


def number(value):
    """With three digits, or all before the point."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.{2 if abs(value) >= 1 else 3}f}"


def in_turns(rounds, *measurements):
    """Measures each in turn, back and forth, and yields what each round measured."""
    for i in range(rounds):
        order = range(len(measurements)) if i % 2 == 0 else reversed(range(len(measurements)))
        results = {which: measurements[which]() for which in order}
        yield [results[which] for which in range(len(measurements))]


def us(result):
    """CPU microseconds of each process for a delivery."""
    return [ns / 1e3 / result["deliveries"] for ns in result["cpu_ns"]]


# --- fan-out ----------------------------------------------------------------------


def floor_fan(plan, mode="broadcast", windows=(1, 16), **options):
    with Floor(mode) as server:
        return load("fanout", server, path="/%d", window=windows, seconds=plan.seconds, **options)


def worker_fan(plan, windows=(1, 16), **options):
    with Tina4() as server:
        return load("fanout", server, path="/ws/fan/%d", window=windows, seconds=plan.seconds, **options)


def bus_fan(plan, windows=(1, 16), **options):
    with Tina4(worker=False) as server:
        return load("fanout", server, path="/ws/push/%d", window=windows, seconds=plan.seconds,
                    publisher=f"{HERE / 'bus'} publish {server.bus}", **options)


def add_ratio(row, subject, floor):
    cost, least = us(subject)[0], us(floor)[0]
    row.add(cost / least, sidecar=(cost, "µs"), floor=(least, "µs"))


def fan_out_1000(plan):
    worker = [Row("fan-1000-1", "fan-out to 1,000 through a worker, window 1", 1.10),
              Row("fan-1000-16", "the same, window 16", 0.12)]
    bus = [Row("push-1000-1", "fan-out to 1,000 pushed over the bus, window 1", 1.05),
           Row("push-1000-16", "the same, window 16", 0.12)]
    for floor, by_worker, by_bus in in_turns(plan.pairs, lambda: floor_fan(plan, conns=1000),
                                             lambda: worker_fan(plan, conns=1000), lambda: bus_fan(plan, conns=1000)):
        for i in range(2):
            add_ratio(worker[i], by_worker[i], floor[i])
            add_ratio(bus[i], by_bus[i], floor[i])
    return worker + bus


def fan_out_5000(plan):
    rows = [Row("fan-5000-1", "fan-out to 5,000 through a worker, window 1", 1.15),
            Row("fan-5000-16", "the same, window 16", 0.15)]
    for floor, subject in in_turns(plan.pairs, lambda: floor_fan(plan, conns=5000),
                                   lambda: worker_fan(plan, conns=5000)):
        for i in range(2):
            add_ratio(rows[i], subject[i], floor[i])
    return rows


def rooms(plan):
    one = Row("rooms-10", "5,000 in 500 rooms, window 16 in each, to one room of 10", 1.20)
    all_in_one = Row("rooms-5000", "the same to one room of 5,000", 1.20)
    for many, small, large in in_turns(plan.pairs, lambda: worker_fan(plan, (16,), conns=5000, rooms=500)[0],
                                       lambda: worker_fan(plan, (16,), conns=10)[0],
                                       lambda: worker_fan(plan, (16,), conns=5000)[0]):
        for row, other in (one, small), (all_in_one, large):
            row.add(us(many)[0] / us(other)[0], rooms=(us(many)[0], "µs"), one=(us(other)[0], "µs"))
    return [one, all_in_one]


# --- echo ----------------------------------------------------------------------------


def echo(plan):
    limits = {1: 4.0, 8: 8.0}
    cost = [Row(f"echo-{w}", f"echo through a worker, 100 clients, window {w}, sidecar + worker", limits[w])
            for w in limits]
    late = [Row(f"echo-{w}-p99", f"the same, window {w}, p99", 3.0) for w in limits]

    def run(server, path):
        with server:
            return load("echo", server, path=path, conns=100, window=(1, 8), seconds=plan.seconds)

    for floor, subject in in_turns(plan.pairs, lambda: run(Floor("echo"), "/"), lambda: run(Tina4(), "/ws/echo")):
        for i in range(2):
            sidecar, *handlers = us(subject[i])
            worker = sum(handlers)  # and its supervisor
            least = us(floor[i])[0]
            cost[i].add((sidecar + worker) / least, sidecar=(sidecar, "µs"), worker=(worker, "µs"),
                        floor=(least, "µs"))
            late[i].add(subject[i]["p99_us"] / floor[i]["p99_us"], p99=(subject[i]["p99_us"], "µs"),
                        floor=(floor[i]["p99_us"], "µs"))
    return cost + late


# --- handlers in other languages -----------------------------------------------------------


def exec_echo(plan):
    """The child only echoes, and its own time does not count."""
    limits = {1: 3.0, 8: 3.0}
    rows = [Row(f"exec-{w}", f"echo by a program that stays, 100 clients, window {w}: the worker's own part, to a worker in C",
                limits[w]) for w in limits]
    handlers = ["--exec", f"exec /usr/bin/python3 {servers.TOP}/tests/bench/echo.py"]

    def run(**options):
        with Tina4(**options) as server:
            return load("echo", server, path="/ws/echo", conns=100, window=(1, 8), seconds=plan.seconds)

    for in_c, outside in in_turns(plan.pairs, run, lambda: run(handlers=handlers)):
        for row, least, subject in zip(rows, in_c, outside):
            cost, floor = us(subject)[1], us(least)[1]
            row.add(cost / floor, bridge=(cost, "µs"), in_C=(floor, "µs"))
    return rows


def fpm_events(plan):
    """All of it on all cores, and as much as the children can take."""
    row = Row("fpm", f"events by PHP-FPM, {servers.FPM_CHILDREN} children, to requests of the same script behind nginx", 0.8,
              at_least=True)
    with servers.Fpm() as fpm:
        handlers = ["--fastcgi", f"unix:{fpm.socket}", servers.SCRIPT]

        def events():
            with Tina4(cores=ALL, handlers=handlers) as server:
                result, = load("echo", server, path="/ws/echo", conns=32, seconds=2 * plan.seconds, cores=ALL)
                return result["deliveries"] / result["seconds"]

        for rate, (requests, _) in in_turns(plan.pairs, events, lambda: wrk(fpm, 2 * plan.seconds, ALL)):
            row.add(rate / requests, events=(rate, "/s"), requests=(requests, "/s"))
    return [row]


# --- connections -----------------------------------------------------------------------


def per_handshake(step):
    return step["cpu_ns"][0] / 1e3 / (step["to"] - step["from"])


def handshakes(plan):
    row = Row("handshakes", f"{plan.clients:,} handshakes, with open event, join and acknowledgement", 4.0)

    def run(server):
        with server:
            return per_handshake(load("connect", server, path="/ws/fan/1", conns=plan.clients)[0])

    for floor, subject in in_turns(plan.pairs, lambda: run(Floor()), lambda: run(Tina4())):
        row.add(subject / floor, sidecar=(subject, "µs"), floor=(floor, "µs"))
    return [row]


def growth(plan):
    row = Row("handshakes-15000", "a handshake at 15,000 open connections to one at 1,000", 3.0)
    for _ in range(plan.pairs):
        with Tina4() as server:
            steps = load("connect", server, path="/ws/fan/1", conns=16000, step=1000)
        costs = {step["from"]: per_handshake(step) for step in steps}
        row.add(costs[15000] / costs[1000], at_15000=(costs[15000], "µs"), at_1000=(costs[1000], "µs"))
    return [row]


PING_SECONDS = 30  # the default: each connection is pinged once in that time


def idle(plan):
    memory = Row("memory", "memory of an idle connection with path, parameter, two attributes", 4.0, "KiB")
    cpu = Row("idle", "CPU with 10,000 quiet connections, with pings", 0.5, "%")
    for hold in [PING_SECONDS] + [0] * (plan.pairs - 1):
        with Tina4(ws_ping_seconds=PING_SECONDS) as server:
            connected, *held = load("connect", server, path="/ws/quiet/%d", conns=10000, rooms=10000, hold=hold)
        before, after = connected["rss_before_kib"][0], connected["rss_kib"][0]
        memory.add((after - before) / 10000, before=(before, "KiB"), after=(after, "KiB"))
        for result in held:
            cpu.add(100 * result["cpu_ns"][0] / 1e9 / result["seconds"])
    return [memory, cpu]


# --- compression ---------------------------------------------------------------------------


def deflate(plan):
    rows = [Row("deflate-1", "fan-out of 1 KiB to 1,000, compressed once for all, to the same plain, window 1", 1.10),
            Row("deflate-16", "the same, window 16", 1.10)]

    def run(**options):
        with Tina4(ws_deflate="true") as server:
            return load("fanout", server, path="/ws/fan/%d", conns=1000, size=1024, window=(1, 16),
                        seconds=plan.seconds, **options)

    for plain, deflated in in_turns(plan.pairs, run, lambda: run(deflate=True)):
        for i in range(2):
            cost, least = us(deflated[i])[0], us(plain[i])[0]
            rows[i].add(cost / least, deflated=(cost, "µs"), plain=(least, "µs"))
    return rows


def kept(plan):
    rows = [Row("kept-1", "fan-out to 1,000 on a route that keeps 100 messages, to one that keeps none, window 1", 1.03),
            Row("kept-16", "the same, window 16", 1.03)]

    def run(path):
        with Tina4() as server:
            return load("fanout", server, path=path, conns=1000, window=(1, 16), seconds=plan.seconds)

    for without, keeping in in_turns(plan.pairs, lambda: run("/ws/fan/%d"), lambda: run("/ws/kept/%d")):
        for i in range(2):
            cost, least = us(keeping[i])[0], us(without[i])[0]
            rows[i].add(cost / least, keeping=(cost, "µs"), without=(least, "µs"))
    return rows


MISSED = 10


def returning(plan):
    row = Row("returning", f"{plan.clients:,} handshakes of clients that have missed {MISSED} messages, to plain ones", 2.0)

    def tina4(server, *arguments):
        return subprocess.run([BUILD / "tina4", *arguments], env={**os.environ, "TINA4_BUS": server.bus},
                              capture_output=True, text=True, check=True).stdout

    def plain():
        with Tina4() as server:
            return per_handshake(load("connect", server, path="/ws/kept/1", conns=plan.clients)[0])

    def returned():
        with Tina4() as server:
            position = json.loads(tina4(server, "history", "--last", "0", "--json", "/ws/kept/1"))["position"]
            for i in range(MISSED):
                tina4(server, "push", "/ws/kept/1", f"{i:0128}")
            return per_handshake(load("connect", server, path="/ws/kept/1", conns=plan.clients, missed=MISSED,
                                      subprotocols=f"frond.1, frond.at.{position}")[0])

    for least, subject in in_turns(plan.pairs, plain, returned):
        row.add(subject / least, returning=(subject, "µs"), plain=(least, "µs"))
    return [row]


def kept_memory(plan):
    messages, size = 100000, 128
    rows = {n: Row(f"kept-memory-{n}", f"memory of a message beside its {size} bytes, where a path keeps {n:,}", 64, "bytes")
            for n in (100, 1000, 10000)}

    def grown(n, options):
        with Tina4(worker=False, ws_routes=f"/ws/push/{{room}}{options}", ws_history_bytes="256M") as server:
            lines = (f"{i % (messages // n)} {i:0{size}}" for i in range(messages))
            subprocess.run([HERE / "bus", "publish", server.bus], input="\n".join(lines) + "\n", text=True, check=True)
            return rss_bytes(server.pids[0])

    for _ in range(plan.pairs):
        for n, row in rows.items():
            kept, without = grown(n, f";history={n}"), grown(n, "")
            row.add((kept - without) / messages - size, kept=(kept / 1024, "KiB"), without=(without / 1024, "KiB"))
    return rows.values()


def deflate_memory(_):
    row = Row("deflate-memory", "more memory of an idle connection that compresses", 2.5, "KiB")

    def run(**options):
        with Tina4(ws_deflate="true") as server:
            connected, = load("connect", server, path="/ws/quiet/%d", conns=5000, rooms=5000, **options)
        return (connected["rss_kib"][0] - connected["rss_before_kib"][0]) / 5000

    plain, deflated = run(), run(deflate=True)
    row.add(deflated - plain, deflated=(deflated, "KiB"), plain=(plain, "KiB"))
    return [row]


# --- the bus ------------------------------------------------------------------------------


def cgi(server, path):
    """The environment of a CGI process of the app."""
    return {**os.environ, "TINA4_BUS": server.bus, "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1",
            "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "REQUEST_URI": path}


def receipts(plan):
    one = Row("receipt", "tina4_push() until its receipt, p50, to a bare DEALER and ROUTER", 3.0)
    late = Row("receipt-p99", "the same, p99", 1.0, "ms")
    many = Row("receipts-16", "receipts of 16 callers at once, to bare ZeroMQ", 0.5, at_least=True)

    def ask(server, callers):
        with server:
            return measure([HERE / "bus", "ask", server.bus, callers, plan.seconds])[0]

    def push():
        with Tina4(worker=False) as server:
            return measure([HERE / "app"], env=cgi(server, "/pushes"))[0]

    for bare, subject, bare16, subject16 in in_turns(plan.pairs, lambda: ask(Router(), 1), push,
                                                     lambda: ask(Router(), 16),
                                                     lambda: ask(Tina4(worker=False), 16)):
        one.add(subject["p50_us"] / bare["p50_us"], push=(subject["p50_us"], "µs"), bare=(bare["p50_us"], "µs"))
        late.add(subject["p99_us"] / 1000)
        rates = [result["pushes"] / result["seconds"] for result in (subject16, bare16)]
        many.add(rates[0] / rates[1], sidecar=(rates[0], "/s"), bare=(rates[1], "/s"))
    return [one, late, many]


# --- programs ------------------------------------------------------------------------------


SILENCE = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1)]
PROGRAM_RUNS = 20  # in each round


def milliseconds(argv, env):
    """What a program takes to run."""
    begun = time.perf_counter()
    status = os.waitpid(os.posix_spawn(argv[0], argv, env, file_actions=SILENCE), 0)[1]
    if status != 0:
        raise Wrong(f"{' '.join(argv)} ended with status {status}")
    return 1000 * (time.perf_counter() - begun)


def cgi_push(plan):
    row = Row("cgi-push", "a CGI process that pushes, beyond the start of its program", 3.0, "ms")
    app = str(HERE / "app")
    with Tina4(worker=False) as server:
        env = cgi(server, "/push")
        for _ in range(plan.pairs):
            took = [(milliseconds([app, "--help"], dict(os.environ)), milliseconds([app], env))
                    for _ in range(PROGRAM_RUNS)]
            alone, push = map(statistics.median, zip(*took))
            row.add(push - alone, push=(push, "ms"), start=(alone, "ms"))
    return [row]


def command_push(plan):
    row = Row("command-push", "`tina4 push` in a shell's loop", 10.0, "ms")
    loop = f"for i in $(seq {PROGRAM_RUNS}); do {BUILD}/tina4 push /ws/push/0 news; done"
    with Tina4(worker=False) as server:
        for _ in range(plan.pairs):
            begun = time.perf_counter()
            subprocess.run(["sh", "-ec", loop], env={**os.environ, "TINA4_BUS": server.bus},
                           stdout=subprocess.DEVNULL, check=True)
            row.add(1000 * (time.perf_counter() - begun) / PROGRAM_RUNS)
    return [row]


def template(plan):
    row = Row("template", "rendering a chat's page, to snprintf() of the same bytes", 5.0)
    for _ in range(plan.pairs):
        done = subprocess.run([HERE / "template"], capture_output=True, text=True, check=True)
        found = dict(item.split("=") for item in done.stdout.split())
        if found["same"] != "yes":
            raise Wrong("the template's page is another")
        row.add(float(found["ratio"]), template=(float(found["template_ns"]) / 1e3, "µs"),
                snprintf=(float(found["snprintf_ns"]) / 1e3, "µs"))
    return [row]


# --- behind a web server ---------------------------------------------------------------------


def wrk(server, seconds, cores=CLIENT):
    """Requests a second, and what one costs the program behind nginx in CPU microseconds."""
    if shutil.which("wrk") is None:
        raise Absent("wrk is not installed")
    program = server.pids[0]
    used = -cpu_ns(program)
    done = subprocess.run(["taskset", "-c", ",".join(map(str, cores)), "wrk", "-t", "8", "-c", "32", "-d",
                           f"{max(1, round(seconds))}", f"http://127.0.0.1:{server.port}/hello"],
                          capture_output=True, text=True, check=True)
    used += cpu_ns(program)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise Wrong(done.stdout)
    requests = int(re.search(r"(\d+) requests in", done.stdout)[1])
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1]), used / 1e3 / requests


def fastcgi(plan):
    row = Row("fastcgi", "requests by nginx and FastCGI, 8 threads, to a bare FCGX_Accept_r()", 0.95, at_least=True)
    with Tina4(worker=False) as sidecar, servers.our_hello(sidecar.bus) as ours, servers.bare_hello() as least:
        for (rate, cost), (bare, bare_cost) in in_turns(plan.pairs, lambda: wrk(ours, 2 * plan.seconds),
                                                        lambda: wrk(least, 2 * plan.seconds)):
            row.add(rate / bare, app=(rate, "/s"), bare=(bare, "/s"), CPU_of_the_app=(cost, "µs"),
                    CPU_of_the_bare=(bare_cost, "µs"))
    return [row]


def nginx(plan):
    """All of it on all cores: that is where nginx costs. Behind a bare proxy is what no proxy does better."""
    row = Row("nginx", "rate of fan-out to 1,000 behind nginx, to the sidecar's own", 0.75, at_least=True)

    def run(server):
        with server:
            result, = load("fanout", server, path="/ws/fan/%d", conns=1000, seconds=plan.seconds, cores=ALL)
            return result["deliveries"] / result["seconds"]

    for behind, proxy, direct in in_turns(plan.pairs, lambda: run(BehindNginx(cores=ALL)),
                                          lambda: run(BehindProxy(cores=ALL)), lambda: run(Tina4(cores=ALL))):
        row.add(behind / direct, nginx=(behind, "/s"), bare_proxy=(proxy, "/s"), direct=(direct, "/s"))
    return [row]


GROUPS = {
    fan_out_1000: ("fan-1000-1", "fan-1000-16", "push-1000-1", "push-1000-16"),
    fan_out_5000: ("fan-5000-1", "fan-5000-16"),
    rooms: ("rooms-10", "rooms-5000"),
    echo: ("echo-1", "echo-8", "echo-1-p99", "echo-8-p99"),
    exec_echo: ("exec-1", "exec-8"),
    fpm_events: ("fpm",),
    handshakes: ("handshakes",),
    growth: ("handshakes-15000",),
    idle: ("memory", "idle"),
    kept: ("kept-1", "kept-16"),
    returning: ("returning",),
    kept_memory: ("kept-memory-100", "kept-memory-1000", "kept-memory-10000"),
    deflate: ("deflate-1", "deflate-16"),
    deflate_memory: ("deflate-memory",),
    receipts: ("receipt", "receipt-p99", "receipts-16"),
    cgi_push: ("cgi-push",),
    command_push: ("command-push",),
    template: ("template",),
    fastcgi: ("fastcgi",),
    nginx: ("nginx",),
}
