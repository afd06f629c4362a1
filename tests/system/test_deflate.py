"""Compression: permessage-deflate, as RFC 7692 has it."""

import os
import struct
import zlib

import pytest
from websocket import ABNF

from client import Compressing
from stack import eventually

ROOM = "/ws/script/deflate"
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
MIB = 1 << 20
TEXT = "The same words come again, and again come the same words. " * 20


def deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


@pytest.fixture(scope="module")
def lab(make_stack_for_session):
    return make_stack_for_session(ws_deflate="true").start()


@pytest.fixture
def raw(lab):
    """One that has agreed on it and writes frames by hand."""
    with lab.ws(ROOM, direct=True, header=[OFFER]) as client:
        yield client


@pytest.fixture
def peer(lab):
    with Compressing(lab.port, ROOM) as client:
        yield client


def send(client, data, opcode=ABNF.OPCODE_TEXT, rsv1=1, fin=1):
    client.ws.send_frame(ABNF(fin, rsv1, 0, 0, opcode, 1, data))


# --- the handshake --------------------------------------------------------------


def test_it_is_off_unless_asked_for(make_stack):
    stack = make_stack().start("sidecar", "worker")
    answer = stack.handshake(ROOM, Sec_WebSocket_Extensions="permessage-deflate")
    assert answer.status == 101 and "sec-websocket-extensions" not in answer.headers
    with stack.ws(ROOM, direct=True, header=[OFFER]) as client:
        send(client, deflate(b"send hello"))
        assert client.closed()[0] == 1002


@pytest.mark.parametrize("offer", [
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=10; server_no_context_takeover; client_no_context_takeover",
    "x-other; a=b, permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits, permessage-deflate",
])
def test_what_can_be_agreed_on(lab, offer):
    answer = lab.handshake(ROOM, Sec_WebSocket_Extensions=offer)
    assert answer.status == 101
    assert answer.headers["sec-websocket-extensions"] == ANSWER


@pytest.mark.parametrize("offer", [
    None, "x-other", "permessage-deflate; server_max_window_bits=10", "permessage-deflate; unknown",
    "permessage-deflate, permessage-deflate; client_max_window_bits",
])
def test_what_cannot_is_done_without(lab, offer):
    answer = lab.handshake(ROOM, Sec_WebSocket_Extensions=offer)
    assert answer.status == 101
    assert "sec-websocket-extensions" not in answer.headers


def test_beside_a_subprotocol(lab):
    answer = lab.handshake(ROOM, Sec_WebSocket_Extensions="permessage-deflate", Sec_WebSocket_Protocol="frond.1")
    assert answer.headers["sec-websocket-extensions"] == ANSWER
    assert answer.headers["sec-websocket-protocol"] == "frond.1"


def test_through_a_web_server(lab):
    with Compressing(lab.web, ROOM) as client:
        assert client.ask("send " + TEXT) == TEXT
        assert client.n_compressed == 1


# --- a client of its own make, with a library that implements it ------------------


