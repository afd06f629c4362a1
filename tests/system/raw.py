"""Requests whose every byte is the test's own, and what must come back."""

import contextlib
import fcntl
import json
import os
import socket
import struct
import termios
import time

from client import TIMEOUT, UPGRADE, http
from stack import eventually

PATH = "/ws/script/gate"
KEY = b"\x01\x02\x03\x04"


def head(line=f"GET {PATH} HTTP/1.1", first=(), last=(), **changes):
    """An upgrade request with lines in front and behind, and fields changed, or left out with None: Host=None."""
    fields = {"Host": "localhost", **UPGRADE}
    for name, value in changes.items():
        fields[name.replace("_", "-")] = value
    lines = [line, *first, *(f"{name}: {value}" for name, value in fields.items() if value is not None), *last]
    return b"".join((item if isinstance(item, bytes) else item.encode("latin-1")) + b"\r\n" for item in [*lines, ""])


def frame(data, opcode=1, first=0x80, mask=KEY):
    """One frame of a client's; first is the FIN bit, and the RSV bits if there are some."""
    data = data.encode() if isinstance(data, str) else data
    bit = 0x80 if mask else 0
    if len(data) < 126:
        length = struct.pack("!B", bit | len(data))
    elif len(data) < 65536:
        length = struct.pack("!BH", bit | 126, len(data))
    else:
        length = struct.pack("!BQ", bit | 127, len(data))
    body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)) if mask else data
    return bytes([first | opcode]) + length + (mask or b"") + body


# HTTP/2: RFC 9113 section 3.4.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def http2(kind, flags, stream, payload):
    """A frame: RFC 9113 section 4.1."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(name, value):
    """A field as HPACK has it without Huffman's code: RFC 7541 section 6.2.2."""
    name = bytes([name]) if isinstance(name, int) else b"\0" + bytes([len(name)]) + name
    return name + bytes([len(value)]) + value


EXTENDED_CONNECT = (literal(2, b"CONNECT") + literal(b":protocol", b"websocket") + b"\x86" +
                    literal(4, PATH.encode()) + literal(1, b"localhost") + literal(b"sec-websocket-version", b"13"))


def split_frame(data):
    """First byte, payload, and what is behind a server's frame; None when it is not whole."""
    if len(data) < 2:
        return None
    assert not data[1] & 0x80, "servers do not mask"
    at, size = {126: (4, "!H"), 127: (10, "!Q")}.get(data[1], (2, None))
    if len(data) < at:
        return None
    length = struct.unpack(size, data[2:at])[0] if size else data[1]
    return None if len(data) < at + length else (data[0], bytes(data[at:at + length]), data[at + length:])


class Answer:
    def __init__(self, data):
        self.head, _, self.body = data.partition(b"\r\n\r\n")
        line, *fields = self.head.decode("latin-1").split("\r\n")
        self.version, status, _ = line.split(" ", 2)
        assert self.version in ("HTTP/1.1", "HTTP/1.0"), line
        self.status = int(status)
        self.headers = {}
        for name, value in (field.split(":", 1) for field in fields):
            assert name.lower() not in self.headers, f"{name} comes twice"
            self.headers[name.lower()] = value.strip()

    @property
    def json(self):
        return json.loads(self.body)


