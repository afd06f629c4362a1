"""A web server's side of FastCGI, one byte or record at a time."""

import socket
import struct

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6
GET_VALUES, GET_VALUES_RESULT = 9, 10
RESPONDER, KEEP = 1, 1


def record(kind, content=b"", request=1, padding=0):
    return struct.pack("!BBHHBx", 1, kind, request, len(content), padding) + content + bytes(padding)


def pair(name, value):
    def length(n):
        return bytes([n]) if n < 128 else struct.pack("!I", n | 1 << 31)

    name, value = name.encode(), value.encode()
    return length(len(name)) + length(len(value)) + name + value


def request(path, method="GET", body=b"", keep=True, **params):
    params = {"REQUEST_METHOD": method, "REQUEST_URI": path, "QUERY_STRING": path.partition("?")[2],
              "REMOTE_ADDR": "127.0.0.1",
              "CONTENT_LENGTH": str(len(body)) if body else "", **params}
    content = b"".join(pair(name, value) for name, value in params.items())
    return (record(BEGIN, struct.pack("!HB5x", RESPONDER, KEEP if keep else 0)) + record(PARAMS, content) +
            record(PARAMS) + (record(STDIN, body) if body else b"") + record(STDIN))


class Connection:
    """To an app. What it says is taken apart into records."""

    def __init__(self, path, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))

    def send(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()

    def _read(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def record(self):
        """The next one: kind and content."""
        _, kind, _, length, padding = struct.unpack("!BBHHBx", self._read(8))
        content = self._read(length)
        self._read(padding)
        return kind, content

    def answer(self):
        """Of a request: head and body."""
        out = b""
        while True:
            kind, content = self.record()
            if kind == STDOUT:
                out += content
            if kind == END:
                head, _, body = out.partition(b"\r\n\r\n")
                return head.decode(), body
