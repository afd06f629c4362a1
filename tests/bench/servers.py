"""The servers that are measured. Each is a context that has a port and pids."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import tempfile
import time

from machine import ALL, BUILD, HELPER, HERE, PATIENCE, SERVER, TOP, Absent, Process

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
NCHAN = pathlib.Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
NODE_MODULES = pathlib.Path("/usr/share/nodejs")  # Debian's
THREADS = 8  # of a FastCGI process


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    port = 0
    publisher_path = None  # of who publishes, where those who listen cannot
    echo_path = None  # where each client gets back what it says

    def __init__(self):
        self.processes = []
        self.folder = tempfile.mkdtemp(prefix="tina4-bench.")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, argv, cores, ready=None, env=None):
        process = Process(argv, cores, ready, env, self.folder)
        self.processes.append(process)
        return process

    @property
    def pids(self):
        return [process.pid for process in self.processes]

    def nginx(self, template, cores, **names):
        """Starts nginx with a configuration of ours, and returns its port."""
        if NGINX is None:
            raise Absent("nginx is not installed")
        port = free_port()
        names.update(DIR=self.folder, USER="user root;" if os.geteuid() == 0 else "")
        names.update({name: str(value).replace("PORT", str(port)) for name, value in names.items()})
        for name, target in template.items():
            text = (TOP / name).read_text()
            for key, value in names.items():
                text = text.replace(f"@{key}@", value)
            pathlib.Path(self.folder, target).write_text(text)
        nginx = self.run([NGINX, "-e", "stderr", "-p", self.folder, "-c", f"{self.folder}/nginx.conf"], cores)
        nginx.wait_for_port(port)
        return port


class Floor(Server):
    """The least: see floor.c."""

    def __init__(self, mode="broadcast"):
        super().__init__()
        self.mode = mode

    def start(self):
        self.port = int(self.run([HERE / "floor", self.mode], SERVER, r"^port (\d+)").match[1])


class Router(Server):
    """A bare ROUTER."""

    def start(self):
        self.bus = f"ipc://{self.folder}/bus"
        self.run([HERE / "bus", "router", self.bus], SERVER, "^ready")


class Tina4(Server):
    """A sidecar, the first of the pids, and the benchmark's app as its worker."""

    def __init__(self, worker=True, cores=None, handlers=None, **settings):
        super().__init__()
        self.worker = worker
        self.handlers = handlers  # arguments of tina4 worker, in the place of the app's
        self.supervisor = None  # of the worker
        self.cores = cores  # of all of it, when they are not to be apart
        self.bus = f"ipc://{self.folder}/bus"
        self.socket = f"{self.folder}/ws.sock"
        self.env = {
            "TINA4_BUS": self.bus,
            "TINA4_LISTEN": f"127.0.0.1:0,unix:{self.socket}",
            "TINA4_ADMIN": "off",
            "TINA4_SESSION_PATH": f"{self.folder}/sessions",
            "TINA4_WS_MAX_PER_ADDRESS": "0",  # all of the load comes from one
            "TINA4_LOG_LEVEL": "info",
            **({} if worker else {"TINA4_WS_ROUTES": "/ws/push/{room}"}),
            **{f"TINA4_{name.upper()}": str(value) for name, value in settings.items()},
        }

    def start(self):
        sidecar = self.run([BUILD / "tina4-sidecar"], self.cores or SERVER, r"listening .*address=127\.0\.0\.1:(\d+)",
                           self.env)
        self.port = int(sidecar.match[1])
        if self.worker:
            argv = [HERE / "app", "--worker"] if self.handlers is None else [BUILD / "tina4", "worker", *self.handlers]
            self.supervisor = self.run(argv, self.cores or HELPER, "worker connected", self.env)

    @property
    def pids(self):
        """Each supervisor behind its worker."""
        return [pid for process in self.processes
                for pid in (*(children(process.pid) if process is self.supervisor else ()), process.pid)]


SITE = {"deploy/nginx.conf.in": "site.conf", "deploy/nginx-own.conf.in": "nginx.conf"}


class BehindNginx(Tina4):
    """The same, with the shipped configuration of nginx in front."""

    def start(self):
        super().start()
        self.port = self.nginx(SITE, self.cores, LISTEN="127.0.0.1:PORT", STATIC="/nowhere", FROND="/nowhere",
                               APP=f"unix:{self.folder}/app.sock", SIDECAR=f"unix:{self.socket}")


class BehindProxy(Tina4):
    """The same, with a proxy in front that does as little as one can."""

    def start(self):
        super().start()
        self.port = int(self.run([HERE / "proxy", self.socket], self.cores, r"^port (\d+)").match[1])


