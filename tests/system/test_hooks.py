"""Hooks at the start and the end of a process and its threads, and what handlers log."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from stack import DEADLINE

THREADS = 4
PATH = "/ws/script/x"


def events(process):
    """What the hooks said: [("process-start", id), ...]."""
    return re.findall(r"hook what=([a-z-]+) id=(\d+)", "\n".join(process.lines()))


def kinds(process):
    return [what for what, _ in events(process)]


@pytest.fixture
def hooked(make_stack):
    stack = make_stack(threads=THREADS)
    stack.env["APP_HOOKS"] = "on"
    return stack


def test_each_thread_has_what_its_hook_made(hooked):
    hooked.start()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: hooked.http("GET", "/home").json, range(200)))
    assert all(answer["home"] == 1 for answer in answers)
    app = hooked.app
    assert kinds(app) == ["process-start"] + ["thread-start"] * THREADS
    assert "fastcgi started" in app.lines()[1 + THREADS], "all have started before it serves"
    started = {ident for what, ident in events(app) if what == "thread-start"}
    assert {str(answer["thread"]) for answer in answers} <= started
    app.popen.terminate()
    app.ended(0)
    assert kinds(app)[1 + THREADS:] == ["thread-stop"] * THREADS + ["process-stop"]
    assert {ident for what, ident in events(app) if what == "thread-stop"} == started
    stops = [line for line in app.lines() if "-stop" in line]
    assert all("same=1" in line for line in stops), "each stops in its own thread, with its own pointer"
    assert sum(int(n) for n in re.findall(r"thread-stop .*handled=(\d+)", "\n".join(stops))) == 200


def test_a_worker_is_a_process_with_one_thread(hooked):
    hooked.start("sidecar", "worker")
    with hooked.ws(PATH, direct=True) as client:
        assert client.ask("home") == "home 1"
    worker = hooked.worker
    worker.popen.terminate()
    worker.ended(0)
    assert kinds(worker) == ["process-start", "thread-start", "thread-stop", "process-stop"]


def run_cgi(stack, hooks):
    env = {**os.environ, **stack.env, "APP_HOOKS": hooks, "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET",
           "REQUEST_URI": "/home"}
    return subprocess.run([stack.program], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE,
                          check=False)


def test_a_cgi_program_has_both(hooked):
    done = run_cgi(hooked, "on")
    assert done.returncode == 0 and b'{"home":1' in done.stdout
    said = re.findall(rb"hook what=([a-z-]+)", done.stderr)
    assert said == [b"process-start", b"thread-start", b"thread-stop", b"process-stop"]


@pytest.mark.parametrize("what", ["process", "thread"])
def test_a_hook_that_fails_keeps_a_cgi_program_from_answering(hooked, what):
    done = run_cgi(hooked, {"process": "process", "thread": "thread1"}[what])
    assert done.returncode == 1 and done.stdout == b""
    assert f'start hook failed of={what} error="Input/output error"'.encode() in done.stderr


@pytest.mark.parametrize("role, fails", [("app", "process"), ("app", "thread3"), ("worker", "process"),
                                         ("worker", "thread1")])
def test_a_hook_that_fails_ends_the_process(hooked, role, fails):
    hooked.env["APP_HOOKS"] = fails
    process = getattr(hooked, role).start(wait=False)
    process.ended(1)
    log = "\n".join(process.lines())
    assert f"error: start hook failed of={fails.strip('123')} error=\"Input/output error\"" in log
    assert "serving" not in log and "connected" not in log
    started = 2 if fails == "thread3" else 0
    assert kinds(process).count("thread-start") == kinds(process).count("thread-stop") == started
    assert kinds(process).count("process-stop") == (fails != "process")


def test_routes_are_printed_without_hooks(hooked):
    env = {**os.environ, **hooked.env, "APP_HOOKS": "process"}
    done = subprocess.run([hooked.program, "--routes"], env=env, capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0 and b"/home" in done.stdout and b"hook" not in done.stderr


def test_a_handler_logs_in_the_same_form(make_stack):
    stack = make_stack().start("sidecar")
    stack.env["TINA4_LOG_LEVEL"] = "warn"
    stack.start("worker")
    with stack.ws(PATH, direct=True) as client:
        for level in range(4):
            assert client.ask(f"log {level} a status=200") == "said"
        assert client.ask("log 1 ") == "said"
    lines = [line for line in stack.worker.lines() if "handler says" in line]
    assert lines == ['app: error: handler says text="a status=200"', 'app: warn: handler says text="a status=200"',
                     'app: warn: handler says text=""']
