"""Pushes to browsers from any program in Python, with nothing but its standard library.

    import tina4

    tina4.push_to_websocket("/ws/orders/7", json.dumps({"type": "shipped"}))

It speaks to the sidecar's admin listener, which the environment names: TINA4_ADMIN,
host:port (127.0.0.1:7147) or unix:/path, and TINA4_ADMIN_TOKEN. tina4-languages(7)
is its manual.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import time
from typing import Any, Optional, Union
from urllib.parse import quote

__all__ = ["PushFailed", "push_to_websocket"]

MAX_ANSWER = 65536


class PushFailed(Exception):
    """A push that the sidecar refused, or did not answer.

    status is as tina4-sidecar(8) has it, 404 when no route matches, and 0 when there
    was no answer: then it may have been sent, and id is to try again with.
    """

    def __init__(self, why: str, status: int, id: str) -> None:
        super().__init__(why)
        self.status = status
        self.id = id


class _Connection(http.client.HTTPConnection):
    """A connection to host:port or unix:/path, whose time is over at a deadline."""

    def __init__(self, address: str, deadline: float) -> None:
        super().__init__("localhost")
        self._address = address
        self._deadline = deadline

    def connect(self) -> None:
        left = max(0.001, self._deadline - time.monotonic())
        if self._address.startswith("unix:"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(left)
            self.sock.connect(self._address[len("unix:"):])
        else:
            host, _, port = self._address.rpartition(":")
            self.sock = socket.create_connection((host.strip("[]"), int(port)), left)


def _exchange(address: str, target: str, body: bytes, headers: dict[str, str], deadline: float) -> tuple[int, bytes]:
    connection = _Connection(address, deadline)
    try:
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        text = b""
        while len(text) <= MAX_ANSWER and (piece := answer.read1(MAX_ANSWER)):
            text += piece
            if time.monotonic() > deadline:
                raise TimeoutError("no answer in time")
        if len(text) > MAX_ANSWER:
            raise ValueError("it does not stop answering: it is no sidecar")
        return answer.status, text
    finally:
        connection.close()


def push_to_websocket(path: str, data: Union[str, bytes], *, id: Optional[str] = None,
                      timeout: float = 5.0) -> dict[str, Any]:
    """Sends a str as text, or bytes as binary data, to all connections on a path.

    The path is escaped here. id, 32 hexadecimal digits, is that of an earlier try. Returns
    the receipt, or raises PushFailed.
    """
    address = os.environ.get("TINA4_ADMIN") or "127.0.0.1:7147"
    id = secrets.token_hex(16) if id is None else id
    binary = not isinstance(data, str)
    headers = {
        "Authorization": f"Bearer {os.environ.get('TINA4_ADMIN_TOKEN', '')}",
        "Connection": "close",
        "Content-Type": "application/octet-stream" if binary else "text/plain",
    }
    try:
        status, text = _exchange(address, f"/push{quote(path)}?id={quote(id)}", bytes(data) if binary else data.encode(),
                                 headers, time.monotonic() + timeout)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise PushFailed(f"no answer from {address}: {error}", 0, id) from error
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise PushFailed(f"{address} is no sidecar", 0, id)
    if status != 200:
        raise PushFailed(answer.get("error") or f"{address} answered {status}", status, id)
    return answer
