"""Memory has one bound, and what was held for clients goes back when they do."""

import re
import socket
import struct

import pytest
from websocket import WebSocketBadStatusException

from client import http
from stack import eventually
from wire import MESSAGE, OPEN, Peer, Worker

MIB = 1 << 20
LIMIT = 32 * MIB
# AddressSanitizer keeps what was freed, unless it is told not to.
SANITIZER = {"ASAN_OPTIONS": "quarantine_size_mb=1:allocator_release_to_os_interval_ms=100:detect_leaks=1"}
SMALL = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),)


def make(make_stack, **settings):
    stack = make_stack(ws_routes="/feed/{name}", ws_memory=LIMIT, ws_send_buffer=16384, **settings)
    stack.env.update(SANITIZER)
    return stack.start("sidecar")


def metric(stack, name, label=""):
    text = http(stack.admin, "GET", "/metrics").body.decode()
    return float(re.search(rf"^{name}{re.escape(label)} ([0-9.e+]+)$", text, re.M)[1])


def held(stack):
    return metric(stack, "tina4_memory_bytes")


def rss(stack):
    status = open(f"/proc/{stack.sidecar.pid}/status", encoding="ascii").read()
    return 1024 * int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def begin_message(client, size):
    """All but the last byte of a message, as a client sends it: masked, by zeroes."""
    client.raw(struct.pack("!BBQI", 0x82, 0xFF, size, 0) + b"x" * (size - 1))


def test_clients_that_never_read_share_a_bound(make_stack):
    stack = make(make_stack)
    before = rss(stack)
    clients = [stack.ws(f"/feed/{n}", direct=True, sockopt=SMALL) for n in range(40)]
    quiet = stack.ws("/feed/quiet", direct=True)
    with Peer(stack.bus) as peer:
        peer.hello()
        for _ in range(3):
            for n in range(40):  # 120 MiB in all
                peer.push(f"/feed/{n}", b"x" * (MIB - 100))
                if n % 8 == 0:
                    assert held(stack) <= LIMIT
        peer.push("/feed/quiet", "still here")
    assert quiet.receive() == "still here"
    assert metric(stack, "tina4_closes_total", '{reason="memory"}') > 0
    eventually(lambda: any("memory is scarce" in line for line in stack.sidecar.lines()), "the log says so")
    assert rss(stack) < before + 4 * LIMIT
    for client in clients:
        client.cut()
    eventually(lambda: held(stack) < MIB, "nothing is held for those who have gone")
    eventually(lambda: rss(stack) < before + LIMIT, "and the memory goes back to the system")


def test_unfinished_messages_share_it_too(make_stack):
    stack = make(make_stack)
    clients = [stack.ws(f"/feed/{n}", direct=True) for n in range(60)]
    quiet = stack.ws("/feed/quiet", direct=True)
    for client in clients:
        try:
            begin_message(client, MIB - 100)
        except OSError:
            pass  # this one has gone already
        assert held(stack) <= LIMIT
    eventually(lambda: metric(stack, "tina4_closes_total", '{reason="memory"}') > 0, "some had to go")
    with Peer(stack.bus) as peer:
        peer.hello().push("/feed/quiet", "still here")
    assert quiet.receive() == "still here"
    for client in clients:
        client.cut()
    eventually(lambda: held(stack) < MIB, "nothing is held for those who have gone")


def test_at_the_limit_nobody_new_comes_in(make_stack):
    stack = make(make_stack, worker_queue_bytes=4 * LIMIT)
    clients = []
    with Worker(stack.bus, ["/held/{name}"]) as worker:
        with pytest.raises(WebSocketBadStatusException) as refused:
            for n in range(40):
                clients.append(stack.ws(f"/held/{n}", direct=True))
                worker.acknowledge(worker.event(OPEN))
                clients[-1].send(b"x" * (MIB - 100))  # waits for its worker, which does not acknowledge it
                worker.event(MESSAGE)
        assert refused.value.status_code == 503
        assert LIMIT <= held(stack) < LIMIT + 3 * MIB
        clients[0].send("one more")
        assert clients[0].closed()[0] == 1013
