"""The sidecar's bus, spoken by a program of another kind."""

import os
import random
import struct
import time

import pytest
import zmq

import wire
from stack import eventually
from wire import Peer, Worker, blob, command, header, hello, request


@pytest.fixture
def bus(lab):
    with Peer(lab.bus) as peer:
        yield peer.hello()


@pytest.fixture
def bystander(lab):
    """Whatever a test does, this client must not notice it."""
    with lab.ws("/ws/script/bystander", direct=True) as client:
        yield client
        assert client.ask("send undisturbed") == "undisturbed"


GOOD = request(command(wire.COUNT, key="/ws/watch/x"))
MALFORMED = {
    "one byte": b"\x01",
    "half a header": header(wire.HELLO)[:11],
    "no such type": header(99),
    "type 0": header(0),
    "down only": header(wire.WELCOME) + b"x",
    "probe": header(wire.PROBE),
    "hello without a body": header(wire.HELLO),
    "hello of no role": header(wire.HELLO) + b"\x09" + hello(wire.APP, "x")[1:],
    "hello without a name": header(wire.HELLO) + hello(wire.APP, ""),
    "hello with a long name": header(wire.HELLO) + b"\x02\xff\xff\xff\xff",
    "hello with too few routes": header(wire.HELLO) + hello(wire.APP, "x")[:-2] + b"\x00\x05",
    "hello with too many routes": header(wire.HELLO) + hello(wire.APP, "x")[:-2] + b"\xff\xff",
    "request without a body": header(wire.REQUEST),
    "request cut short": header(wire.REQUEST) + GOOD[:-1],
    "request without a command": header(wire.REQUEST) + GOOD[:24],
    "request of no type": header(wire.REQUEST) + request(command(77)),
    "request of type 0": header(wire.REQUEST) + request(command(0)),
    "request with a long blob": header(wire.REQUEST) + GOOD[:24] + b"\xff\xff\xff\xff" + GOOD[28:],
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_message_costs_its_sender_an_error(bus, bystander, message):
    bus.socket.send(message)
    reply = bus.reply()
    assert reply.status == wire.MALFORMED
    assert reply.text
    assert bus.ask(command(wire.COUNT, key="/ws/script/bystander")).status == wire.OK


def test_whoever_has_connected_is_asked_to_say_hello(bus, bystander):
    bus.socket.send(b"")
    bus.await_kind(wire.UNKNOWN)


def test_another_version_is_told_so(bus, bystander):
    bus.socket.send(header(wire.REQUEST, version=2) + GOOD)
    assert bus.reply().status == wire.BAD_VERSION


def test_a_message_of_two_frames_is_malformed(bus, bystander):
    bus.socket.send_multipart([header(wire.REQUEST), GOOD])
    assert bus.reply().status == wire.MALFORMED


def test_a_malformed_batch_applies_nothing_of_its_bad_record(make_stack):
    stack = make_stack(stop_seconds=1).start("sidecar")
    with Worker(stack.bus, ["/ws/fake/{id}"]) as worker:
        client = stack.ws("/ws/fake/1", direct=True)
        worker.acknowledge(worker.event(wire.OPEN))
        client.send("x")
        event = worker.event(wire.MESSAGE)
        good = wire.record(event, [command(wire.SEND, "a"), command(wire.SEND, "b")])
        for bad in (good[:-1], blob(good[4:-3]), blob(b""), blob(good[4:] + b"\x00")):
            worker.send(wire.BATCH, bad)
            assert worker.reply().status == wire.MALFORMED
        worker.send(wire.BATCH, good)
        assert [client.receive(), client.receive()] == ["a", "b"]


def test_an_unknown_worker_is_told_so(lab):
    with Peer(lab.bus, role=wire.WORKER) as stranger:
        stranger.send(wire.HEARTBEAT)
        stranger.await_kind(wire.UNKNOWN)
        stranger.send(wire.BATCH)
        stranger.await_kind(wire.UNKNOWN)


def test_noise_is_survived(lab, bystander):
    noise = random.Random(1)
    valid = [header(wire.HELLO) + hello(wire.APP, "noise", [("/ws/noise/{a}", 1)]), header(wire.REQUEST) + GOOD,
             header(wire.HEARTBEAT), header(wire.BATCH), header(wire.BYE)]
    with Peer(lab.bus) as peer:
        for _ in range(3000):
            message = bytearray(noise.choice(valid))
            for _ in range(noise.randrange(1, 6)):
                what = noise.randrange(3)
                at = noise.randrange(len(message)) if message else 0
                if what == 0 and message:
                    message[at] = noise.randrange(256)
                elif what == 1:
                    del message[at:at + noise.randrange(8)]
                else:
                    message[at:at] = noise.randbytes(noise.randrange(8))
            peer.socket.send(bytes(message))
        deadline = time.monotonic() + 20
        number = peer.send(wire.REQUEST, request(command(wire.STATS)), number=2 ** 63)
        while True:
            kind, got, _ = peer.receive()
            assert time.monotonic() < deadline
            if got == number and kind in (wire.REPLY, wire.UNKNOWN):
                break
    assert lab.admin_status("/healthz") == 200


def test_a_peer_that_never_reads_costs_no_one_else(lab, bystander):
    with Peer(lab.bus) as deaf:
        deaf.socket.setsockopt(zmq.RCVHWM, 1)
        for _ in range(20000):
            deaf.socket.send(header(wire.REQUEST) + GOOD)
        for _ in range(20):
            assert bystander.ask("send ok") == "ok"


# --- requests ------------------------------------------------------------------------

def test_push_and_its_receipt(lab, bus, room):
    path = f"/ws/watch/{room}"
    with lab.ws(path) as client:
        one, two = bus.push(path, "1"), bus.push(path, "2")
        assert (one.status, one.connections, one.relayed) == (wire.OK, 1, False)
        assert (one.epoch, one.offset + 1) == (two.epoch, two.offset)
        assert [client.receive(), client.receive()] == ["1", "2"]


def test_the_same_id_twice_is_applied_once(lab, bus, room):
    path, ident = f"/ws/watch/{room}", os.urandom(16)
    with lab.ws(path) as client, Peer(lab.bus) as other:
        first = bus.push(path, "once", ident=ident)
        assert bus.push(path, "once", ident=ident) == first
        # Also when it comes by another way.
        assert other.hello().push(path, "once", ident=ident) == first
        bus.push(path, "end")
        assert [client.receive(), client.receive()] == ["once", "end"]


def test_an_expired_push_is_not_applied(lab, bus, room):
    path = f"/ws/watch/{room}"
    with lab.ws(path) as client:
        past = int(time.time() * 1000) - 1000
        ident = os.urandom(16)
        assert bus.push(path, "late", ident=ident, deadline_ms=past).status == wire.EXPIRED
        assert bus.push(path, "retry", ident=ident).status == wire.OK
        assert client.receive() == "retry"


def test_a_deadline_too_far_away_is_invalid(bus):
    assert bus.push("/ws/watch/x", "x", deadline_ms=2 ** 62).status == wire.INVALID
    assert bus.push("/ws/watch/x", "x", deadline_ms=0).status == wire.EXPIRED


def test_what_makes_no_sense_is_refused(lab, bus, room):
    assert bus.push("/ws/nowhere", "x").status == wire.NO_ROUTE
    assert bus.push("", "x").status == wire.NO_ROUTE
    assert bus.ask(command(wire.SEND, "x", conn=os.urandom(16))).status == wire.NO_CONN
    assert bus.ask(command(wire.DISCONNECT, code=1000, conn=os.urandom(16))).status == wire.NO_CONN
    assert bus.ask(command(wire.SEND, "x")).status != wire.OK
    assert bus.ask(command(wire.BROADCAST, "x")).status != wire.OK
    assert bus.ask(command(wire.SET, "x", key="y")).status != wire.OK
    with lab.ws(f"/ws/watch/{room}") as client:
        assert bus.push(f"/ws/watch/{room}", "x" * (1048576 + 1)).status == wire.TOO_LARGE
        assert bus.push(f"/ws/watch/{room}", "end").status == wire.OK
        assert client.receive() == "end"


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535])
def test_a_close_code_that_no_server_sends_is_invalid(lab, bus, code):
    with lab.ws("/ws/script/codes", direct=True) as client:
        ident = bytes.fromhex(client.ask("tell id")[1:])
        assert bus.ask(command(wire.DISCONNECT, code=code, conn=ident)).status == wire.INVALID
        assert bus.ask(command(wire.DISCONNECT, "x" * 124, code=4000, conn=ident)).status == wire.INVALID
        assert client.ask("send here") == "here"


