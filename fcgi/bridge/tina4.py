"""WebSocket handlers and pushes in Python, with nothing but its standard library.

    import tina4

    @tina4.websocket("/ws/echo")
    def echo(connection, event, data):
        if event == "message":
            connection.send(f"Echo: {data}")

    tina4.run()

`tina4 worker --exec "python3 echo.py"` runs it. A push works in any program:

    tina4.push_to_websocket("/ws/orders/7", json.dumps({"type": "shipped"}))

It speaks to the sidecar's admin listener, which the environment names: TINA4_ADMIN,
host:port (127.0.0.1:7147) or unix:/path, and TINA4_ADMIN_TOKEN. tina4-languages(7)
is its manual.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import socket
import sys
import time
import traceback
from typing import Any, BinaryIO, Callable, Optional, Union
from urllib.parse import quote

__all__ = ["Connection", "PushFailed", "push_only", "push_to_websocket", "run", "websocket"]

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
    the receipt, or raises PushFailed. In a WebSocket handler it joins what the handler
    sends, waits for nothing, and the receipt is empty.
    """
    if _running is not None:
        _running.push(path, data)
        return {}
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


# --- handlers ------------------------------------------------------------------------------

Message = Union[str, bytes]


def _message(data: Message) -> dict[str, Any]:
    """A text with a NUL is said in base64, as tina4-handler(7) wants it."""
    if isinstance(data, str) and "\0" not in data:
        return {"text": data}
    raw = data.encode() if isinstance(data, str) else bytes(data)
    return {"base64": base64.b64encode(raw).decode(), "binary": not isinstance(data, str)}


