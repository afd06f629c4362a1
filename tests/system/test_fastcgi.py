"""FastCGI as web servers other than ours speak it: kept connections, questions, and a real HAProxy."""

import contextlib
import socket
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest

import fastcgi
from client import http

THREADS = 8


@pytest.fixture(scope="module")
def app(make_stack_for_session):
    stack = make_stack_for_session(threads=THREADS)
    stack.app.start()
    return stack


@contextlib.contextmanager
def connected(stack, n=1):
    connections = [fastcgi.Connection(stack.dir / "app.sock") for _ in range(n)]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


def ask(connection, word):
    connection.send(fastcgi.request(f"/mirror/{word}"))
    head, body = connection.answer()
    assert head.startswith("Status: 200") and f'"word":"{word}"'.encode() in body, (head, body)


def test_a_kept_connection_serves_one_request_after_another(app):
    with connected(app) as [connection]:
        for i in range(20):
            ask(connection, i)


def test_idle_connections_hold_no_thread(app):
    """Three times as many as there are threads, and all of them are served, in turn and at once."""
    with connected(app, 3 * THREADS) as connections:
        for turn in range(3):
            for i, connection in enumerate(connections):
                ask(connection, f"{turn}-{i}")
        with ThreadPoolExecutor(len(connections)) as pool:
            list(pool.map(lambda connection: [ask(connection, i) for i in range(10)], connections))
        with connected(app) as [another]:
            ask(another, "new")


def test_silent_connections_hold_no_thread(app):
    with connected(app, 3 * THREADS) as silent, connected(app) as [connection]:
        ask(connection, "first")
        silent[5].send(fastcgi.request("/mirror/late"))
        assert b"late" in silent[5].answer()[1]


def test_a_crowd_of_idle_connections_leaves_files_for_new_ones(make_stack):
    """As many files as a shell gives, and more connections than that which a web server keeps."""
    stack = make_stack(threads=THREADS)
    stack.app.argv = ["prlimit", "--nofile=1024:1024", *stack.app.argv]
    stack.app.start()
    with contextlib.ExitStack() as crowd:
        for i in range(1500):
            [connection] = crowd.enter_context(connected(stack))
            ask(connection, i)


def test_connections_that_go_leave_nothing_behind(app):
    for _ in range(5):
        with connected(app, 2 * THREADS) as connections:
            for connection in connections:
                ask(connection, "x")
    with connected(app) as [connection]:
        ask(connection, "still")


def test_a_stop_closes_idle_connections(app):
    with connected(app, 2 * THREADS) as connections:
        for connection in connections:
            ask(connection, "x")
        app.app.term()
        for connection in connections:
            with pytest.raises(EOFError):
                connection.record()
    app.app.start()


# --- questions before a request ------------------------------------------------------------------


def names_in(content):
    values = {}
    while content:
        name, value = content[0], content[1]
        values[content[2:2 + name].decode()] = content[2 + name:2 + name + value].decode()
        content = content[2 + name + value:]
    return values


QUESTION = b"".join(fastcgi.pair(name, "") for name in ("FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS", "OTHER"))


@pytest.mark.parametrize("padding", [0, 7, 255])
def test_what_it_can_take_is_answered_alone(app, padding):
    with connected(app) as [connection]:
        connection.send(fastcgi.record(fastcgi.GET_VALUES, QUESTION, request=0, padding=padding))
        kind, content = connection.record()
        values = names_in(content)
        assert kind == fastcgi.GET_VALUES_RESULT and values.pop("FCGI_MPXS_CONNS") == "0"
        assert values.pop("FCGI_MAX_REQS") == str(THREADS) and int(values.pop("FCGI_MAX_CONNS")) >= THREADS
        assert values == {}
        ask(connection, "after it")


def test_so_is_a_question_for_nothing_and_one_after_a_request(app):
    with connected(app) as [connection]:
        for _ in range(2):
            connection.send(fastcgi.record(fastcgi.GET_VALUES, request=0))
            assert connection.record() == (fastcgi.GET_VALUES_RESULT, b"")
            ask(connection, "x")


@pytest.mark.parametrize("content", [b"\xff", b"\x80\x00\x00", b"\x0eFCGI", b"\xff\xff\xff\xff\xff\xff\xff\xff",
                                     b"\x0e\x00FCGI_MAX_CONNS" * 4000])
def test_a_malformed_question_costs_nothing(app, content):
    with connected(app) as [connection]:
        connection.send(fastcgi.record(fastcgi.GET_VALUES, content[:65535], request=0))
        kind, answer = connection.record()
        assert kind == fastcgi.GET_VALUES_RESULT and len(answer) < 100
        ask(connection, "x")


def test_a_question_that_is_cut_short(app):
    with connected(app) as [connection]:
        connection.send(struct.pack("!BBHHBx", 1, fastcgi.GET_VALUES, 0, 100, 0))
        connection.socket.shutdown(socket.SHUT_WR)
        with pytest.raises(EOFError):
            connection.record()


# --- HAProxy ----------------------------------------------------------------------------------------


HAPROXY = """
global
    maxconn 1000
defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s
fcgi-app app
    docroot /
    option keep-conn
    option get-values
frontend web
    bind unix@{dir}/haproxy.sock
    default_backend app
backend app
    use-fcgi-app app
    http-reuse always
    option httpchk
    http-check send meth GET uri /mirror/check
    server app unix@{dir}/app.sock proto fcgi pool-max-conn 100 check inter 1s
"""


@pytest.fixture(scope="module")
def haproxy(app):
    (app.dir / "haproxy.cfg").write_text(HAPROXY.format(dir=app.dir))

    def ready(_process):
        try:
            return http(app.dir / "haproxy.sock", "GET", "/mirror/x").status == 200
        except OSError:
            return False

    process = app.new_process("haproxy", ["/usr/sbin/haproxy", "-db", "-f", app.dir / "haproxy.cfg"], ready)
    process.start()
    yield app.dir / "haproxy.sock"
    process.kill()


def test_haproxy_keeps_its_connections(app, haproxy):
    """20 clients and 8 threads: nobody waits until the web server gives an idle connection up."""

    def client(name):
        for i in range(15):
            answer = http(haproxy, "GET", f"/mirror/{name}-{i}")
            assert answer.status == 200 and answer.json["word"] == f"{name}-{i}"

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(client, range(20)))
