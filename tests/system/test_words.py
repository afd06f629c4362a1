"""What the programs say when something is wrong: the lines that somebody will look for."""

import os
import signal
import socket
import subprocess

import pytest

from stack import DEADLINE, eventually
from test_auth import FORM, login
from wire import WORKER, Worker, hello


def says(process, words):
    return eventually(lambda: [line for line in process.lines() if words in line], f"{process.name} says {words}")


def ends_saying(stack, process, status, *words):
    """Runs it to its end, which must have this status."""
    done = subprocess.run(process.argv, env={**os.environ, **stack.env}, cwd=stack.dir, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == status, done.stderr
    for word in words:
        assert word in done.stderr


def test_a_bus_that_is_taken(make_stack):
    stack = make_stack().start("sidecar")
    ends_saying(stack, stack.sidecar, 1,
                f'error: cannot bind the bus TINA4_BUS={stack.bus} error="Address already in use"')


def test_a_bus_in_no_folder(make_stack):
    stack = make_stack(bus="ipc:///nowhere/bus")
    ends_saying(stack, stack.sidecar, 1, 'error: cannot bind the bus TINA4_BUS=ipc:///nowhere/bus error=')


def test_an_address_that_is_taken(make_stack):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        stack = make_stack(listen=f"127.0.0.1:{port}")
        ends_saying(stack, stack.sidecar, 1, f'cannot listen address=127.0.0.1:{port} error="Address already in use"')
        stack.app.argv[-1] = f"127.0.0.1:{port}"
        ends_saying(stack, stack.app, 1, f'cannot listen address=127.0.0.1:{port} error="Address already in use"')


@pytest.mark.parametrize("program", ["sidecar", "app", "worker"])
def test_wrong_settings_are_named_by_each_program(make_stack, program):
    stack = make_stack(threads="0", ws_ping_seconds="often", secret="short")
    process = {"sidecar": stack.sidecar, "app": stack.app, "worker": stack.worker}[program]
    done = subprocess.run(process.argv, env={**os.environ, **stack.env}, cwd=stack.dir, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode != 0
    assert 'TINA4_THREADS: "0": must be' in done.stderr
    assert 'TINA4_WS_PING_SECONDS: "often": must be' in done.stderr
    assert 'TINA4_SECRET: "...": must be' in done.stderr and "short" not in done.stderr


def test_fewer_files_are_fewer_connections(make_stack):
    stack = make_stack(ws_max_connections=100000)
    stack.sidecar.argv = ["prlimit", "--nofile=10000:10000", *stack.sidecar.argv]
    stack.sidecar.start()
    [line] = says(stack.sidecar, "fewer connections TINA4_WS_MAX_CONNECTIONS=")
    assert line.endswith("why=file-limit")
    assert 0 < int(line.split("=")[1].split()[0]) < 10000


def test_a_stop_that_some_do_not_answer(make_stack):
    stack = make_stack(stop_seconds=1).start("sidecar", "worker")
    client = stack.ws("/ws/script/x", direct=True)
    assert client.ask("send here") == "here"
    worker = stack.worker.worker_pid()
    os.kill(worker, signal.SIGSTOP)  # nobody acknowledges the close event
    try:
        stack.sidecar.popen.terminate()
        stack.sidecar.popen.wait(DEADLINE)
        says(stack.sidecar, "stopped with connections left n=1")
        says(stack.sidecar, "stopping signal=15 connections=1")
    finally:
        stack.sidecar.popen = None
        os.kill(worker, signal.SIGCONT)


def test_requests_that_a_stop_cuts_off(make_stack):
    stack = make_stack(stop_seconds=1, push_timeout_ms=60000).start()
    assert stack.http("POST", "/push?path=/ws/watch/x", body="x").json["result"] == 0
    os.kill(stack.sidecar.pid, signal.SIGSTOP)
    try:
        with socket.create_connection(("127.0.0.1", stack.web), timeout=DEADLINE) as conn:
            conn.sendall(b"POST /push?path=/ws/watch/x HTTP/1.0\r\nContent-Length: 1\r\n\r\nx")
            assert stack.http("GET", "/").status == 200, "who comes later is served, so the push is being waited for"
            stack.app.popen.terminate()
            stack.app.ended(0)
            assert conn.recv(1000).split()[1] in (b"502", b"504"), "the web server noticed"
        says(stack.app, "fastcgi stopping")
        says(stack.app, "requests cut off after=1s")
    finally:
        os.kill(stack.sidecar.pid, signal.SIGCONT)


def test_a_route_that_goes(make_stack):
    stack = make_stack().start("sidecar")
    with Worker(stack.bus, ["/ws/old/{id}", "/ws/new/{id}"]) as worker:
        worker.hello_body = hello(WORKER, "pytest", [("/ws/new/{id}", 0)])
        worker.hello()
        says(stack.sidecar, "route gone app=pytest pattern=/ws/old/{id}")


def test_a_folder_of_sessions_that_is_open_to_others(make_stack):
    stack = make_stack().start("app", "nginx")
    login(stack, "fay")
    os.chmod(stack.dir / "sessions", 0o755)
    assert stack.http("POST", "/login", FORM, "user=fay").status == 500
    [line] = says(stack.app, "sessions' directory must be ours alone")
    assert line.endswith(f"path={stack.dir}/sessions mode=0755 uid={os.geteuid()}")
    os.chmod(stack.dir / "sessions", 0o700)
    login(stack, "fay")