class FastCgi(Server):
    """A FastCGI program behind nginx."""

    def __init__(self, argv, ready, env=None):
        super().__init__()
        self.app = f"{self.folder}/app.sock"
        self.argv = [str(arg).replace("SOCKET", self.app) for arg in argv]
        self.ready = ready
        self.env = env

    def start(self):
        self.run(self.argv, SERVER, self.ready, self.env)
        self.port = self.nginx(SITE, SERVER, LISTEN="127.0.0.1:PORT", STATIC="/nowhere", FROND="/nowhere",
                               APP=f"unix:{self.app}",
                               SIDECAR=f"unix:{self.folder}/none")


FPM_CHILDREN = 4
SCRIPT = TOP / "tests" / "bench" / "echo.php"


class Fpm(Server):
    """PHP-FPM, and nginx in front of it."""

    def start(self):
        programs = sorted(pathlib.Path("/usr/sbin").glob("php-fpm*"))
        if not programs:
            raise Absent("php-fpm is not installed")
        self.socket = f"{self.folder}/app.sock"
        as_root = os.geteuid() == 0
        pathlib.Path(self.folder, "fpm.conf").write_text("\n".join([
            "[global]", "error_log = /proc/self/fd/2", "daemonize = no", "[www]", *(["user = root"] * as_root),
            f"listen = {self.socket}", "pm = static", f"pm.max_children = {FPM_CHILDREN}", ""]))
        self.run([programs[-1], *(["-R"] * as_root), "-F", "-y", f"{self.folder}/fpm.conf"], ALL, "ready to handle")
        self.port = self.nginx(SITE, ALL, LISTEN="127.0.0.1:PORT", STATIC="/nowhere", FROND="/nowhere",
                               APP=f"unix:{self.socket}", SCRIPT=SCRIPT, SIDECAR=f"unix:{self.folder}/none")


def our_hello(bus):
    return FastCgi([HERE / "app", "--listen", "unix:SOCKET"], "fastcgi started",
                   {"TINA4_BUS": bus, "TINA4_THREADS": str(THREADS)})


def bare_hello():
    return FastCgi([HERE / "bare", "SOCKET", THREADS], "^ready")


# --- others -------------------------------------------------------------------------


class Naive(Server):
    """libwebsockets as its examples use it."""
    path = "/"

    def start(self):
        self.port = int(self.run([HERE / "naive"], SERVER, r"^port (\d+)").match[1])


class Node(Server):
    """Node's ws."""
    path, echo_path = "/", "/echo"

    def start(self):
        if not (NODE_MODULES / "ws").exists() or shutil.which("node") is None:
            raise Absent("node-ws is not installed")
        node = self.run(["node", TOP / "tests" / "bench" / "peer.js"], SERVER, r"^port (\d+)",
                        {"NODE_PATH": str(NODE_MODULES)})
        self.port = int(node.match[1])


class Pushpin(Server):
    """Pushpin, with what it needs for its requests and the program that it asks."""
    path, echo_path, publisher_path = "/all", "/echo", "/publish"
    pushpin = None

    def configure(self, name, **names):
        text = (TOP / "tests" / "bench" / f"peer-{name}.conf.in").read_text()
        for key, value in {"DIR": self.folder, **names}.items():
            text = text.replace(f"@{key}@", str(value))
        file = pathlib.Path(self.folder, f"{name}.conf")
        file.write_text(text)
        return file

    def start(self):
        if not all(shutil.which(program) for program in ("pushpin", "zurl", "node")):
            raise Absent("pushpin is not installed")
        self.port, control = free_port(), free_port()
        node = self.run(["node", TOP / "tests" / "bench" / "peer-pushpin.js", control], SERVER, r"^port (\d+)")
        pathlib.Path(self.folder, "routes").write_text(f"* 127.0.0.1:{node.match[1]},over_http\n")
        self.run(["zurl", f"--config={self.configure('zurl')}"], SERVER, "started")
        self.pushpin = self.run(["pushpin", "--config", self.configure("pushpin", PORT=self.port, CONTROL=control)],
                                SERVER)
        for port in (control, self.port):
            self.pushpin.wait_for_port(port)

    def __exit__(self, *_):
        # They are in groups of their own, and would outlive it.
        orphans = children(self.pushpin.pid) if self.pushpin else []
        super().__exit__()
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @property
    def pids(self):
        return [*(process.pid for process in self.processes), *children(self.pushpin.pid)]


class Nchan(Server):
    """nginx with nchan."""
    path, echo_path, publisher_path = "/subscribe", "/echo", "/publish"

    def start(self):
        if not NCHAN.exists():
            raise Absent("libnginx-mod-nchan is not installed")
        self.port = self.nginx({"tests/bench/peer-nchan.conf.in": "nginx.conf"}, SERVER, PORT="PORT", MODULE=NCHAN)
        self.master = self.processes[0].pid
        end = time.monotonic() + PATIENCE
        while len(self.pids) == 1 and time.monotonic() < end:
            time.sleep(0.005)

    @property
    def pids(self):
        return [self.master, *children(self.master)]
