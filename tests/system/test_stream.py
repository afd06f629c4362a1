"""Answers in pieces: each web server passes them on as they come, and who reads badly harms nobody else."""

import contextlib
import os
import pathlib
from http.client import HTTPConnection, IncompleteRead

import pytest

import fastcgi
from client import TIMEOUT
from stack import eventually

THREADS = 8
STREAMS = 4
ENDLESS = "/pieces?n=1000000000000"


@contextlib.contextmanager
def reading(stack, target):
    """An answer of which the head is read."""
    with contextlib.closing(HTTPConnection("127.0.0.1", stack.web, timeout=TIMEOUT)) as connection:
        connection.request("GET", target)
        yield connection.getresponse()


@contextlib.contextmanager
def asked(stack, n, target):
    """So many connections to the app that have asked."""
    with contextlib.ExitStack() as crowd:
        connections = [crowd.enter_context(contextlib.closing(fastcgi.Connection(stack.dir / "app.sock")))
                       for _ in range(n)]
        for connection in connections:
            connection.send(fastcgi.request(target, keep=False))
        yield connections


def is_left(stack):
    """The handler of events has heard that its reader has left, or its CGI process was ended for that."""
    if stack.way.how == "cgi":
        return not any(is_run_by_cgi(process, stack) for process in pathlib.Path("/proc").glob("[0-9]*"))
    log = stack.web_server if stack.way.starts_app else stack.app
    return any("events ended" in line and "Broken pipe" in line for line in log.lines())


def is_run_by_cgi(process, stack):
    with contextlib.suppress(OSError):
        return os.path.samefile(process / "exe", stack.program) and b"QUERY_STRING=" in (process / "environ").read_bytes()
    return False


def test_pieces_come_as_they_are_written(site):
    """It has no end: whoever collected it would pass nothing on."""
    with reading(site, "/events") as answer:
        assert answer.status == 200 and answer.headers["content-type"] == "text/event-stream"
        for i in range(5):
            assert (answer.readline(), answer.readline()) == (b"data: %d\n" % i, b"\n")
        assert not is_left(site)
    eventually(lambda: is_left(site), "its reader's leaving is noticed")


def test_a_whole_stream_is_whole(site):
    answer = site.http("GET", "/pieces?n=5000")
    assert answer.body == b"".join(b"line %d\n" % i for i in range(5000))
    assert "tina4_session" in answer.headers["set-cookie"]


def test_one_that_fails_is_seen_to_be_cut_short(site):
    if site.way.how != "fastcgi":
        pytest.xfail("CGI/1.1 has no way to say so, and mod_fcgid takes every end for a whole one")
    with reading(site, "/pieces?n=500000&fail") as answer, pytest.raises((IncompleteRead, ConnectionError)):
        answer.read()


def test_head_has_no_body(site):
    answer = site.http("HEAD", "/events")
    assert answer.status == 200 and answer.body == b""


# --- many at once, slow ones, the end ---------------------------------------------------------


@pytest.fixture
def app(make_stack):
    stack = make_stack(threads=THREADS, streams=STREAMS)
    stack.app.start()
    return stack


def status_of(stack, target):
    with asked(stack, 1, target) as [connection]:
        return connection.answer()[0].split("\r\n")[0]


def test_readers_that_read_nothing_hold_their_own_threads_only(app):
    with asked(app, STREAMS, ENDLESS) as readers:
        for reader in readers:
            reader.record()  # of its head, and never another
        assert status_of(app, "/pieces") == "Status: 503 Service Unavailable"
        for i in range(3 * THREADS):
            assert status_of(app, f"/mirror/{i}") == "Status: 200 OK"
    eventually(lambda: status_of(app, "/pieces") == "Status: 200 OK", "those who left have made place")


def test_one_thread_of_several_stays_free(make_stack):
    stack = make_stack(threads=2, streams=100)
    stack.app.start()
    with asked(stack, 1, "/events") as [first]:
        first.record()
        with asked(stack, 1, "/events") as [second]:
            head, _ = second.answer()
            assert head.startswith("Status: 503") and "Retry-After: 1" in head
        assert status_of(stack, "/mirror/x") == "Status: 200 OK"


def test_a_single_thread_may_stream(make_stack):
    stack = make_stack(threads=1)
    stack.app.start()
    assert status_of(stack, "/pieces") == "Status: 200 OK"


def test_a_stop_ends_who_waits_and_lets_a_report_finish(app):
    with asked(app, 1, "/events") as [listener], asked(app, 1, "/pieces?n=20000") as [report]:
        listener.record()
        report.record()  # begun, and far from read
        app.app.popen.terminate()
        rest, _ = report.answer()  # the head was in the record before
        assert rest.endswith("line 19999\n")
        with pytest.raises(EOFError):
            while True:
                listener.record()
        app.app.ended(0)
    assert any("events ended" in line and "Operation canceled" in line for line in app.app.lines())