@pytest.mark.parametrize("size", [1, 127, 128, 1000, 65536, MIB - 5])
def test_sizes(peer, size):
    message = (TEXT * (size // len(TEXT) + 1))[:size]
    assert peer.ask("send " + message) == message
    assert peer.n_compressed == (size >= 128)


def test_binary_stays_binary(peer):
    peer.send(b"binary " + b"\x7f" * 1000)
    assert peer.receive() == b"\x7f" * 1000


def test_what_does_not_shrink_comes_as_it_is(lab, room):
    noise = os.urandom(2000)
    with Compressing(lab.port, f"/ws/watch/{room}") as watcher:
        lab.http("POST", f"/push?path=/ws/watch/{room}&binary=1", body=noise)
        assert watcher.receive() == noise
        assert watcher.n_compressed == 0


def test_a_random_message_of_the_largest_size_is_taken(lab, room):
    with Compressing(lab.port, "/ws/watch/" + room) as client:
        client.send(os.urandom(MIB))
        client.send("more")
        lab.http("POST", f"/push?path=/ws/watch/{room}", body="still there")
        assert client.receive() == "still there"


def test_empty_messages(lab, peer):
    peer.send("")
    peer.send(b"")
    assert peer.ask("send on") == "on"


def test_many_messages_keep_their_order(peer):
    for i in range(500):
        peer.send(f"send {i} {TEXT if i % 3 else ''}")
    assert [int(peer.receive().split()[0]) for _ in range(500)] == list(range(500))


def test_a_mixed_room(lab, room):
    path = f"/ws/script/{room}"
    with Compressing(lab.port, path) as one, Compressing(lab.port, path) as two, lab.ws(path, direct=True) as plain:
        eventually(lambda: lab.count(path) == 3, "all are there")
        plain.send(f"broadcast 1 {TEXT}|broadcast 2|broadcast 3 {TEXT}")
        expected = [f"1 {TEXT}", "2", f"3 {TEXT}"]
        for client in (one, two, plain):
            assert [client.receive() for _ in range(3)] == expected
        one.send(f"others 4 {TEXT}|send 5 {TEXT}|broadcast 6 {TEXT}")
        assert [one.receive() for _ in range(2)] == [f"5 {TEXT}", f"6 {TEXT}"]
        for client in (two, plain):
            assert [client.receive() for _ in range(2)] == [f"4 {TEXT}", f"6 {TEXT}"]
        assert one.n_compressed == two.n_compressed == 4


def test_a_slow_reader_gets_all_of_it(lab, room):
    path = f"/ws/script/{room}"
    with Compressing(lab.port, path) as slow, lab.ws(path, direct=True) as plain:
        eventually(lambda: lab.count(path) == 2, "both are there")
        body = "".join(os.urandom(30000).hex() for _ in range(10))
        for i in range(8):
            plain.send(f"others {i} {body}")
        plain.send("send done")
        assert plain.receive() == "done"
        assert [slow.receive() for _ in range(8)] == [f"{i} {body}" for i in range(8)]
        assert slow.n_compressed == 8


# --- frames by hand ---------------------------------------------------------------


def test_fragments_with_control_frames_between(raw):
    data = deflate("send grüße".encode())
    send(raw, data[:3], fin=0)
    raw.frame(ABNF.OPCODE_PING, b"between")
    assert raw.ws.recv_data(control_frame=True) == (ABNF.OPCODE_PONG, b"between")
    send(raw, b"", opcode=ABNF.OPCODE_CONT, rsv1=0, fin=0)
    raw.frame(ABNF.OPCODE_PONG, b"unasked")
    send(raw, data[3:], opcode=ABNF.OPCODE_CONT, rsv1=0, fin=0)
    send(raw, b"", opcode=ABNF.OPCODE_CONT, rsv1=0)
    assert raw.receive() == "grüße"


def test_an_empty_first_fragment(raw):
    send(raw, b"", fin=0)
    send(raw, deflate(b"send later"), opcode=ABNF.OPCODE_CONT, rsv1=0)
    assert raw.receive() == "later"


def test_byte_by_byte(raw):
    data = deflate(b"send slow")
    key = b"\x01\x02\x03\x04"
    for byte in bytes([0xc1, 0x80 | len(data)]) + key + bytes(b ^ key[i % 4] for i, b in enumerate(data)):
        raw.raw(bytes([byte]))
    assert raw.receive() == "slow"


def test_a_large_message_in_fragments(lab, room):
    body = os.urandom(150000).hex()
    with Compressing(lab.port, f"/ws/script/{room}") as peer, \
            lab.ws(f"/ws/script/{room}", direct=True, header=[OFFER]) as raw:
        data = deflate(f"others {body}".encode())
        for at in range(0, len(data), 7001):
            send(raw, data[at:at + 7001], opcode=ABNF.OPCODE_TEXT if at == 0 else ABNF.OPCODE_CONT,
                 rsv1=int(at == 0), fin=int(at + 7001 >= len(data)))
        assert peer.receive() == body


def test_plain_messages_between(raw):
    for i in range(3):
        raw.send(f"send plain {i}")
        assert raw.receive() == f"plain {i}"
        send(raw, deflate(b"send packed"))
        assert raw.receive() == "packed"
        raw.frame(ABNF.OPCODE_TEXT, b"send frag", fin=0)
        raw.frame(ABNF.OPCODE_CONT, b"ments")
        assert raw.receive() == "fragments"


def test_a_bomb_is_1009(lab, raw):
    with lab.ws(ROOM, direct=True) as bystander:
        send(raw, deflate(b" " * (200 * MIB)))
        assert raw.closed()[0] == 1009
        assert bystander.ask("send here") == "here"


def test_the_limit_is_of_the_message_itself(lab, room):
    with lab.ws("/ws/watch/" + room, direct=True, header=[OFFER]) as client:
        send(client, deflate(b"x" * MIB))
        send(client, deflate(b"x" * (MIB + 1)))
        assert client.closed()[0] == 1009


def test_the_announced_length_is_enough_for_1009(raw):
    raw.raw(b"\xc2\xff" + struct.pack("!Q", 2 * MIB) + b"\x01\x02\x03\x04" + b"x")
    assert raw.closed()[0] == 1009


@pytest.mark.parametrize("data", [
    b"", b"\x07", b"\xff" * 20, deflate(TEXT.encode())[:-5], deflate(b"send \xff"), deflate("send ü".encode()[:-1]),
], ids=["empty", "no-block", "garbage", "cut", "not-utf8", "half-a-character"])
def test_what_is_no_message_is_1007(lab, raw, data):
    with Compressing(lab.port, ROOM) as bystander:
        send(raw, data)
        assert raw.closed()[0] == 1007
        assert bystander.ask("send " + TEXT) == TEXT


@pytest.mark.parametrize("first", [0, 1])
def test_a_mark_on_a_later_frame_is_1002(raw, first):
    data = deflate(b"send late")
    send(raw, data[:4], rsv1=first, fin=0)
    send(raw, data[4:], opcode=ABNF.OPCODE_CONT)
    assert raw.closed()[0] == 1002


@pytest.mark.parametrize("rsv", [0x20, 0x10, 0x60])
def test_other_reserved_bits_are_1002(raw, rsv):
    raw.raw(bytes([0x81 | rsv, 0x80]) + b"\x01\x02\x03\x04")
    assert raw.closed()[0] == 1002


def test_close_and_heartbeats_are_plain(make_stack):
    stack = make_stack(ws_deflate="true", ws_ping_seconds=1).start("sidecar", "worker")
    with Compressing(stack.port, ROOM, subprotocols=["frond.1"]) as client:
        assert client.receive() == "\0"  # each ping interval
        client.send("close 4000 bye")
        assert client.closed() == (4000, "bye")
        assert client.n_compressed == 0
