"""Those who come and say nothing, or half of it: they cost themselves a connection, and nobody else one."""

import contextlib
import os
import resource
import time
from collections import Counter

import pytest

from client import http
from raw import PATH, Answer, Raw, accepted, figures, frame, head, is_refusal
from stack import eventually

MANY = 600
PATIENCE = 15  # seconds after which who says nothing must have heard something
HALF = head()[:60]
H2C = head(Upgrade="h2c", Connection="Upgrade, HTTP2-Settings", HTTP2_Settings="AA")
KINDS = {
    "nothing": b"", "half a head": HALF, "half a line": b"GE", "an empty line": b"\r\n", "all but the end": head()[:-1],
    "h2c": H2C, "CONNECT": b"CONNECT /ws/echo HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a raw mode": head(last=["Connect x"]),
}


@pytest.fixture(autouse=True)
def enough_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4 * MANY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))


@contextlib.contextmanager
def crowd(n, address, data, source="127.0.0.1"):
    conns = []
    try:
        for i in range(n):
            conns.append(Raw(address, source if isinstance(source, str) else source(i)))
            conns[-1].send(data)
        yield conns
    finally:
        for conn in conns:
            conn.sock.close()


def descriptors(stack):
    return len(os.listdir(f"/proc/{stack.sidecar.pid}/fd"))


def ends(conns, may_be_silent=False):
    """How each of them ended, by status; all in one time."""
    statuses = Counter()
    deadline = time.monotonic() + PATIENCE
    for conn in conns:
        conn.sock.settimeout(max(0.1, deadline - time.monotonic()))
        conn.rest()
        if may_be_silent and conn.got == b"":
            statuses["nothing"] += 1
        else:
            assert conn.got, f"an end without an answer ({conn.ended or 'EOF'}), after {dict(statuses)}"
            answer = Answer(conn.got)
            is_refusal(answer, answer.status)
            statuses[answer.status] += 1
    return statuses


@pytest.mark.parametrize("way", ["tcp", "unix"])
@pytest.mark.parametrize("kind", KINDS)
def test_who_says_nothing_keeps_nobody_out(make_stack, kind, way):
    stack = make_stack().start("sidecar", "worker")
    address = stack.port if way == "tcp" else stack.dir / "ws.sock"
    with stack.ws(PATH, direct=True) as bystander, crowd(MANY, address, KINDS[kind]):
        begin = time.monotonic()
        for _ in range(10):
            accepted(stack, head(), address=address, source="127.0.0.2")
            assert http(stack.admin, "GET", "/healthz").status == 200
            assert figures(stack)["tina4_connections"] >= 1
        assert time.monotonic() - begin < 3, "none of these waited for a deadline"
        assert bystander.ask("send here") == "here"


def test_nor_does_one_address_from_which_all_come(make_stack):
    """An office has one, and one of its machines may be ill."""
    stack = make_stack().start("sidecar", "worker")
    with crowd(MANY, stack.port, HALF):
        for _ in range(10):
            accepted(stack, head(), source="127.0.0.1")


def test_all_of_them_hear_why(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with crowd(MANY, stack.port, HALF) as conns:
        statuses = ends(conns)
    assert sum(statuses.values()) == MANY and set(statuses) <= {408, 429, 503} and statuses[408] > 0
    eventually(lambda: sum(n for name, n in figures(stack).items() if name.startswith("tina4_upgrades_total")) == MANY,
               "each of them is counted")
    accepted(stack, head())


def test_who_has_said_nothing_at_all_may_hear_nothing(make_stack):
    """As browsers do that open a connection before they know what for."""
    stack = make_stack().start("sidecar", "worker")
    with crowd(20, stack.port, b"") as conns:
        assert set(ends(conns, may_be_silent=True)) <= {"nothing", 408}


def test_the_oldest_makes_room(make_stack):
    """From many addresses, each with few; so it is the sidecar's own limit that they meet."""
    stack = make_stack().start("sidecar", "worker")
    with crowd(2000, stack.port, HALF, source=lambda i: f"127.0.{1 + i // 200}.{1 + i // 4 % 50}") as conns:
        conns[-1].send(head()[len(HALF):])
        assert conns[-1].answer().status == 101
        is_refusal(conns[0].answer(), (408, 429, 503))
        accepted(stack, head(), source="127.0.0.2")


def test_who_was_refused_and_stays_has_no_room_of_its_own(make_stack):
    """Its answer is out, and its socket is open until it closes too."""
    stack = make_stack().start("sidecar", "worker")
    open_before = descriptors(stack)
    with crowd(1200, stack.port, b"what?\r\n\r\n", source=lambda i: f"127.0.{1 + i // 200}.{1 + i // 4 % 50}") as conns:
        is_refusal(conns[-1].answer(), 400)
        assert descriptors(stack) - open_before <= 512 + 64
        accepted(stack, head(), source="127.0.0.2")


def test_an_address_makes_room_for_itself_first(make_stack):
    """The slow head was the oldest of all."""
    stack = make_stack().start("sidecar", "worker")
    with Raw(stack.port, "127.0.0.2") as slow:
        slow.send(HALF)
        begin = time.monotonic()
        with crowd(MANY, stack.port, HALF, source="127.0.0.3"):
            slow.send(head()[len(HALF):])
            assert slow.answer().status == 101, f"after {time.monotonic() - begin:.1f} s"
            assert slow.send(frame("send here")).frame() == (0x81, b"here")


def test_the_admin_listener_has_room_of_its_own(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with crowd(MANY, stack.admin, b"GET /healthz HTTP/1.1\r\nHo"):
        begin = time.monotonic()
        for _ in range(10):
            assert http(stack.admin, "GET", "/healthz").status == 200
            accepted(stack, head())
        assert time.monotonic() - begin < 3


@pytest.mark.parametrize("listener", ["websocket", "admin"])
def test_half_a_head_is_408(make_stack, listener):
    stack = make_stack().start("sidecar", "worker")
    address = stack.port if listener == "websocket" else stack.admin
    begin = time.monotonic()
    conns = [Raw(address) for _ in range(6)]
    for conn, data in zip(conns, [b"G", HALF, head()[:-2], head()[:-1], b"\r\nGET ", head(X="x" * 5000)[:4000]]):
        conn.send(data)
    for conn in conns:
        is_refusal(conn.answer(), 408)
        assert conn.rest() == b"" and conn.ended == ""
        conn.sock.close()
    assert 1 < time.monotonic() - begin < PATIENCE


@pytest.mark.parametrize("listener", ["websocket", "admin"])
def test_a_head_that_drips_is_408(make_stack, listener):
    """The deadline is for the whole of it: bytes do not put it off."""
    stack = make_stack().start("sidecar", "worker")
    begin = time.monotonic()
    with Raw(stack.port if listener == "websocket" else stack.admin) as conn:
        conn.send(b"GET /healthz HTTP/1.1\r\nX: ")
        conn.sock.settimeout(0.3)
        while conn.ended is None and b"\r\n\r\n" not in conn.got and time.monotonic() < begin + PATIENCE:
            conn.send(b"x")
            with contextlib.suppress(TimeoutError):
                conn._more()
        is_refusal(conn.answer(), 408)
    assert time.monotonic() - begin < PATIENCE


def test_the_figures_come_back_to_what_they_were(make_stack):
    """Nothing of them is kept."""
    stack = make_stack(ws_max_connections=50).start("sidecar", "worker")
    for data in KINDS.values():
        with crowd(100, stack.port, data):
            pass
    for _ in range(45):
        accepted(stack, head())
    eventually(lambda: figures(stack)["tina4_connections"] == 0, "all have left")
