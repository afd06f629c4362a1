"""The tina4 command, as a shell script uses it."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from redis import Host, Redis
from stack import BUILD, eventually
from wire import STATS, Peer, command

FAILED, USAGE, NO_SIDECAR, NO_ANSWER, NO_ROUTE, BAD_DATA, NOT_READY = 1, 2, 3, 4, 5, 6, 7


def tina4(stack, *arguments, data=None, status=0, **env):
    """Runs it to its end, which must have this status; returns what it printed, as text."""
    settings = {**os.environ, **stack.env, **{f"TINA4_{name.upper()}": value for name, value in env.items()}}
    data = data.encode() if isinstance(data, str) else data
    done = subprocess.run([BUILD / "tina4", *arguments], input=data or b"", env=settings, cwd=stack.dir,
                          capture_output=True, timeout=60)
    assert done.returncode == status, done.stderr.decode()
    assert (done.stderr == b"") == (status == 0), done.stderr.decode()
    return (done.stderr if status else done.stdout).decode()


def test_push_reaches_the_browsers(lab, room):
    path = f"/ws/watch/{room}"
    with lab.ws(path, direct=True) as client:
        eventually(lambda: lab.count(path) == 1, "it is there")
        receipt = json.loads(tina4(lab, "push", path, "hello"))
        assert (receipt["connections"], receipt["offset"], receipt["relayed"]) == (1, 1, False)
        assert client.receive() == "hello"
        tina4(lab, "push", path, data="from standard input\n")
        tina4(lab, "push", "--quiet", path, "-", data="and with a dash")
        tina4(lab, "push", "--binary", path, data=b"\xff\x00")
        tina4(lab, "push", "--", path, "")
        assert [client.receive() for _ in range(4)] == ["from standard input\n", "and with a dash", b"\xff\x00", ""]


def test_push_again_with_its_id(lab, room):
    path, ident = f"/ws/watch/{room}", "fedcba9876543210" * 2
    with lab.ws(path, direct=True) as client:
        first = tina4(lab, "push", "--id", ident, path, "once")
        assert tina4(lab, "push", "--id", ident, path, "once") == first
        assert tina4(lab, "push", "--quiet", path, "end") == ""
        assert [client.receive(), client.receive()] == ["once", "end"]


def test_push_before_its_app_is_back_says_so(make_stack):
    stack = make_stack(ws_routes="/ws/static/{x}", ws_settle_seconds=600).start("sidecar", "worker")
    assert "no route" in tina4(stack, "push", "/ws/nothing", "x", status=NO_ROUTE)
    stack.sidecar.kill()
    stack.worker.kill()
    stack.start("sidecar")
    assert "not ready" in tina4(stack, "push", "/ws/watch/x", "x", status=NOT_READY)
    assert "not ready" in tina4(stack, "count", "/ws/watch/x", status=NOT_READY)
    tina4(stack, "push", "/ws/static/x", "x")
    stack.start("worker")
    tina4(stack, "push", "/ws/watch/x", "x")


def test_push_that_cannot_be_says_why(lab):
    assert "no route" in tina4(lab, "push", "/ws/nothing", "x", status=NO_ROUTE)
    assert "slash" in tina4(lab, "push", "ws/watch/x", "x", status=USAGE)
    assert "UTF-8" in tina4(lab, "push", "/ws/watch/x", data=b"\xff", status=BAD_DATA)
    assert "TINA4_WS_MAX_MESSAGE" in tina4(lab, "push", "/ws/watch/x", data=b"x" * 1048577, status=BAD_DATA)


@pytest.mark.parametrize("arguments", [
    (), ("nonsense",), ("push",), ("push", "/a", "b", "c"), ("push", "--nonsense", "/a", "b"),
    ("push", "--timeout", "x", "/a", "b"), ("push", "--id", "12", "/a", "b"), ("count",), ("count", "/a", "/b"),
    ("token", "nothing"), ("token", "--seconds", "0"), ("token", "[1]"), ("token", "{"),
])
def test_wrong_usage_is_told(lab, arguments):
    assert "usage:" in tina4(lab, *arguments, status=USAGE)


def test_help_and_version(lab):
    assert "push" in tina4(lab, "--help")
    assert tina4(lab, "--version").startswith("tina4 ")


def test_wrong_settings_are_named(lab):
    said = tina4(lab, "push", "/ws/watch/x", "x", status=USAGE, bus="tcp://x", threads="0")
    assert "TINA4_BUS" in said and "TINA4_THREADS" in said


def test_without_a_sidecar(make_stack):
    stack = make_stack()
    begin = time.monotonic()
    push = ("push", "--timeout", "200", "/ws/watch/x", "lost")
    assert stack.bus in tina4(stack, *push, status=NO_SIDECAR, push_timeout_ms="60000")
    assert time.monotonic() - begin < 50, "the argument's time holds, not the setting's"
    assert stack.bus in tina4(stack, "count", "/ws/watch/x", status=NO_SIDECAR, push_timeout_ms="200")


def test_a_hung_sidecar(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with stack.ws("/ws/watch/x", direct=True) as client:
        tina4(stack, "push", "/ws/watch/x", "zero")
        os.kill(stack.sidecar.pid, signal.SIGSTOP)
        try:
            # Its kernel still takes connections, so whether nothing was sent is known or not.
            done = subprocess.run([BUILD / "tina4", "push", "--timeout", "300", "/ws/watch/x", "late"],
                                  env={**os.environ, **stack.env}, capture_output=True, timeout=60)
        finally:
            os.kill(stack.sidecar.pid, signal.SIGCONT)
        assert done.returncode in (NO_SIDECAR, NO_ANSWER)
        assert client.receive() == "zero"


def test_count(lab, room):
    path = f"/ws/watch/{room}"
    assert tina4(lab, "count", path) == "0\n"
    with lab.ws(path, direct=True), lab.ws(path, direct=True):
        eventually(lambda: tina4(lab, "count", path) == "2\n", "both are counted")
    assert "no route" in tina4(lab, "count", "/ws/nothing", status=NO_ROUTE)


def claims_of(token):
    import base64
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_token(lab):
    token = tina4(lab, "token", "--seconds", "60", '{"sub":"42","admin":true}', "name=Jörg").strip()
    claims = claims_of(token)
    assert (claims["sub"], claims["admin"], claims["name"]) == ("42", True, "Jörg")
    assert claims["exp"] - claims["iat"] == 60 and abs(claims["iat"] - time.time()) < 30
    with lab.ws(f"/ws/secret?token={token}", direct=True):
        pass
    assert claims_of(tina4(lab, "token"))["exp"] - time.time() > 3500
    assert "TINA4_SECRET" in tina4(lab, "token", status=USAGE, secret="")
    assert "TINA4_SECRET" in tina4(lab, "token", status=USAGE, secret="short")


def test_pushes_without_a_route_leave_nothing_behind(make_stack):
    stack = make_stack().start("sidecar", "worker")
    before = stack.stats()["apps"]  # with the peer that asks
    for _ in range(5):
        tina4(stack, "push", "/ws/nothing", "x", status=NO_ROUTE)
    with Peer(stack.bus) as peer:
        eventually(lambda: b"apps=%d\n" % before in peer.ask(command(STATS)).text, "all are forgotten")


def test_a_shell_loop_is_quick(make_stack):
    """At most 10 ms each, all in: measured without sanitizers, so here only that nothing waits."""
    stack = make_stack().start("sidecar", "worker")
    times = []
    for _ in range(20):
        begin = time.monotonic()
        tina4(stack, "push", "/ws/watch/x", "x")
        times.append(time.monotonic() - begin)
    assert min(times) < 0.5, "a busy machine may hold up some of them, but not each"


def test_status_tells_who_is_there(lab, room):
    path = f"/ws/watch/{room}"
    with lab.ws(path, direct=True), lab.ws(path, direct=True):
        eventually(lambda: lab.count(path) == 2, "both are there")
        said = tina4(lab, "status")
    assert "workers 1," in said and re.search(r"^ *2 " + path + "$", said, re.M), said
    assert re.search(r"^ *\d+ +1 +push-only /ws/watch/\{room\}$", said, re.M), said
    assert re.search(r"^ *\d+ +1 +handler /ws/script/\{room\}$", said, re.M), said
    assert re.search(r"^ *0 +\d+ +9 app$", said, re.M), said
    assert "relay" not in said


def test_status_counts_what_happens(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with stack.ws("/ws/watch/x", direct=True) as client:
        command = subprocess.Popen([BUILD / "tina4", "status", "--watch"], env={**os.environ, **stack.env},
                                   stdout=subprocess.PIPE, text=True)
        try:
            rates = []
            while len(rates) < 20 and not any(rates):
                tina4(stack, "push", "/ws/watch/x", "x")
                line = command.stdout.readline()
                rates += [int(n) for n in re.findall(r"pushes (\d+)", line)]
            assert any(rates)
        finally:
            command.kill()
            command.wait()
        assert client.receive() == "x"


def test_the_largest_paths_come_first(make_stack):
    stack = make_stack().start("sidecar", "worker")
    clients = [stack.ws(f"/ws/watch/{n}", direct=True) for n in range(12) for _ in range(n + 1)]
    eventually(lambda: stack.stats()["connections"] == len(clients), "all are there")
    found = re.findall(r"^ *(\d+) (/ws/watch/\d+)$", tina4(stack, "status"), re.M)
    assert found == [(str(n + 1), f"/ws/watch/{n}") for n in range(11, 1, -1)]


def wrongs(said):
    return [line for line in said.splitlines() if line.startswith("WRONG")]


def check(stack, status, few_files=False, **env):
    command = ["prlimit", "--nofile=4000:4000"] if few_files else []
    settings = {**os.environ, **stack.env, **{f"TINA4_{name.upper()}": value for name, value in env.items()}}
    done = subprocess.run([*command, BUILD / "tina4", "check"], env=settings, cwd=stack.dir, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == status and done.stderr == "", done.stdout + done.stderr
    assert (wrongs(done.stdout) == []) == (status == 0)
    return done.stdout


def test_check_finds_all_right(make_stack):
    said = check(make_stack().start(), 0)
    assert all(f"ok       {what}: " in said for what in ("settings", "bus", "open files", "sessions")), said


def test_check_notes_a_name_that_is_no_setting(make_stack):
    stack = make_stack().start()
    (stack.dir / ".env").write_text("TINA4_THREDS=4\nTINA4_THREADS=4\nOTHER=1\nTINA4_COLOUR=red\n")
    (stack.dir / ".env").chmod(0o600)
    assert "note     settings: not one of ours: TINA4_THREDS TINA4_COLOUR\n" in check(stack, 0)


def test_check_misses_a_worker(make_stack):
    stack = make_stack(ws_routes="/ws/news/{topic}").start("sidecar", "worker")
    assert "ok       routes: each of the" in check(stack, 0)
    stack.worker.kill()
    eventually(lambda: stack.stats()["workers"] == 0, "it is known to be gone")
    said = wrongs(check(stack, 1))
    assert len(said) >= 2 and all("no worker runs the handler of /ws/" in line for line in said)
    assert any("/ws/script/{room}" in line for line in said)


def test_check_tells_all_wrong_settings_together(lab):
    said = wrongs(check(lab, 1, threads="0", bus="tcp://x", secret="short", ws_allowed_origins="x"))
    for name in ("TINA4_THREADS", "TINA4_BUS", "TINA4_SECRET", "TINA4_WS_ALLOWED_ORIGINS"):
        assert sum(name in line for line in said) == 1, said
    assert "short" not in "".join(said)


def test_check_without_a_sidecar_says_what_to_do(make_stack):
    stack = make_stack()
    said = check(stack, 1)
    assert len(wrongs(said)) == 1 and "systemctl start tina4-sidecar" in said
    assert "can be listened on" in said
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = wrongs(check(stack, 1, admin=f"127.0.0.1:{port}"))
    assert any("TINA4_ADMIN" in line and "taken" in line for line in said), said


def test_check_measures_the_paths_of_sockets(make_stack):
    path = "/tmp/" + "x" * 110
    said = wrongs(check(make_stack(), 1, bus=f"ipc://{path}", listen=f"unix:{path}", admin=f"unix:{path}"))
    assert sum("longer than the 107 bytes" in line for line in said) == 3, said


def test_check_sees_a_full_disk(make_stack):
    """As a disk behaves that takes not a byte: the limit of a file's size is 0."""
    stack = make_stack().start()
    (stack.dir / "sessions").mkdir(exist_ok=True)
    done = subprocess.run(["sh", "-c", f"trap '' XFSZ; ulimit -f 0; {BUILD}/tina4 check | cat"], cwd=stack.dir,
                          env={**os.environ, **stack.env}, capture_output=True, text=True)
    assert any("sessions" in line and "File too large" in line for line in wrongs(done.stdout)), done.stdout


def test_check_sees_what_it_may_not_reach(make_stack):
    stack = make_stack().start("sidecar")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env_file = stack.dir / ".env"
    env_file.write_text("TINA4_WS_PING_SECONDS=5\n")
    env_file.chmod(0o644)
    said = wrongs(check(stack, 1, ws_backplane="redis", ws_backplane_url=f"redis://127.0.0.1:{port}/0",
                        session_path="/nowhere/at/all", few_files=True))
    for what in ("relay: no Redis answers", "sessions: ", "open files: ", "chmod o="):
        assert any(what in line for line in said), (what, said)


def test_check_asks_a_redis_that_is_there(make_stack):
    redis = Redis().start()
    try:
        stack = make_stack(kind=Host, redis=redis).start("sidecar", "worker")
        stack.settled(1)
        assert "ok       relay: Redis answers" in check(stack, 0)
        assert re.search(r"^relay up, other hosts 0", tina4(stack, "status"), re.M)
    finally:
        redis.stop()
