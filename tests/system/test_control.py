"""The control frames of the subprotocol frond.1, and that no message of an app can pass for one."""

import contextlib

from client import Compressing
from wire import OK, Peer

PATH = "/ws/fan"  # what one says, all get


@contextlib.contextmanager
def both(demo):
    """A client that speaks frond.1, and one that does not."""
    with demo.ws(PATH, direct=True, subprotocols=["frond.1"]) as frond, demo.ws(PATH, direct=True) as plain:
        plain.send("here")
        assert [frond.receive(), plain.receive()] == ["here", "here"]
        yield frond, plain


def test_a_text_that_begins_with_nul_is_marked_for_those_who_speak_it(demo):
    with both(demo) as (frond, plain):
        for text in ("\0", "\0r 0", "\0\0x", "\0" + "x" * 70000):
            plain.send(text)
            assert frond.receive() == "\0" + text
            assert plain.receive() == text
            frond.send("\0" + text)
            assert frond.receive() == "\0" + text
            assert plain.receive() == text


def test_control_frames_of_clients_are_no_messages(demo):
    with both(demo) as (frond, plain):
        for text in ("\0", "\0x", "\0p 1.2"):
            frond.send(text)
        frond.send(b"\0x")
        frond.send("end")
        assert [frond.receive(), frond.receive()] == [b"\0x", "end"]
        assert [plain.receive(), plain.receive()] == [b"\0x", "end"]


def test_an_empty_text_is_a_message(demo):
    with both(demo) as (frond, plain):
        plain.send("")
        assert [frond.receive(), plain.receive()] == ["", ""]


def test_compressed_it_is_the_same(make_stack):
    stack = make_stack(ws_deflate="true").start("sidecar", "worker")
    path = "/ws/watch/control"
    with Compressing(stack.port, path, subprotocols=["frond.1"]) as client, Peer(stack.bus) as peer:
        peer.hello()
        for text in ("\0" + "x" * 1000, "\0y"):
            assert peer.push(path, text).status == OK
            assert client.receive() == "\0" + text