class Connection:
    """A WebSocket connection, as the handler of one of its events sees it.

    id, path, route, ip, params, headers (names in lower case), cookies, protocol, the first of the
    route's subprotocols that it offered, user_id, whose it is or None, and user, the claims of its
    token or None, are the connection's; count, event_id, attempt, close_code and asks, which is true for a request, the
    event's.
    """

    def __init__(self, event: dict[str, Any]) -> None:
        self.id: str = event["connection"]
        self.path: str = event["path"]
        self.route: str = event["route"]
        self.ip: str = event["ip"]
        self.params: dict[str, Union[str, int, float]] = event["params"]
        self.headers: dict[str, str] = event["headers"]
        self.cookies: dict[str, str] = event["cookies"]
        self.protocol: Optional[str] = event.get("protocol")
        self.user_id: Optional[str] = event.get("user_id")
        self.user: Optional[dict[str, Any]] = event["user"]
        self.count: int = event["count"]
        self.event_id: str = event["id"]
        self.attempt: int = event["attempt"]
        self.close_code: int = event.get("code", 0)
        self.asks: bool = event.get("asks", False)
        self._attributes: dict[str, Optional[str]] = event["attributes"]
        self._commands: list[dict[str, Any]] = []

    def send(self, data: Message) -> None:
        """To this client: a str is text, bytes are binary."""
        self._command("send", **_message(data))

    def reply(self, data: Message) -> None:
        """The answer to a request, whose client waits for it: see asks."""
        self._command("reply", **_message(data))

    def broadcast(self, data: Message, exclude_sender: bool = False, transient: bool = False) -> None:
        """To all on its path, or to all others; what is transient is not kept."""
        self._command("broadcast", exclude_sender=exclude_sender, transient=transient, **_message(data))

    def replay(self, max: int) -> None:
        """The last messages that are kept of its path, to this client: when it opens, before anything newer."""
        self._command("replay", max=max)

    def present(self, data: Optional[dict[str, Any]]) -> None:
        """What the others on its path may see of it, at most 4 KiB of JSON: it is a member from then on; None: no more."""
        self._command("present", data=data)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Ends it, with a code of RFC 6455 section 7.4 and a reason of at most 123 bytes."""
        self._command("close", code=code, reason=reason)

    def set(self, name: str, value: Optional[str]) -> None:
        """Remembers something of it, whichever process handles its next event; None forgets it."""
        self._command("set", name=name, value=value)
        self._attributes[name] = value

    def get(self, name: str) -> Optional[str]:
        return self._attributes.get(name)

    def push(self, path: str, data: Message) -> None:
        """To all on another path."""
        self._command("push", path=path, **_message(data))

    def send_to(self, id: str, data: Message) -> None:
        """To another connection, by its id."""
        self._command("send_to", connection=id, **_message(data))

    def disconnect(self, id: str, code: int = 1000, reason: str = "") -> None:
        """Ends another connection."""
        self._command("disconnect", connection=id, code=code, reason=reason)

    def close_path(self, path: str, code: int = 1000, reason: str = "") -> None:
        """Ends all connections on a path."""
        self._command("close_path", path=path, code=code, reason=reason)

    def set_user(self, user: Optional[str]) -> None:
        """Makes it that user's, as of his session say; None makes it nobody's."""
        self._command("user", user=user)
        self.user_id = user

    def push_to_user(self, user: str, data: Message) -> None:
        """To all connections of a user."""
        self._command("push_user", user=user, **_message(data))

    def close_user(self, user: str, code: int = 1000, reason: str = "") -> None:
        """Ends all connections of a user."""
        self._command("close_user", user=user, code=code, reason=reason)

    def _command(self, command: str, /, **members: Any) -> None:
        self._commands.append({"command": command, **members})


Handler = Callable[[Connection, str, Optional[Message]], Any]

_routes: dict[str, dict[str, Any]] = {}
_handlers: dict[str, Handler] = {}
_running: Optional[Connection] = None


def websocket(route: str, *, secure: bool = False, history: int = 0, history_seconds: int = 0,
              protocols: str = "") -> Callable[[Handler], Handler]:
    """Declares a WebSocket route. Its handler gets the connection, "open", "message" or "close", and the message.

    history is how many of the last messages are kept of each path, and history_seconds how long.
    protocols are the subprotocols that it speaks, between blanks or commas.
    """
    if route in _routes:
        raise ValueError(f"the route {route} is declared twice")

    def declare(handler: Handler) -> Handler:
        _routes[route] = {"route": route, "secure": secure, "history": history, "history_seconds": history_seconds,
                          "protocols": protocols}
        _handlers[route] = handler
        return handler

    return declare


def push_only(route: str, *, secure: bool = False, history: int = 0, history_seconds: int = 0,
              protocols: str = "") -> None:
    """Declares a WebSocket route where nobody but pushes is heard."""
    if route in _routes:
        raise ValueError(f"the route {route} is declared twice")
    _routes[route] = {"route": route, "secure": secure, "push_only": True, "history": history,
                      "history_seconds": history_seconds, "protocols": protocols}


def _data(event: dict[str, Any]) -> Optional[Message]:
    if "base64" not in event:
        return event.get("text")
    raw = base64.b64decode(event["base64"])
    return raw if event["binary"] else raw.decode()


def _handle(event: dict[str, Any]) -> list[dict[str, Any]]:
    global _running
    _running = Connection(event)
    try:
        _handlers[event["route"]](_running, event["event"], _data(event))
        return _running._commands
    finally:
        _running = None


def _answer(event: dict[str, Any]) -> dict[str, Any]:
    if event["event"] == "routes":
        return {"routes": list(_routes.values())}
    try:
        return {"id": event["id"], "commands": _handle(event)}
    except Exception as error:
        traceback.print_exc()
        return {"id": event["id"], "fail": f"{type(error).__name__}: {error}"}


def _serve(lines: BinaryIO, answers: BinaryIO) -> None:
    for line in iter(lines.readline, b""):
        answers.write(json.dumps(_answer(json.loads(line))).encode() + b"\n")
        answers.flush()


def run() -> None:
    """Answers tina4 worker until that has no more. What is printed meanwhile goes to standard error."""
    if os.environ.get("TINA4_HANDLER") != "lines":
        sys.exit('this program has WebSocket handlers: run it with tina4 worker --exec "python3 ..."')
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # also what programs print that a handler starts
        _serve(sys.stdin.buffer, answers)