class Raw:
    """A connection on which nothing is sent or read but what the test says."""

    def __init__(self, address, source="127.0.0.1"):
        if isinstance(address, int):
            self.sock = socket.create_connection(("127.0.0.1", address), TIMEOUT, source_address=(source, 0))
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(TIMEOUT)
            self.sock.connect(str(address))
        self.got = b""
        self.ended = None  # how: "" for an orderly end

    def send(self, *pieces):
        """Who has been refused in the middle may have left: then the answer tells."""
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                self.sock.sendall(piece)
        return self

    def send_apart(self, *pieces):
        """On a unix socket: sends a piece when the one before has been read."""
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                self.sock.sendall(piece)
                eventually(lambda: not self._unread(), "it was read")
        return self

    def _unread(self):
        return struct.unpack("i", fcntl.ioctl(self.sock, termios.TIOCOUTQ, b"\0" * 4))[0]

    def _more(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionError as error:
            data, self.ended = b"", str(error)
        else:
            if not data:
                self.ended = ""
        self.got += data
        return bool(data)

    def _reach(self, n):
        while len(self.got) < n:
            assert self._more(), f"the connection ended ({self.ended or 'EOF'}) after {self.got[-200:]!r}"

    def _take(self, n):
        self._reach(n)
        taken, self.got = self.got[:n], self.got[n:]
        return taken

    def answer(self, method="GET"):
        """The next HTTP answer, which must come whole."""
        while b"\r\n\r\n" not in self.got:
            assert self._more(), f"the connection ended ({self.ended or 'EOF'}) with no answer but {self.got!r}"
        answer = Answer(self._take(self.got.index(b"\r\n\r\n") + 4))
        if answer.status != 101 and method != "HEAD":
            answer.body = self._take(int(answer.headers.get("content-length", 0)))
        return answer

    def frame(self):
        """The first byte and the payload of the next frame of a server's that is no ping: those may come at any time."""
        while True:
            while (found := split_frame(self.got)) is None:
                self._reach(len(self.got) + 1)
            first, data, self.got = found
            if first != 0x89:
                return first, data

    def closed(self):
        """The code of the close frame, which must be the next frame but for pings and pongs."""
        while True:
            first, data = self.frame()
            if first == 0x88:
                return struct.unpack("!H", data[:2])[0] if data else 1005
            assert first == 0x8a, f"got {first:#x} {data!r}, not a close"

    def rest(self):
        """Everything until the connection ends."""
        while self._more():
            pass
        return self.got

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


# --- what must be true afterwards -------------------------------------------------------


def figures(stack):
    """The sidecar's metrics by name with labels."""
    answer = http(stack.admin, "GET", "/metrics")
    assert answer.status == 200
    return {name: float(value) for name, value in
            (line.rsplit(" ", 1) for line in answer.body.decode().splitlines() if line[0] != "#")}


def refusals(stack):
    """How many requests at the WebSocket listeners got neither a WebSocket nor an event stream."""
    return sum(n for name, n in figures(stack).items()
               if name.startswith("tina4_upgrades_total") and '"101"' not in name and '"200"' not in name)


def is_refusal(answer, status):
    """The answer of somebody who is not let in."""
    statuses = status if isinstance(status, tuple) else (status,)
    assert answer.status in statuses, f"{answer.status} {answer.body!r}, not {statuses}"
    assert answer.headers["content-type"] == "application/json"
    assert "close" in answer.headers["connection"].lower().replace(" ", "").split(",")
    assert answer.json["error"]


def refused(stack, status, *pieces, address=None, source="127.0.0.1"):
    """They are answered with that status, JSON and the end, nothing more, and counted once."""
    before = refusals(stack)
    with Raw(address or stack.port, source) as conn:
        answer = conn.send(*pieces).answer()
        is_refusal(answer, status)
        assert conn.rest() == b"" and conn.ended == "", conn.ended
    eventually(lambda: refusals(stack) == before + 1, "it is counted once", 2)
    return answer


def logged(stack, status):
    return sum("refused" in line and f"status={status}" in line for line in stack.sidecar.lines())


def refused_and_logged(stack, status, *pieces, **options):
    """The same, and it stands in the log, which has at most so many such lines a second."""
    before = logged(stack, status)

    def again():
        refused(stack, status, *pieces, **options)
        end = time.monotonic() + 0.1
        while logged(stack, status) == before and time.monotonic() < end:
            time.sleep(0.01)
        return logged(stack, status) > before

    eventually(again, "it is logged", 5)


def accepted(stack, *pieces, address=None, source="127.0.0.1"):
    """They become a WebSocket that works."""
    with Raw(address or stack.port, source) as conn:
        answer = conn.send(*pieces).answer()
        assert answer.status == 101, f"{answer.status} {answer.body!r}"
        # RFC 6455 section 1.3 has this key and its answer.
        assert answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert answer.headers["upgrade"].lower() == "websocket"
        assert answer.headers["connection"].lower() == "upgrade"
        conn.send(frame("send it works"))
        assert conn.frame() == (0x81, b"it works")
    return answer


def asked(stack, order, *pieces, address=None, source="127.0.0.1"):
    """What a handler says to one who came so."""
    with Raw(address or stack.port, source) as conn:
        answer = conn.send(*pieces).answer()
        assert answer.status == 101, f"{answer.status} {answer.body!r}"
        return conn.send(frame(order)).frame()[1].decode()


def alive(stack):
    return stack.sidecar.popen.poll() is None and os.path.exists(f"/proc/{stack.sidecar.pid}")
