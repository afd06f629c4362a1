"""A Redis of the tests' own, and hosts that have it in common."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from stack import Stack, eventually


class Error(Exception):
    """What Redis answers when it does not do it."""


class Connection:
    """Speaks to Redis, in as much of its protocol as the tests need."""

    def __init__(self, path, password=None, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")
        if password:
            self.ask("AUTH", password)

    def send(self, *words):
        encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded))

    def read(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("Redis has closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise Error(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        return [self.read() for _ in range(int(rest))]

    def ask(self, *words):
        self.send(*words)
        return self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()


class Redis:
    """redis-server on a unix socket, in a folder of its own."""

    def __init__(self, *options, password=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tina4-redis-"))
        self.path = self.dir / "redis.sock"
        self.password = password
        self.options = options
        self.log = self.dir / "log"
        self.popen = None
        self.url = f"unix:{self.path}"

    def start(self, *more):
        assert self.popen is None
        argv = ["redis-server", "--port", "0", "--unixsocket", str(self.path), "--save", "", "--appendonly", "no",
                "--dir", str(self.dir), "--enable-debug-command", "yes", *self.options, *more]
        if self.password:
            argv += ["--requirepass", self.password]
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv], stdout=log, stderr=log)
        eventually(self._answers, "redis answers")
        return self

    def _answers(self):
        try:
            return self.ask("PING") == "PONG"
        except (OSError, Error):
            return False

    def connect(self, **more):
        return Connection(self.path, self.password, **more)

    def ask(self, *words):
        with self.connect() as connection:
            return connection.ask(*words)

    def info(self, section):
        lines = self.ask("INFO", section).decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def clients(self):
        """What CLIENT LIST says of our sidecars, each a dict."""
        lines = self.ask("CLIENT", "LIST").decode().splitlines()
        clients = [dict(pair.split("=", 1) for pair in line.split(" ")) for line in lines]
        return [client for client in clients if client["name"] == "tina4-sidecar"]

    def channels(self):
        return sorted(name.decode() for name in self.ask("PUBSUB", "CHANNELS"))

    def subscribers(self, *paths):
        """How many hosts are subscribed to each path."""
        answer = self.ask("PUBSUB", "NUMSUB", *(f"tina4:ws:{path}" for path in paths))
        return answer[1::2]

    def kill(self):
        self.popen.kill()
        self.popen.wait()
        self.popen = None

    def hang(self):
        os.kill(self.popen.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.popen.pid, signal.SIGCONT)

    def stop(self):
        if self.popen is not None:
            self.go_on()
            self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


class Host(Stack):
    """A sidecar with an app and a worker, and a relay to others."""

    def __init__(self, folder, redis, **settings):
        settings.setdefault("ws_backplane_url", redis.url)
        super().__init__(folder, ws_backplane="redis", **settings)

    def status(self):
        """What readiness says, and why."""
        from client import http
        answer = http(self.admin, "GET", "/readyz").json
        return answer["status"], answer.get("why")

    def settled(self, hosts):
        """Waits until it is in touch with all of the hosts."""
        eventually(lambda: self.status() == ("ready", None) and self.stats()["relay_hosts"] == hosts - 1,
                   "the relay is here")

    def pushes(self, path, data, **more):
        from wire import PUSH, Peer, command
        with Peer(self.bus) as peer:
            return peer.hello().ask(command(PUSH, data, key=path, **more))
