"""The real programs, each on sockets in a folder of its own."""

import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time

from client import Client, handshake, http
from web import TOP, Web
from wire import COUNT, STATS, OK, Peer, command

BUILD = pathlib.Path(os.environ.get("TINA4_BUILD", TOP / "build" / "test"))
SECRET = "a secret of the tests, with more than 32 bytes"
DEADLINE = 20  # seconds until what is waited for must have happened
ALARMS = re.compile(r"Sanitizer|runtime error:|Assertion|assert|sidecar complains|message from the sidecar ignored")


def eventually(condition, what, deadline=DEADLINE):
    """Polls until condition() is true, and returns what it returned."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"never came true: {what}"
        time.sleep(0.01)


def free_ports(n=1):
    """The first of n in a row. A connection of the kernel's choice takes none of them while its server restarts."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(first // 2, first - n), 100):
        try:
            for i in range(n):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port + i))
            return port
        except OSError:
            continue
    raise AssertionError("no free ports")


def is_zombie(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


class Process:
    """One program, which may be started again; its log stays."""

    def __init__(self, stack, name, argv, ready):
        self.stack = stack
        self.name = name
        self.argv = [str(arg) for arg in argv]
        self.ready = ready
        self.fds = []  # sockets that it is given, as systemd does it
        self.popen = None
        self.log = stack.dir / f"{name}.log"

    @property
    def pid(self):
        return self.popen.pid

    def start(self, wait=True):
        assert self.popen is None
        env = {**os.environ, **self.stack.env}
        argv = self.argv
        if self.fds:
            moves = " ".join(f"{n}<&{fd}" for n, fd in enumerate(self.fds, 3))
            argv = ["bash", "-c", f"exec {moves}; LISTEN_PID=$$ LISTEN_FDS={len(self.fds)} exec \"$@\"", "bash", *argv]
        with open(self.log, "ab") as log:
            self.from_byte = log.tell()
            # Nothing outlives pytest, however that ends.
            self.popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv], env=env,
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.stack.dir,
                                          start_new_session=True,
                                          pass_fds=self.fds)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        eventually(self.is_ready, f"{self.name} is ready; its log:\n{self.tail()}")

    def is_ready(self):
        status = self.popen.poll()
        if status is not None:
            self.popen = None
            raise AssertionError(f"{self.name} ended with {status}:\n{self.tail()}")
        return self.ready(self)

    def lines(self):
        """The log since the latest start."""
        with open(self.log, "rb") as log:
            log.seek(self.from_byte)
            return log.read().decode(errors="replace").splitlines()

    def tail(self, lines=40):
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def workers(self):
        """The pids of the processes that it has started and that run."""
        try:
            pids = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            return [int(pid) for pid in pids if not is_zombie(pid)]
        except OSError:
            return []

    def worker_pid(self):
        """Of the only one, once it is there."""
        return eventually(self.workers, f"{self.name} has a worker")[0]

    def ended(self, *statuses):
        """Waits for its end, which must have one of these statuses (of Popen)."""
        status = self.popen.wait(DEADLINE)
        self.popen = None
        assert status in statuses, f"{self.name} ended with {status}:\n{self.tail()}"

    def kill(self):
        os.killpg(self.pid, signal.SIGKILL)  # nginx has children
        self.ended(-signal.SIGKILL)

    def term(self):
        self.popen.terminate()
        self.ended({"lighttpd": 1, "haproxy": -signal.SIGTERM}.get(self.name, 0), 0)  # their ways to stop


