"""The servers that are measured. Each is a context that has a port and pids."""

import shutil
import tempfile

from machine import BUILD, HELPER, HERE, SERVER, Process


class Server:
    port = 0

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

    def __init__(self, worker=True, cores=None, **settings):
        super().__init__()
        self.worker = worker
        self.cores = cores
        self.bus = f"ipc://{self.folder}/bus"
        self.socket = f"{self.folder}/ws.sock"
        self.env = {
            "TINA4_BUS": self.bus,
            "TINA4_LISTEN": f"127.0.0.1:0,unix:{self.socket}",
            "TINA4_ADMIN": "off",
            "TINA4_SESSION_PATH": f"{self.folder}/sessions",
            "TINA4_LOG_LEVEL": "info",
            **({} if worker else {"TINA4_WS_ROUTES": "/ws/push/{room}"}),
            **{f"TINA4_{name.upper()}": str(value) for name, value in settings.items()},
        }

    def start(self):
        sidecar = self.run([BUILD / "tina4-sidecar"], self.cores or SERVER, r"listening .*address=127\.0\.0\.1:(\d+)",
                           self.env)
        self.port = int(sidecar.match[1])
        if self.worker:
            self.run([HERE / "app", "--worker"], self.cores or HELPER, "worker connected", self.env)
