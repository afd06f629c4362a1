"""A Redis of the tests' own, and hosts that have it in common."""

import itertools
import contextlib
import fcntl
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pytest

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

    def has_run_for_long(self):
        """What hosts have stored counts as whole: a new Redis may have forgotten what was said in the last minute."""
        self.ask("SET", "tina4:history", f"{self.info('server')['run_id']} 1000")

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

    def connections(self, host, publishing):
        """The ids of a host's connections to subscribe, or to publish: hosts log in as users, see user_url()."""
        return [client["id"] for client in self.clients()
                if client["user"] == host and publishing == (client["sub"] == "0")]

    def user_url(self, host):
        self.ask("ACL", "SETUSER", host, "on", "nopass", "~*", "&*", "+@all")
        return f"unix://{host}:any@{self.path}"

    def hang(self):
        os.kill(self.popen.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.popen.pid, signal.SIGCONT)

    def stop(self):
        if self.popen is not None:
            self.go_on()
            self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


@contextlib.contextmanager
def old_redis():
    """One whose store is believed from the first moment on."""
    server = Redis().start()
    server.has_run_for_long()
    try:
        yield server
    finally:
        server.stop()


class Host(Stack):
    """A sidecar with an app and a worker, and a relay to others."""

    def __init__(self, folder, redis, **settings):
        settings.setdefault("ws_backplane_url", redis and redis.url)
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
        return self

    def pushes(self, path, data, **more):
        from wire import PUSH, Peer, command
        with Peer(self.bus) as peer:
            return peer.hello().ask(command(PUSH, data, key=path, **more))


def lose_for_good(talks, cut_off, cable, path, meanwhile=lambda: None):
    """What one host pushes now is gone for the other, which it cannot reach, before it can be told later."""
    cable.hold()
    talks.pushes(path, "missed")
    eventually(lambda: cut_off.status()[0] == "degraded", "it knows that it is cut off")
    talks.sidecar.kill()
    meanwhile()
    talks.sidecar.start()
    eventually(lambda: talks.status()[0] == "ready", "the other is back")
    cable.let_go()
    eventually(lambda: cut_off.status()[0] == "ready", "it is not cut off any more")


_cables = itertools.count()


class Cable:
    """Between sidecars and Redis: it can be held, and then swallows everything while both ends look alive; or slow."""

    def __init__(self, redis):
        self.redis = redis
        self.path = redis.dir / f"cable{next(_cables)}.sock"
        self.url = f"unix:{self.path}"
        self.held = threading.Event()
        self.seconds = 0.0  # that it takes for each piece
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            if self.held.is_set() or far.connect_ex(str(self.redis.path)) != 0:
                threading.Thread(target=self._swallow, args=(near,), daemon=True).start()
                continue
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _swallow(self, near):
        while near.recv(65536):
            pass
        near.close()

    def _carry(self, a, b):
        broken = False  # once something was swallowed, nothing that follows makes sense
        try:
            while data := a.recv(65536):
                broken = broken or self.held.is_set()
                time.sleep(self.seconds)
                if not broken:
                    b.sendall(data)
        except OSError:
            pass
        for end in (a, b):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def hold(self):
        self.held.set()

    def let_go(self):
        self.held.clear()

    def slow(self, seconds):
        self.seconds = seconds


class Namespace:
    """A network namespace, joined to this one by a link of ours: it loses as many packets as it is told."""

    def __init__(self):
        self.name = f"tina4-{os.getpid()}"
        third = os.getpid() % 250
        self.near, self.far = f"10.213.{third}.1", f"10.213.{third}.2"
        self.port = random.randrange(20000, 30000)
        self.loss = 0.0  # of each packet, either way; 1: all vanish, and nobody is told
        self.chance = random.Random(5)
        self.ends = []

    def open(self):
        run("ip", "netns", "add", self.name)
        for name in (f"t4n{os.getpid()}", f"t4f{os.getpid()}"):
            self.ends.append(open_tun(name))
        near, far = f"t4n{os.getpid()}", f"t4f{os.getpid()}"
        run("ip", "link", "set", far, "netns", self.name)
        run("ip", "address", "add", self.near, "peer", self.far, "dev", near)
        run("ip", "link", "set", near, "up")
        run("ip", "-n", self.name, "address", "add", self.far, "peer", self.near, "dev", far)
        run("ip", "-n", self.name, "link", "set", "lo", "up")
        run("ip", "-n", self.name, "link", "set", far, "up")
        threading.Thread(target=self._carry, daemon=True).start()

    def _carry(self):
        a, b = self.ends
        try:
            while True:
                for end in select.select([a, b], [], [])[0]:
                    packet = os.read(end, 65536)
                    if self.chance.random() >= self.loss:
                        os.write(b if end == a else a, packet)
        except (OSError, ValueError):
            pass  # the end of the test

    def close(self):
        subprocess.run(["ip", "netns", "del", self.name], stderr=subprocess.DEVNULL, check=False)
        for end in self.ends:
            os.close(end)


def open_tun(name):
    end = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(end, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1001))  # TUNSETIFF: IFF_TUN | IFF_NO_PI
    return end


def run(*argv):
    done = subprocess.run(argv, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(argv)}: {done.stderr.strip()}")


@contextlib.contextmanager
def namespace():
    net = Namespace()
    try:
        net.open()
    except OSError as error:
        net.close()
        pytest.skip(f"no network namespaces here: {error}")
    try:
        yield net
    finally:
        net.close()


class Listener(threading.Thread):
    """Takes down all that a client gets, with the time."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client = client
        self.got = []
        self.error = None
        self.start()

    def run(self):
        try:
            while True:
                message = self.client.receive()
                self.got.append((time.monotonic(), message))
        except Exception as error:  # the end, expected or not
            self.error = error

    def messages(self):
        return [message for _, message in self.got]


class Talker(threading.Thread):
    """Pushes numbered messages to a path, and keeps what became of each."""

    def __init__(self, host, path, name, rate=300, size=0):
        super().__init__(daemon=True)
        self.host, self.path, self.name, self.rate, self.size = host, path, name, rate, size
        self.taken = []  # the numbers that were handed to the relay
        self.refused = []
        self.times = []  # when each was sent, and when its receipt came
        self.over = threading.Event()
        self.start()

    def run(self):
        from wire import OK, PUSH, Peer, command
        number, begin = 0, time.monotonic()
        with Peer(self.host.bus) as peer:
            peer.hello()
            while not self.over.is_set():
                sent = time.monotonic()
                text = f"{self.name} {number} ".ljust(self.size, "x")
                reply = peer.ask(command(PUSH, text, key=self.path))
                self.times.append((sent, time.monotonic()))
                (self.taken if reply.status == OK and reply.relayed else self.refused).append(number)
                number += 1
                time.sleep(max(0, begin + number / self.rate - time.monotonic()))

    def stop(self):
        self.over.set()
        self.join()
        return self

    def answered_between(self, begin, end):
        """How many were both sent and answered in that time."""
        return sum(begin <= sent and answered <= end for sent, answered in self.times)


def account(listener, talkers):
    """What one client missed of each talker; that nothing came twice or in the wrong order is asserted."""
    lost = {}
    for talker in talkers:
        numbers = [int(message.split(" ")[1]) for message in listener.messages()
                   if message.startswith(talker.name + " ")]
        assert len(numbers) == len(set(numbers)), f"{talker.name}: something came twice"
        assert numbers == sorted(numbers), f"{talker.name}: wrong order"
        lost[talker.name] = sorted(set(talker.taken) - set(numbers))
    return lost
