"""Frames and messages, as RFC 6455 has them."""

import struct
import time

import pytest
from websocket import ABNF

from stack import eventually
from wire import Peer

PATH = "/ws/script/messages"
MIB = 1 << 20
KEY = b"\x01\x02\x03\x04"


def masked(data):
    return KEY + bytes(byte ^ KEY[i % 4] for i, byte in enumerate(data))


@pytest.fixture
def client(lab):
    with lab.ws(PATH, direct=True) as client:
        yield client


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "nginx"])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 300000, MIB - 6])
def test_sizes_up_to_the_limit(demo, direct, size):
    message = "m" * size
    with demo.ws("/ws/echo", direct=direct) as client:
        assert client.ask(message) == "Echo: " + message


def test_a_message_does_not_wait_for_the_acknowledgement_of_the_one_before(lab, room):
    """Of TCP (Nagle's algorithm), which takes 40 ms where the client has nothing to say."""
    times = []
    with lab.ws(f"/ws/script/{room}", direct=True) as client, Peer(lab.bus) as peer:
        peer.hello()
        for _ in range(20):
            assert client.ask("send one") == "one"
            begin = time.monotonic()
            peer.push(f"/ws/script/{room}", "two")
            assert client.receive() == "two"
            times.append(time.monotonic() - begin)
    assert sorted(times)[5] < 0.03


def test_one_mebibyte_passes_and_more_is_1009(demo):
    with demo.ws("/ws/fan", direct=True) as client:
        message = b"\x80" * MIB
        assert client.ask(message) == message
        client.send(message + b"x")
        assert client.closed()[0] == 1009


def test_the_announced_length_is_enough_for_1009(client):
    client.raw(b"\x82\xff" + struct.pack("!Q", MIB + 1) + KEY + b"x")
    assert client.closed()[0] == 1009


def huge(length):
    return b"\x82\xff" + struct.pack("!Q", length) + KEY + b"x"


def test_the_largest_length_is_1009(client):
    client.raw(huge((1 << 63) - 1))
    assert client.closed()[0] == 1009


@pytest.mark.parametrize("length", [1 << 63, (1 << 64) - 14, (1 << 64) - 1])
def test_a_length_past_that_ends_the_connection(lab, client, length):
    """Added to what is there it would be small, or nothing at all."""
    with lab.ws(PATH, direct=True) as bystander:
        client.raw(huge(length))
        assert client.broken() == []
        assert bystander.ask("send here") == "here"


def test_fragments_count_together(client):
    client.frame(ABNF.OPCODE_BINARY, b"x" * (MIB - 10), fin=0)
    client.frame(ABNF.OPCODE_CONT, b"x" * 11, fin=1)
    assert client.closed()[0] == 1009


def test_fragments_become_one_message(client):
    client.frame(ABNF.OPCODE_TEXT, b"send gr\xc3", fin=0)
    client.frame(ABNF.OPCODE_CONT, b"\xbc", fin=0)
    client.frame(ABNF.OPCODE_PING, b"between")
    client.frame(ABNF.OPCODE_CONT, b"\xc3\x9fe", fin=1)
    assert client.receive() == "grüße"


def test_a_ping_is_answered(client):
    client.frame(ABNF.OPCODE_PING, b"payload")
    assert client.ws.recv_data(control_frame=True) == (ABNF.OPCODE_PONG, b"payload")


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"ok \x80"])
def test_text_that_is_no_utf8_is_1007(client, bad):
    client.frame(ABNF.OPCODE_TEXT, bad)
    assert client.closed()[0] == 1007


def test_fragments_are_checked_together(client):
    client.frame(ABNF.OPCODE_TEXT, b"ok \xc3", fin=0)
    client.frame(ABNF.OPCODE_CONT, b"\xff", fin=1)
    assert client.closed()[0] == 1007


def test_a_reason_that_is_no_utf8_ends_the_connection(lab, client):
    with lab.ws(PATH, direct=True) as bystander:
        client.frame(ABNF.OPCODE_CLOSE, struct.pack("!H", 4000) + b"\xff")
        assert client.closed()[0] == 1007
        assert bystander.ask("send here") == "here"


@pytest.mark.parametrize("frame", [
    b"\xc1\x80" + KEY,  # a reserved bit
    b"\x83\x80" + KEY,  # a reserved opcode
    b"\x80\x80" + KEY,  # a continuation of nothing
    b"\x09\x80" + KEY,  # a ping in fragments
], ids=["rsv", "opcode", "continuation", "fragmented-ping"])
def test_what_breaks_the_protocol_is_1002(lab, client, frame):
    with lab.ws(PATH, direct=True) as bystander:
        client.raw(frame)
        assert client.closed()[0] == 1002
        assert bystander.ask("send here") == "here"


def test_a_long_ping_ends_the_connection(lab, client):
    with lab.ws(PATH, direct=True) as bystander:
        client.raw(b"\x89\xfe\x00\x7e" + masked(b"p" * 126))
        assert client.broken() == []
        assert bystander.ask("send here") == "here"


def test_close_is_answered_with_its_code(client):
    client.frame(ABNF.OPCODE_CLOSE, struct.pack("!H", 4321) + b"bye")
    assert client.closed()[0] == 4321


def test_many_messages_in_one_packet(client):
    client.raw(b"".join(b"\x81" + bytes([0x80 | len(m)]) + masked(m) for m in
                        (b"send %d" % i for i in range(1000))))
    assert [client.receive() for _ in range(1000)] == [str(i) for i in range(1000)]


def test_a_message_byte_by_byte(client):
    for byte in b"\x81" + bytes([0x80 | 9]) + masked(b"send slow"):
        client.raw(bytes([byte]))
    assert client.receive() == "slow"


def test_a_message_right_behind_the_handshake(lab):
    import socket
    from client import UPGRADE
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **UPGRADE}.items())
    with socket.create_connection(("127.0.0.1", lab.port), timeout=20) as conn:
        conn.sendall(f"GET {PATH} HTTP/1.1\r\n{lines}\r\n".encode() + b"\x81" + bytes([0x80 | 10]) +
                     masked(b"send early"))
        got = b""
        while not got.endswith(b"\x81\x05early"):
            part = conn.recv(4096)
            assert part, got
            got += part


def test_a_limit_of_ones_own(make_stack):
    stack = make_stack(ws_max_message=1000).start("sidecar", "worker")
    with stack.ws(PATH, direct=True) as client:
        assert client.ask("send " + "x" * 995) == "x" * 995
        client.send("y" * 1001)
        assert client.closed()[0] == 1009


def test_pings_find_a_dead_client(make_stack):
    stack = make_stack(ws_ping_seconds=1).start("sidecar", "worker")
    with stack.ws(PATH, direct=True) as alive, stack.ws(PATH, direct=True) as dead:
        assert dead.ask("tell count") == "2"
        # `dead` answers no ping: nobody reads from it. `alive` is read, so its library answers.
        alive.ws.settimeout(0.2)

        def one_left():
            try:
                alive.receive()
            except Exception as error:
                assert "timed out" in str(error)
            return stack.count(PATH) == 1

        eventually(one_left, "the dead one is not counted")
        alive.ws.settimeout(20)
        assert alive.ask("tell count") == "1"
