"""What is done to the parts, and what is promised for that."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import Callable

from client import Client
from raw import Raw, head
from redis import Cable, Error, Host, Redis
from stack import eventually

HOSTS = 3
HANDLER_TIMEOUT = 4  # seconds, as all of these
WORKER_TIMEOUT = 3
PINGS = 5
OUTAGE = 1.0
LONG_OUTAGE = 4.0  # longer than it takes to find that Redis does not answer
JUMP = 3600
SETTINGS = {"handler_timeout": HANDLER_TIMEOUT, "worker_timeout": WORKER_TIMEOUT, "ws_ping_seconds": PINGS,
            "ws_max_message": "64K", "ws_queue_bytes": "256K", "ws_send_buffer": "64K", "log_level": "info"}
HERE = pathlib.Path(__file__).parent


class Unable(Exception):
    """This machine lacks what a fault needs."""


class Clock:
    """The wall clock of one host's programs, which can jump."""

    def __init__(self, folder):
        self.library, self.shift = folder / "clock.so", folder / "clock"
        done = subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, HERE / "clock.c"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Unable(f"the clock does not compile: {done.stderr}")
        self.shift.write_bytes(bytes(8))
        asan = os.environ.get("ASAN_OPTIONS", "")
        self.env = {"LD_PRELOAD": str(self.library), "CHAOS_CLOCK": str(self.shift),
                    "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0"}

    def jump(self, seconds):
        with open(self.shift, "r+b") as file:
            file.write(struct.pack("q", seconds))


class World:
    """Three hosts and a Redis. The last host reaches Redis by a cable, and has a clock of its own."""

    def __init__(self, chance):
        self.chance = chance
        self.seen_gaps = []
        self.redis = Redis().start()
        self.cable = Cable(self.redis)
        self.folders = [pathlib.Path(tempfile.mkdtemp(prefix="tina4-")) for _ in range(HOSTS)]
        self.hosts = []
        for number, folder in enumerate(self.folders):
            more = {"ws_backplane_url": self.cable.url} if number == HOSTS - 1 else {}
            host = Host(folder, self.redis, **SETTINGS, **more)
            host.number = number
            host.worker.argv += ["--workers", "2"]
            self.hosts.append(host)
        try:
            self.clock = Clock(self.folders[-1])
            self.hosts[-1].env.update(self.clock.env)
        except (OSError, Unable) as reason:
            self.clock, self.no_clock = None, reason

    def start(self):
        for host in self.hosts:
            host.start()
        self.settle()

    def settle(self):
        for host in self.hosts:
            host.settled(HOSTS)

    def any_host(self):
        return self.chance.choice(self.hosts)

    def new_gaps(self):
        """What the sidecars have said since the last time of messages that are gone, for who looks for the cause."""
        lines = [f"host {host.number}: {line}" for host in self.hosts
                 for line in host.sidecar.log.read_text(errors="replace").splitlines()
                 if "messages of a host lost" in line]
        new = [line for line in lines if line not in self.seen_gaps]
        self.seen_gaps = lines
        return new

    def stop(self):
        """Returns what is to be complained of."""
        complaints = []
        if self.clock:
            self.clock.jump(0)
        for host in self.hosts:
            try:
                host.stop()
            except AssertionError as error:
                complaints.append(str(error))
        self.redis.stop()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)
        return complaints


def pause(world, seconds):
    """Time that passes is what an outage is."""
    time.sleep(seconds * world.chance.uniform(0.7, 1.3))


def kill_one(process):
    """The process alone, and none that it has started."""
    os.kill(process.pid, signal.SIGKILL)
    process.ended(-signal.SIGKILL)


def restart(world, process):
    pause(world, OUTAGE)
    process.start()


