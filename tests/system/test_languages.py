"""Pushes from PHP, Python and Perl, each with its one file, over TCP and over a unix socket."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading

import pytest

from stack import eventually, free_ports
from test_push_over_http import TOKEN
from web import TOP

BRIDGE = TOP / "fcgi" / "bridge"

# Each reads {"path", "data", "binary", "id", "timeout"} and prints the receipt, or how it failed.
PHP = """
require '%s/tina4.php';
$in = json_decode(stream_get_contents(STDIN), true);
$data = $in['binary'] ? hex2bin($in['data']) : $in['data'];
Tina4\\Router::$timeout = $in['timeout'];
try {
    echo json_encode(Tina4\\Router::pushToWebSocket($in['path'], $data, $in['binary'], $in['id']));
} catch (Tina4\\PushFailed $failure) {
    echo json_encode(['why' => $failure->getMessage(), 'status' => $failure->status, 'failed' => $failure->id]);
}
"""
PYTHON = """
import json, sys
sys.path.insert(0, "%s")
import tina4
given = json.load(sys.stdin)
data = bytes.fromhex(given["data"]) if given["binary"] else given["data"]
try:
    print(json.dumps(tina4.push_to_websocket(given["path"], data, id=given["id"], timeout=given["timeout"])))
except tina4.PushFailed as failure:
    print(json.dumps({"why": str(failure), "status": failure.status, "failed": failure.id}))
"""
PERL = """
use strict; use warnings FATAL => 'all';
use lib '%s';
use JSON::PP;
use Tina4 qw(push_to_websocket);
my $in = decode_json(do { local $/; <STDIN> });
my $data = $in->{binary} ? pack('H*', $in->{data}) : $in->{data};
my $done = eval { push_to_websocket($in->{path}, $data, binary => $in->{binary}, id => $in->{id},
    timeout => $in->{timeout}) };
my $failure = $@;
print encode_json($done // { why => "$failure", status => $failure->status, failed => $failure->id });
"""
COMMANDS = {
    "php": ["php", "-n", "-d", "error_reporting=-1", "-d", "display_errors=stderr", "-r", PHP % BRIDGE],
    "python": ["/usr/bin/python3", "-W", "error", "-c", PYTHON % BRIDGE],
    "perl": ["perl", "-e", PERL % BRIDGE],
}


@pytest.fixture(params=COMMANDS)
def language(request):
    return request.param


def push(language, admin, path, data, token=TOKEN, id=None, timeout=10):
    """What the language's own program prints."""
    binary = isinstance(data, bytes)
    given = {"path": path, "data": data.hex() if binary else data, "binary": binary, "id": id, "timeout": timeout}
    env = {**os.environ, "TINA4_ADMIN": str(admin), "TINA4_ADMIN_TOKEN": token}
    done = subprocess.run(COMMANDS[language], input=json.dumps(given), capture_output=True, text=True, env=env,
                          timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=["tcp", "unix"])
def desk(request, make_stack_for_session):
    """A sidecar, and the address of its admin listener."""
    port = free_ports()
    more = {"admin": f"127.0.0.1:{port}"} if request.param == "tcp" else {}
    stack = make_stack_for_session(admin_token=TOKEN, **more)
    if more:
        stack.admin = port
    stack.start("sidecar", "worker")
    return stack, more.get("admin", f"unix:{stack.admin}")


def test_text_and_bytes_arrive(desk, language, room):
    stack, admin = desk
    path = f"/ws/watch/{room}"
    with stack.ws(path, direct=True) as client:
        eventually(lambda: stack.count(path) == 1, "it has joined")
        for data in ("Grüße 👋\n", "", '{"a":1}', "x" * 200000, bytes(range(256)), b""):
            receipt = push(language, admin, path, data)
            assert receipt["connections"] == 1 and len(receipt["id"]) == 32
            assert client.receive() == data


def test_any_path_is_escaped(desk, language):
    stack, admin = desk
    path = "/ws/watch/ü &%2F?x#y"
    with stack.ws("/ws/watch/%C3%BC%20%26%252F%3Fx%23y", direct=True) as client:
        eventually(lambda: stack.count(path) == 1, "it has joined")
        assert push(language, admin, path, "hello")["connections"] == 1
        assert client.receive() == "hello"
    failure = push(language, admin, "/ws/watch/x HTTP/1.1\r\nHost: evil", "hello")
    assert failure["status"] == 400 and "path" in failure["why"], failure


def test_a_retry_is_applied_once(desk, language, room):
    stack, admin = desk
    path = f"/ws/watch/{room}"
    with stack.ws(path, direct=True) as client:
        eventually(lambda: stack.count(path) == 1, "it has joined")
        first = push(language, admin, path, "once", id=os.urandom(16).hex())
        assert push(language, admin, path, "once", id=first["id"]) == first
        push(language, admin, path, "end")
        assert [client.receive(), client.receive()] == ["once", "end"]


def test_what_is_refused_says_why(desk, language):
    stack, admin = desk
    for more, status in (({"path": "/nowhere"}, 404), ({"token": "x" * 40}, 401), ({"id": "no id"}, 400),
                         ({"data": "x" * (16 << 20)}, 413)):
        given = {"path": "/ws/watch/x", "data": "hello", **more}
        failure = push(language, admin, **given)
        assert failure["status"] == status and failure["why"] and failure["failed"], (more, failure)


@contextlib.contextmanager
def server(folder, answer):
    """Whoever asks gets these bytes; None holds the connection without a word."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(f"{folder}/s")
    listening.listen()
    ended = threading.Event()

    def serve():
        with contextlib.suppress(OSError):
            conn, _ = listening.accept()
            with conn:
                if answer is None:
                    ended.wait()
                else:
                    conn.recv(65536)
                    conn.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"unix:{folder}/s"
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        listening.close()


@pytest.mark.parametrize("answer", [b"", None, b"nonsense", b"HTTP/1.1 200 OK\r\nContent-Le",
                                    b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100000],
                         ids=["nothing", "silence", "nonsense", "half", "endless"])
def test_who_is_no_sidecar_gets_nothing_done(tmp_path_factory, language, answer):
    folder = tmp_path_factory.mktemp("s")
    try:
        with server(folder, answer) as admin:
            failure = push(language, admin, "/ws/x", "hello", timeout=0.5)
            assert failure["status"] == 0 and failure["failed"] and failure["why"]
    finally:
        shutil.rmtree(folder)


def test_no_sidecar_is_no_answer(tmp_path, language):
    for admin in (f"unix:{tmp_path}/none", f"127.0.0.1:{free_ports()}", "nonsense"):
        failure = push(language, admin, "/ws/x", "hello")
        assert failure["status"] == 0 and admin in failure["why"], failure
