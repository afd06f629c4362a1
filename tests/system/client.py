"""Clients of the tests: a WebSocket as a browser has it, one that compresses, and plain HTTP."""

import json
import socket
import struct

import websocket
from websockets import frames
from websockets.client import ClientConnection
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.uri import parse_uri

TIMEOUT = 20  # seconds; only a failing test waits that long

# The library knows RFC 6455 only, not what the IANA registry has added.
websocket._abnf.VALID_CLOSE_STATUS += (1012, 1013, 1014)


class Client:
    """A WebSocket whose every surprise is an error."""

    def __init__(self, url, **options):
        options.setdefault("timeout", TIMEOUT)
        options.setdefault("suppress_origin", "origin" not in options)
        self.ws = websocket.create_connection(url, skip_utf8_validation=True, **options)

    @property
    def headers(self):
        return self.ws.getheaders()

    def send(self, message):
        if isinstance(message, str):
            self.ws.send(message)
        else:
            self.ws.send_binary(message)

    def send_json(self, value):
        self.send(json.dumps(value))

    def frame(self, opcode, data, fin=1):
        self.ws.send_frame(websocket.ABNF(fin, 0, 0, 0, opcode, 1, data))

    def raw(self, data):
        self.ws.sock.sendall(data)

    def receive(self):
        """The next message: str or bytes."""
        opcode, data = self.ws.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise AssertionError(f"closed with {close_status(data)}, not a message")
        return data.decode() if opcode == websocket.ABNF.OPCODE_TEXT else data

    def receive_json(self):
        return json.loads(self.receive())

    def receive_until(self, message):
        """All messages up to this one, which must come."""
        got = []
        while True:
            got.append(self.receive())
            if got[-1] == message:
                return got[:-1]

    def ask(self, message):
        self.send(message)
        return self.receive()

    def closed(self):
        """Code and reason; the close must be what comes next, and the end of the connection after it."""
        opcode, data = self.ws.recv_data()
        assert opcode == websocket.ABNF.OPCODE_CLOSE, f"got {data[:80]!r}, not a close"
        self.ws.sock.close()
        return close_status(data)

    def broken(self):
        """Reads on until the connection is cut without a close frame; returns the messages that came first."""
        got = []
        try:
            while True:
                got.append(self.receive())
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            return got

    def nothing_for(self, seconds):
        """For claims that have no other witness than time."""
        self.ws.settimeout(seconds)
        try:
            raise AssertionError(f"got {self.receive()!r}")
        except websocket.WebSocketTimeoutException:
            self.ws.settimeout(TIMEOUT)

    def close(self, code=1000, reason=b""):
        self.ws.close(code, reason)

    def cut(self):
        """Leaves without a word."""
        self.ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.ws.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.ws.sock:
            self.ws.sock.close()


class Compressing:
    """A WebSocket that offers permessage-deflate and insists on it, by another library."""

    def __init__(self, port, target, subprotocols=None):
        self.n_compressed = 0  # messages that came so
        self.got = []
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.conn = ClientConnection(parse_uri(f"ws://127.0.0.1:{port}{target}"), max_size=None,
                                     extensions=[ClientPerMessageDeflateFactory(client_max_window_bits=True)],
                                     subprotocols=subprotocols)
        self.conn.send_request(self.conn.connect())
        self._flush()
        self.response = self._next()
        assert self.response.status_code == 101, self.response
        [extension] = self.conn.extensions
        assert extension.remote_no_context_takeover and extension.local_no_context_takeover
        decode = extension.decode

        def count(frame, **options):
            self.n_compressed += frame.rsv1
            return decode(frame, **options)

        extension.decode = count

    def _flush(self):
        for data in self.conn.data_to_send():
            self.sock.sendall(data)

    def _next(self):
        """The next event, in the course of which pings are answered."""
        while not self.got:
            self.conn.receive_data(_receive(self.sock))
            self._flush()
            self.got += self.conn.events_received()
            if self.conn.parser_exc:
                raise self.conn.parser_exc
        return self.got.pop(0)

    def send(self, message):
        if isinstance(message, str):
            self.conn.send_text(message.encode())
        else:
            self.conn.send_binary(message)
        self._flush()

    def receive(self):
        """The next message: str or bytes."""
        while True:
            frame = self._next()
            assert frame.opcode is not frames.Opcode.CLOSE, f"closed with {close_status(frame.data)}, not a message"
            if frame.opcode in (frames.Opcode.TEXT, frames.Opcode.BINARY):
                assert frame.fin
                return frame.data.decode() if frame.opcode is frames.Opcode.TEXT else frame.data

    def ask(self, message):
        self.send(message)
        return self.receive()

    def closed(self):
        """Code and reason; the close must be the next but for pings."""
        while True:
            frame = self._next()
            if frame.opcode is frames.Opcode.CLOSE:
                return close_status(frame.data)
            assert frame.opcode is frames.Opcode.PING, f"got {frame}, not a close"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def close_status(data):
    if len(data) < 2:
        return 1005, ""
    return struct.unpack("!H", data[:2])[0], data[2:].decode()


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


def http(address, method="GET", target="/", headers=None, body=b"", source="127.0.0.1"):
    """One request; address is a port on this host or a unix socket's path. A list is a line for each value."""
    if isinstance(address, int):
        conn = socket.create_connection(("127.0.0.1", address), timeout=TIMEOUT, source_address=(source, 0))
    else:
        conn = socket.socket(socket.AF_UNIX)
        conn.settimeout(TIMEOUT)
        conn.connect(str(address))
    body = body.encode() if isinstance(body, str) else body
    lines = {"Host": "localhost", "Connection": "close", **(headers or {})}
    if body or method in ("POST", "PUT", "PATCH"):
        lines["Content-Length"] = str(len(body))
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, values in lines.items()
        for value in (values if isinstance(values, list) else [values]) if value is not None)
    with conn:
        conn.sendall(head.encode() + b"\r\n" + body)
        data = b""
        while b"\r\n\r\n" not in data:
            data += _receive(conn)
        head, rest = data.split(b"\r\n\r\n", 1)
        status = int(head.split()[1])
        got = {}
        for line in head.decode("latin-1").split("\r\n")[1:]:
            name, value = line.split(":", 1)
            got.setdefault(name.lower(), value.strip())
        if status == 101:
            return Answer(status, got, b"")
        length = int(got["content-length"]) if "content-length" in got and method != "HEAD" else None
        try:
            while length is None or len(rest) < length:
                rest += _receive(conn)
        except ConnectionError:
            assert length is None, "the answer was cut"
    if got.get("transfer-encoding") == "chunked":
        rest = _unchunk(rest)
    return Answer(status, got, rest)


def _receive(conn):
    data = conn.recv(65536)
    if not data:
        raise ConnectionError("closed")
    return data


def _unchunk(data):
    whole = b""
    while True:
        size, data = data.split(b"\r\n", 1)
        if int(size, 16) == 0:
            return whole
        whole += data[:int(size, 16)]
        data = data[int(size, 16) + 2:]


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def handshake(address, target, method="GET", **changes):
    """An upgrade request with headers changed, added, or with None left out: Sec_WebSocket_Key=None."""
    headers = dict(UPGRADE)
    for name, value in changes.items():
        headers[name.replace("_", "-")] = value
    return http(address, method, target, headers)