@contextlib.contextmanager
def stopped(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


# --- faults: each returns the host that it was done to, or nothing ------------------------------------


def nothing(world):
    pause(world, OUTAGE)


def worker_killed(world):
    host = world.any_host()
    for _ in range(5):
        os.kill(world.chance.choice(eventually(host.worker.workers, "there are workers")), signal.SIGKILL)
        pause(world, 0.2)
    return host


def worker_stopped(world):
    """Its supervisor takes it for hung, and kills it."""
    host = world.any_host()
    pid = world.chance.choice(host.worker.workers())
    with stopped(pid):
        eventually(lambda: pid not in host.worker.workers(), "it is replaced")
    return host


def supervisor_killed(world):
    host = world.any_host()
    kill_one(host.worker)
    restart(world, host.worker)
    return host


def supervisor_reloaded(world):
    host = world.any_host()
    before = sum("workers replaced" in line for line in host.worker.lines())
    os.kill(host.worker.pid, signal.SIGHUP)
    eventually(lambda: sum("workers replaced" in line for line in host.worker.lines()) > before, "all are replaced")
    return host


def app_killed(world):
    host = world.any_host()
    kill_one(host.app)
    restart(world, host.app)
    return host


def app_stopped(world):
    host = world.any_host()
    with stopped(host.app.pid):
        pause(world, OUTAGE)
    return host


def nginx_killed(world):
    host = world.any_host()
    host.web_server.kill()
    restart(world, host.web_server)
    return host


def nginx_stopped(world):
    host = world.any_host()
    with stopped(host.web_server.pid, *host.web_server.workers()):
        pause(world, OUTAGE)
    return host


def nginx_reloaded(world):
    host = world.any_host()
    before = set(host.web_server.workers())
    os.kill(host.web_server.pid, signal.SIGHUP)
    eventually(lambda: set(host.web_server.workers()) - before, "it has new workers")
    return host


def sidecar_killed(world):
    host = world.any_host()
    kill_one(host.sidecar)
    restart(world, host.sidecar)
    return host


def sidecar_stopped(world):
    host = world.any_host()
    with stopped(host.sidecar.pid):
        pause(world, OUTAGE)
    return host


def sidecar_restarted(world):
    host = world.any_host()
    host.sidecar.term()
    restart(world, host.sidecar)
    return host


def redis_killed(world):
    world.redis.kill()
    pause(world, OUTAGE)
    world.redis.start()


def redis_stopped(world):
    world.redis.hang()
    try:
        pause(world, LONG_OUTAGE)
    finally:
        world.redis.go_on()


def redis_cuts(world):
    """Again and again one connection of some sidecar, to publish or to subscribe."""
    for _ in range(10):
        if clients := world.redis.clients():
            with contextlib.suppress(Error):  # it has just gone by itself
                world.redis.ask("CLIENT", "KILL", "ID", world.chance.choice(clients)["id"])
        pause(world, 0.15)


def redis_swallows(world):
    world.cable.hold()
    try:
        pause(world, LONG_OUTAGE)
    finally:
        world.cable.let_go()
    return world.hosts[-1]


def pages_cut(world):
    """Ten people vanish, in the midst of messages to them."""
    host = world.any_host()
    for _ in range(10):
        client = Client(f"ws://127.0.0.1:{host.web}/ws/script/{world.chance.choice('ab')}")
        client.receive()
        client.cut()
        pause(world, 0.1)
    return host


def ended_so(host, why):
    return sum(f"why={why}" in line for line in host.sidecar.lines())


def slow_reader(world):
    """One of two does not read what both get, until it is too much."""
    host = world.any_host()
    before = ended_so(host, "queue-full")
    reader = Client(f"ws://127.0.0.1:{host.port}/ws/script/slow")
    slow = Client(f"ws://127.0.0.1:{host.port}/ws/script/slow",
                  sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)])
    with reader, slow:
        for number in range(30):
            size = 60000 + number
            assert len(reader.ask(f"fill {size}")) == size, "who reads gets each of them"
        eventually(lambda: ended_so(host, "queue-full") > before, "who does not read is let go")
    return host


def silent_reader(world):
    """It answers no ping."""
    host = world.any_host()
    before = ended_so(host, "ping-timeout")
    conn = Raw(host.port)
    assert conn.send(head("GET /ws/script/silent HTTP/1.1")).answer().status == 101
    eventually(lambda: ended_so(host, "ping-timeout") > before, "who is silent is let go")
    conn.sock.close()
    return host