def test_text_that_is_no_utf8_reaches_no_browser(lab, bus, room):
    path = f"/ws/watch/{room}"
    with lab.ws(path) as client:
        assert bus.push(path, b"\xff\xfe").status == wire.INVALID
        assert bus.ask(command(wire.PUSH, b"\xff\xfe", key=path, flags=wire.BINARY)).status == wire.OK
        assert client.receive() == b"\xff\xfe"


def test_stats_are_numbers(lab):
    stats = lab.stats()
    for name in ("connections", "paths", "workers", "events_waiting"):
        assert name in stats


def test_a_name_in_the_stats_makes_no_second_line(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with Worker(stack.bus, [b"/ws/\xff"], app="x\nworkers=8"):
        assert stack.stats()["workers"] == 2


def test_the_socket_is_for_its_group_only(lab):
    assert os.stat(lab.dir / "bus").st_mode & 0o777 == 0o660


def test_a_second_sidecar_leaves_the_bus_alone(lab, make_stack):
    thief = make_stack()
    thief.env["TINA4_BUS"] = lab.bus
    thief.sidecar.start(wait=False)
    thief.sidecar.ended(1)
    assert "bus" in thief.sidecar.tail()
    assert lab.stats()["workers"] == 1


def test_apps_that_leave_are_forgotten(lab):
    before = lab.stats()["apps"]
    for _ in range(20):
        with Peer(lab.bus) as peer:
            peer.hello()
            peer.send(wire.BYE)
            assert peer.ask(command(wire.STATS)).status == wire.OK
    eventually(lambda: lab.stats()["apps"] <= before + 1, "those who said BYE are forgotten")