class Stack:
    """Web server, sidecar, app and workers; what is not started is not there."""

    script = "none"  # of PHP-FPM, where that is the app

    def __init__(self, folder, program="tests/system/app", web="nginx", **settings):
        self.dir = pathlib.Path(folder)
        self.bus = f"ipc://{self.dir}/bus"
        self.admin = self.dir / "admin.sock"
        self.program = BUILD / program
        self.env = {
            "TINA4_BUS": self.bus,
            "TINA4_LISTEN": f"127.0.0.1:0,unix:{self.dir}/ws.sock",
            "TINA4_ADMIN": f"unix:{self.admin}",
            "TINA4_TEMPLATES": str(TOP / "templates"),
            "DEMO_SOURCES": str(TOP / "fcgi" / "examples"),
            "TINA4_STOP_SECONDS": "5",
            "TINA4_SECRET": SECRET,
            "TINA4_SESSION_PATH": f"{self.dir}/sessions",
            **{f"TINA4_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self.way = Web(web, self)
        if self.way.tcp:
            self.env.setdefault("TINA4_TRUSTED_PROXIES", "127.0.0.1")
        self.app = None
        self.port = None  # of the sidecar
        self.web = None  # of the web server
        self.clients = []
        self.processes = []
        self.sidecar = self.new_process("sidecar", [BUILD / "tina4-sidecar"], self._sidecar_ready)
        if not self.way.starts_app:
            self.app = self.new_process("app", [self.program, "--listen", f"unix:{self.dir}/app.sock"], self._app_ready)
        self.web_server = self.new_process(self.way.name, self.way.argv, self._web_ready)
        self.worker = self.new_worker("worker")

    def new_process(self, name, argv, ready):
        process = Process(self, name, argv, ready)
        self.processes.append(process)
        return process

    def new_app(self, name, fd):
        """One more FastCGI process, on a socket that listens already."""
        app = self.new_process(name, [self.program], self._app_ready)
        app.fds = [fd]
        return app

    def new_worker(self, name, program=None, workers=1):
        """A supervisor with so many workers."""
        more = [] if workers == 1 else ["--workers", workers]
        return self.new_process(name, [program or self.program, "--worker", *more], self._worker_ready)

    # --- is it there? ---------------------------------------------------------

    def admin_status(self, target):
        try:
            return http(self.admin, "GET", target).status
        except OSError:
            return None

    def _sidecar_ready(self, process):
        self.port = None  # the log comes a moment later than what it tells
        for line in process.lines():
            if found := re.search(r"listening .*address=127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                return self.admin_status("/healthz") == 200  # the admin listener may be another line
        return False

    def _worker_ready(self, process):
        if self.sidecar.popen is None:
            return True
        running = [p for p in self.processes if p.popen is not None and {"--worker", "worker"} & set(p.argv)]
        wanted = sum(int(p.argv[p.argv.index("--workers") + 1]) if "--workers" in p.argv else 1 for p in running)
        return self.stats().get("workers", 0) >= wanted

    def _app_ready(self, _):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(f"{self.dir}/app.sock") == 0

    def _web_ready(self, _):
        try:
            return http(self.web).status is not None
        except OSError:
            return False

    def stats(self):
        """The sidecar's numbers, by name."""
        with Peer(self.bus) as peer:
            reply = peer.hello().ask(command(STATS))
        assert reply.status == OK
        return {name: int(value) for name, value in
                (line.split("=", 1) for line in reply.text.decode().splitlines()) if value.isdigit()}

    def count(self, path):
        with Peer(self.bus) as peer:
            return peer.hello().ask(command(COUNT, key=path)).connections

    # --- start and stop -------------------------------------------------------------

    def start(self, *names):
        """Everything, or the named ones."""
        for process in self.processes:
            if process.popen is None and (not names or process.name in names):
                if process is self.web_server:
                    self.web = free_ports()
                    self.way.configure(self.web)
                process.start()
        return self

    def stop(self):
        """Everything must end well, and no log may hold an alarm."""
        complaints = []
        for client in self.clients:  # a stop waits for those who do not answer
            client.__exit__()
        # The worker lives to acknowledge the last close events.
        first = [self.web_server, self.sidecar]
        for process in first + [process for process in self.processes if process not in first]:
            if process.popen is None:
                continue
            status = process.popen.poll()
            if status is not None:
                complaints.append(f"{process.name} had ended with {status}")
                process.popen = None
                continue
            try:
                process.term()
            except (AssertionError, subprocess.TimeoutExpired) as error:
                complaints.append(str(error))
                if process.popen is not None:
                    process.kill()
        for process in self.processes:
            if process.log.exists() and ALARMS.search(process.log.read_text(errors="replace")):
                complaints.append(f"an alarm in the log of {process.name}:\n{process.tail(80)}")
        assert not complaints, "\n".join(complaints)

    # --- talk to it -------------------------------------------------------------------

    def ws(self, target, direct=False, **options):
        client = Client(f"ws://127.0.0.1:{self.port if direct else self.web}{target}", **options)
        self.clients.append(client)
        return client

    def http(self, method="GET", target="/", headers=None, body=b""):
        return http(self.web, method, target, headers, body)

    def handshake(self, target, direct=True, **changes):
        return handshake(self.port if direct else self.web, target, **changes)
