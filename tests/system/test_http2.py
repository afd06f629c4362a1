"""Clients that speak HTTP/2 to a web server in front: a WebSocket is a stream of their connection."""

import ssl
import subprocess
import urllib.request

import pytest

import http2
from http2 import Http2
from raw import frame
from stack import eventually
from wire import Peer


@pytest.fixture(params=http2.FRONTS)
def front(make_stack, request):
    stack = make_stack(web="lighttpd" if request.param == "lighttpd" else "nginx", ws_max_message=100000,
                       trusted_proxies="127.0.0.1")
    return stack, http2.start(request.param, stack)


def test_messages_go_both_ways(front):
    stack, port = front
    with Http2(port, "/ws/script/room", ("origin", f"https://localhost:{port}")) as one, \
            Http2(port, "/ws/script/room") as other:
        assert one.status == other.status == 200
        eventually(lambda: stack.count("/ws/script/room") == 2, "both have joined")
        one.send(frame("broadcast hello"))
        assert one.frame() == other.frame() == (0x81, b"hello")
        big = "x" * 90000  # more than a window of HTTP/2
        other.send(frame("broadcast " + big))
        assert one.frame() == other.frame() == (0x81, big.encode())
        one.send(frame("close 4001 enough"))
        assert one.closed() == 4001


def test_the_app_knows_that_it_is_https(front):
    _, port = front
    everybody = ssl._create_unverified_context()
    with urllib.request.urlopen(f"https://127.0.0.1:{port}/form", context=everybody) as answer:
        assert answer.headers["Set-Cookie"].startswith("__Host-tina4_csrf=")


def test_the_end_of_a_stream_is_the_end_of_the_connection(front):
    stack, port = front
    with Http2(port, "/ws/script/room") as one:
        eventually(lambda: stack.count("/ws/script/room") == 1, "it has joined")
        one.sock.end()
        eventually(lambda: stack.count("/ws/script/room") == 0, "it has left")
    with Http2(port, "/ws/script/room") as other:
        eventually(lambda: stack.count("/ws/script/room") == 1, "it has joined")
        other.sock.close()
        eventually(lambda: stack.count("/ws/script/room") == 0, "it has left")


def test_who_is_refused_is_told_so(front):
    _, port = front
    with Http2(port, "/ws/nowhere") as nobody, Http2(port, "/ws/script/room", ("origin", "https://evil.org")) as other:
        assert (nobody.status, other.status) == (404, 403)
    with Http2(port, "/ws/secret") as stranger:
        assert stranger.status == 401


def test_an_event_stream_comes_as_it_is_spoken(front):
    stack, port = front
    with subprocess.Popen(["curl", "-skN", "--http2", "-D", "-", "-H", "Accept: text/event-stream",
                           f"https://127.0.0.1:{port}/ws/watch/room"], stdout=subprocess.PIPE, text=True) as curl, \
            Peer(stack.bus) as peer:
        lines = iter(curl.stdout.readline, "")
        assert next(lines).startswith("HTTP/2 200")
        eventually(lambda: stack.count("/ws/watch/room") == 1, "it has joined")
        peer.hello()
        for text in ("one", "two"):  # each before the next is said
            peer.push("/ws/watch/room", text)
            assert next(line for line in lines if line.startswith("data: ")) == f"data: {text}\n"
        curl.kill()
    eventually(lambda: stack.count("/ws/watch/room") == 0, "it has left")
