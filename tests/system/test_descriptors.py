"""The file limit: who opens many connections costs nobody the sidecar."""

import contextlib
import errno
import socket

from client import UPGRADE, http
from stack import eventually
from wire import Peer

FILES = 500
MANY = 450


def make(make_stack):
    stack = make_stack(ws_routes="/feed")
    stack.sidecar.argv = ["bash", "-c", f'ulimit -n {FILES} && exec "$@"', "bash", *stack.sidecar.argv]
    return stack.start("sidecar")


def connections(n, family, address, words=b""):
    """As many as there can be; whoever is refused does not matter."""
    found = []
    for _ in range(n):
        conn = socket.socket(family)
        conn.settimeout(1)
        with contextlib.suppress(OSError):
            # A unix socket does not wait for room in the backlog.
            eventually(lambda: conn.connect_ex(address) != errno.EAGAIN, "there is room in the backlog")
            conn.send(words)
        found.append(conn)
    return found


def push(stack):
    with Peer(stack.bus) as peer:
        return peer.hello().push("/feed", "x").connections


def test_idle_connections_and_half_handshakes_leave_room(make_stack):
    stack = make(make_stack)
    head = "GET /feed HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
    address = ("127.0.0.1", stack.port)
    client = stack.ws("/feed", direct=True)
    crowd = connections(MANY, socket.AF_INET, address) + connections(MANY, socket.AF_INET, address, head.encode())
    assert push(stack) == 1
    assert client.receive() == "x"
    assert http(stack.admin, "GET", "/healthz").status == 200
    for conn in crowd:
        conn.close()
    eventually(lambda: stack.handshake("/feed").status == 101, "then there is room for others")


def test_a_crowd_on_the_bus_leaves_room(make_stack):
    stack = make(make_stack)
    path = stack.bus.removeprefix("ipc://")
    client = stack.ws("/feed", direct=True)
    with Peer(stack.bus) as peer:
        peer.hello()
        crowd = connections(2 * FILES, socket.AF_UNIX, path)
        assert peer.push("/feed", "x").connections == 1
        assert client.receive() == "x"
        assert http(stack.admin, "GET", "/healthz").status == 200
        for conn in crowd:
            conn.close()
    eventually(lambda: stack.handshake("/feed").status == 101, "then there is room for clients")
    assert push(stack) == 1
