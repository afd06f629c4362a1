"""The language of the bus, as shared/wire.h has it, for peers written in Python."""

import os
import struct
import time
from dataclasses import dataclass, field

import zmq

VERSION = 1
HELLO, BATCH, HEARTBEAT, BYE, REQUEST = 1, 2, 3, 4, 5
WELCOME, EVENTS, REPLY, STALE, UNKNOWN, PROBE = 16, 17, 18, 19, 20, 21
WORKER, APP = 1, 2
ATTACH, OPEN, MESSAGE, CLOSE, DETACH = 0, 1, 2, 3, 4
SEND, BROADCAST, PUSH, DISCONNECT, SET, COUNT, STATS, REPLAY, HISTORY = range(1, 10)
USER, USER_PUSH, USER_CLOSE, USER_COUNT = range(10, 14)
CONNS, KICK = 14, 15
PRESENT, MEMBERS = 16, 17
BINARY, EXCLUDE_SENDER, OTHER_CONN, UNSET, TRANSIENT = 1, 2, 4, 8, 16
OK, MALFORMED, BAD_VERSION, NO_ROUTE, NO_CONN, TOO_LARGE, EXPIRED, INVALID, BUSY = range(9)


def header(kind, number=0, version=VERSION):
    return struct.pack("!BBHQ", version, kind, 0, number)


def blob(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack("!I", len(data)) + data


def hello(role, app, routes=()):
    return bytes([role]) + blob(app) + struct.pack("!H", len(routes)) + b"".join(
        bytes([flags]) + blob(pattern) for pattern, flags in routes)


def command(kind, data=b"", key=b"", flags=0, code=0, conn=None):
    fields = struct.pack("!BBH", kind, flags | (OTHER_CONN if conn else 0), code)
    return blob(fields + (conn or b"") + blob(key) + blob(data))


def request(cmd, ident=None, deadline_ms=None):
    if deadline_ms is None:
        deadline_ms = int(time.time() * 1000) + 10000
    return (ident or os.urandom(16)) + struct.pack("!Q", deadline_ms) + cmd


def conns_asked(max=0, cursor=b"", host=b"", user=b""):
    return struct.pack("!I", max) + blob(cursor) + blob(host) + blob(user)


def ask_conns(path=b"", **more):
    return command(CONNS, conns_asked(**more), key=path)


def record(event, commands=(), failed=False, attempt=None):
    return blob(event.conn + struct.pack("!QQHB", event.epoch, event.id,
                                         event.attempt if attempt is None else attempt, failed) + b"".join(commands))


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, form):
        values = struct.unpack_from("!" + form, self.data, self.at)
        self.at += struct.calcsize("!" + form)
        return values if len(values) > 1 else values[0]

    def blob(self):
        size = self.take("I")
        assert self.at + size <= len(self.data)
        self.at += size
        return self.data[self.at - size:self.at]

    def more(self):
        return self.at < len(self.data)

    def pairs(self):
        found = {}
        while self.more():
            name = self.blob().decode()
            found[name] = self.blob().decode()
        return found


@dataclass
class Event:
    kind: int
    flags: int
    attempt: int
    code: int
    conn: bytes
    epoch: int
    id: int
    count: int
    data: bytes
    meta: dict = field(default_factory=dict)
    attributes: dict = field(default_factory=dict)


def read_event(data):
    reader = Reader(data)
    event = Event(*reader.take("BBHH16sQQI"), reader.blob())
    if event.kind in (OPEN, ATTACH):
        meta = Reader(reader.blob())
        event.meta = {name: meta.blob().decode() for name in ("pattern", "path", "query", "ip", "claims", "user", "protocol")}
        event.meta["headers"] = meta.pairs()
        event.attributes = Reader(reader.blob()).pairs()
    return event


@dataclass
class Reply:
    status: int
    relayed: bool
    connections: int
    epoch: int
    offset: int
    text: bytes
    origin: int = 0
    number: int = 0


@dataclass
class Conns:
    host: str
    answered: bool
    cursor: bytes
    rows: list


def read_conns(text):
    reader = Reader(text)
    host, answered = reader.take("IB")
    page = Conns(f"{host:08x}", bool(answered), reader.blob(), [])
    while reader.more():
        row = Reader(reader.blob())
        conn, since_ms, queued, messages = row.take("16sQQQ")
        page.rows.append({"id": conn.hex(), "since_ms": since_ms, "queued": queued, "messages": messages,
                          **{name: row.blob().decode() for name in ("path", "user", "ip")}})
    return page


class Peer:
    """A DEALER on the sidecar's bus."""

    def __init__(self, endpoint, role=APP, app="pytest", routes=()):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.hello_body = hello(role, app, routes)
        self.number = 0
        self.epoch = None
        self.refused = []

    def close(self):
        self.context.destroy(linger=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, kind, body=b"", number=None):
        if number is None:
            self.number += 1
            number = self.number
        self.socket.send(header(kind, number) + body)
        return number

    def receive(self, timeout=10):
        """The next message but probes: its type, number and body."""
        deadline = time.monotonic() + timeout
        while True:
            if not self.socket.poll(max(0, (deadline - time.monotonic()) * 1000)):
                raise TimeoutError("nothing came over the bus")
            data = self.socket.recv()
            version, kind, _, number = struct.unpack_from("!BBHQ", data)
            assert version == VERSION
            if kind != PROBE:
                return kind, number, data[12:]

    def await_kind(self, wanted, timeout=10):
        while True:
            kind, number, body = self.receive(timeout)
            if kind == wanted:
                return number, body

    def hello(self):
        self.send(HELLO, self.hello_body)
        _, body = self.await_kind(WELCOME)
        reader = Reader(body)
        self.epoch, _, _, refused = reader.take("QIIH")
        self.refused = [reader.blob().decode() for _ in range(refused)]
        return self

    def reply(self, number=None):
        while True:
            got, body = self.await_kind(REPLY)
            if number in (None, got):
                reader = Reader(body)
                status, relayed, connections, epoch, offset = reader.take("BBIQQ")
                text = reader.blob()
                return Reply(status, bool(relayed), connections, epoch, offset, text, *reader.take("QQ"))

    def ask(self, cmd, ident=None, deadline_ms=None):
        return self.reply(self.send(REQUEST, request(cmd, ident, deadline_ms)))

    def push(self, path, data, flags=0, **more):
        return self.ask(command(PUSH, data, key=path, flags=flags), **more)

    def count(self, path):
        return self.ask(command(COUNT, key=path)).connections


class Worker(Peer):
    """A worker whose handlers are the test itself."""

    def __init__(self, endpoint, routes, app="pytest"):
        super().__init__(endpoint, WORKER, app, [(route, 0) for route in routes])
        self.waiting = []
        self.hello()

    def event(self, kind=None, timeout=10):
        """The next event; of this kind, when one is given."""
        while not self.waiting:
            _, body = self.await_kind(EVENTS, timeout)
            reader = Reader(body)
            while reader.more():
                self.waiting.append(read_event(reader.blob()))
        event = self.waiting.pop(0)
        assert kind is None or event.kind == kind, event
        return event

    def acknowledge(self, event, *commands, **more):
        self.send(BATCH, record(event, commands, **more))