def poison(world, order="crash"):
    """In a room in which others talk."""
    host = world.any_host()
    with Client(f"ws://127.0.0.1:{host.port}/ws/script/{world.chance.choice('ab')}", timeout=60) as client:
        client.send(order.format(dir=host.dir))
        try:
            while True:
                client.receive()
        except AssertionError as error:
            assert "closed with (1011" in str(error), error
    return host


def endless_handler(world):
    return poison(world, "wait {dir}/never")


def clock_jumps(world):
    if world.clock is None:
        raise Unable(world.no_clock)
    for shift in (JUMP, 0, -JUMP, 0):
        world.clock.jump(shift)
        pause(world, OUTAGE / 2)
    return world.hosts[-1]


# --- what is promised ---------------------------------------------------------------------------------

NOBODY, THERE, ANYWHERE = "nobody", "there", "anywhere"


@dataclass
class Fault:
    """Beside the promises of all: nothing lost, doubled or out of order."""
    name: str
    do: Callable
    promise: str
    within: float  # seconds: nobody waits for longer for a message, or to be back
    closes: str = NOBODY  # where connections may end
    refuses: str = NOBODY  # where pushes may be told that they failed
    quick: bool = True  # part of a quick run


CRASHES = 3 * 3  # seconds: three deaths in a row, each replaced a little later

FAULTS = [
    Fault("nothing", nothing, "nobody closed, no push refused", 2),
    Fault("5 workers killed", worker_killed, "nobody closed, no push refused; events go to the next worker", 5),
    Fault("a worker hangs (SIGSTOP)", worker_stopped,
          f"nobody closed; it is replaced after `TINA4_WORKER_TIMEOUT` ({WORKER_TIMEOUT} s)", WORKER_TIMEOUT + 4),
    Fault("the supervisor killed, back after 1 s", supervisor_killed, "nobody closed; events wait", 6),
    Fault("workers reloaded (SIGHUP)", supervisor_reloaded, "nobody closed, no push refused", 3),
    Fault("the app killed, back after 1 s", app_killed, "nobody closed; pushes there are told", 4, refuses=THERE),
    Fault("the app stopped for 1 s", app_stopped, "nobody closed, no push refused", 4),
    Fault("nginx killed, back after 1 s", nginx_killed, "its connections end and come back; pushes there are told", 4,
          closes=THERE, refuses=THERE),
    Fault("nginx stopped for 1 s", nginx_stopped, "nobody closed, no push refused", 4),
    Fault("nginx reloaded", nginx_reloaded, "nobody closed, no push refused", 2),
    Fault("a sidecar killed, back after 1 s", sidecar_killed,
          "its connections end and come back; pushes there are told", 8, closes=THERE, refuses=THERE),
    Fault("a sidecar stopped for 1 s", sidecar_stopped, "nobody closed; pushes there wait or are told", 6,
          refuses=THERE),
    Fault("a sidecar restarted, back after 1 s", sidecar_restarted,
          "its connections end and come back; pushes there are told", 12, closes=THERE, refuses=THERE),
    Fault("Redis killed, back after 1 s", redis_killed,
          "nobody closed, no push refused; each host goes on, the others hear it afterwards", 8),
    Fault("Redis stopped for 4 s", redis_stopped, "the same", 14),
    Fault("10 connections to Redis cut", redis_cuts, "the same", 8),
    Fault("a host's way to Redis swallows all for 4 s", redis_swallows, "the same", 14, quick=False),
    Fault("10 people vanish", pages_cut, "nobody else closed, no push refused", 2),
    Fault("a reader does not read", slow_reader, "it alone is closed, once its queue is full", 3),
    Fault("a reader is silent", silent_reader, "it alone is closed, after two pings", 3, quick=False),
    Fault("a poison message", poison, "its sender alone is closed (1011), after three deaths", CRASHES),
    Fault("an endless handler", endless_handler,
          f"its sender alone is closed (1011), after 3 times `TINA4_HANDLER_TIMEOUT` ({HANDLER_TIMEOUT} s)",
          3 * HANDLER_TIMEOUT + CRASHES, quick=False),
    Fault("the clock jumps by an hour, ahead and back", clock_jumps,
          "nobody closed; a push that is under way there may be told", 3, refuses=THERE),
]
