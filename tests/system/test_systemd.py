"""What systemd is to the sidecar and to apps: units, notifications, sockets that stay open."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest
import websocket

from client import Client
from stack import BUILD, eventually

SIDECAR, APP, WORKER = "tina4-sidecar.service", "tina4-app@.service", "tina4-worker@.service"
HANDLERS = "tina4-handlers@.service"


# --- the files -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def root():
    """What make install puts below DESTDIR."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="tina4-root-"))
    done = subprocess.run(["make", "-s", "-C", BUILD, "install", f"DESTDIR={root}"], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def units(root, tmp_path_factory):
    """The units, with their programs where this machine has some."""
    folder = tmp_path_factory.mktemp("units")
    sidecar = next(root.rglob("bin/tina4-sidecar"))
    for unit in next(root.rglob("lib/systemd/system")).iterdir():
        text = re.sub(r"^ExecStart=/\S*/tina4-sidecar$", f"ExecStart={sidecar}", unit.read_text(), flags=re.M)
        text = re.sub(r"^ExecStart=/\S*/tina4 worker$", f"ExecStart={BUILD}/tina4 worker", text, flags=re.M)
        text = re.sub(r"^ExecStart=/\S*/%i$", f"ExecStart={BUILD}/tests/system/app", text, flags=re.M)
        (folder / unit.name).write_text(text)
    return folder


def test_all_units_are_there_and_right(units):
    names = sorted(unit.name for unit in units.iterdir())
    assert names == sorted([SIDECAR, APP, WORKER, HANDLERS, "tina4-sidecar.socket", "tina4-app@.socket", "tina4.target"])
    for name in names:
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", units / name], capture_output=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), name


@pytest.mark.parametrize("unit, limit", [(SIDECAR, 1.5), (APP, 2.0), (WORKER, 2.0), (HANDLERS, 2.0)])
def test_services_are_hardened(units, unit, limit):
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", units / unit],
                          capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) < limit


@pytest.mark.parametrize("unit", [SIDECAR, APP, WORKER, HANDLERS, "tina4-sidecar.socket", "tina4-app@.socket"])
def test_no_unit_is_given_up(units, unit):
    text = (units / unit).read_text()
    assert re.search(r"^StartLimitIntervalSec=0$", text, re.M)
    if unit.endswith(".service"):
        assert all(re.search(rf"^{line}$", text, re.M) for line in ("Restart=always", "Type=notify", r"WatchdogSec=\d+"))


@pytest.mark.parametrize("unit", [SIDECAR, APP, WORKER, HANDLERS])
def test_zeromq_may_set_its_threads_policy(units, unit):
    """It aborts where it may not, which only a running systemd shows."""
    assert re.search(r"^SystemCallFilter=[^~\n]*\bsched_setscheduler\b", (units / unit).read_text(), re.M)


def test_the_file_limit_fits_the_connections(units):
    settings = subprocess.run([BUILD / "tina4-sidecar", "--settings"], capture_output=True, text=True).stdout
    connections = int(re.search(r"^TINA4_WS_MAX_CONNECTIONS=(\d+)$", settings, re.M)[1])
    assert int(re.search(r"^LimitNOFILE=(\d+)$", (units / SIDECAR).read_text(), re.M)[1]) >= connections + 1664


def test_users_and_files_have_the_right_modes(root):
    if os.geteuid() != 0:
        pytest.skip("only root can give files to others")
    (root / "etc").mkdir(exist_ok=True)
    # A group of this machine that has the number of a new one would be taken for it.
    subprocess.run(["systemd-sysusers", f"--root={root}", next(root.rglob("sysusers.d/tina4.conf"))],
                   check=True, capture_output=True)
    subprocess.run(["systemd-tmpfiles", f"--root={root}", "--create", next(root.rglob("tmpfiles.d/tina4.conf"))],
                   check=True, capture_output=True)
    passwd = {line.split(":")[0]: line.split(":") for line in (root / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: line.split(":") for line in (root / "etc/group").read_text().splitlines()}
    assert groups["tina4"][3] == "tina4-app"
    secrets = next(root.rglob("etc/tina4/tina4.env")).stat()
    assert (secrets.st_mode & 0o777, secrets.st_uid, secrets.st_gid) == (0o640, 0, int(groups["tina4"][2]))
    run = (root / "run/tina4").stat()
    assert (run.st_mode & 0o777, run.st_uid) == (0o755, int(passwd["tina4"][2]))


def test_the_settings_file_is_one(root):
    env = {**os.environ, "TINA4_ENV_FILE": str(next(root.rglob("share/tina4/tina4.env")))}
    assert subprocess.run([BUILD / "tina4-sidecar", "--check"], env=env).returncode == 0


# --- notifications ----------------------------------------------------------------------


class Manager:
    """The end of NOTIFY_SOCKET that systemd holds."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        self.socket.settimeout(20)

    def hears(self):
        return self.socket.recv(4096).decode().split("\n")

    def hears_until(self, fact):
        got = []
        while not got or got[-1][0] != fact:
            got.append(self.hears())
        return got

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_of_start_reload_and_stop(make_stack, abstract):
    stack = make_stack()
    name = f"@{stack.dir}" if abstract else f"{stack.dir}/notify"
    stack.env["NOTIFY_SOCKET"] = name
    with Manager(name) as manager:
        stack.start("sidecar")
        assert manager.hears() == ["READY=1", "STATUS=serving"]
        before = time.monotonic_ns() // 1000
        os.kill(stack.sidecar.pid, signal.SIGHUP)
        reloading, stamp = manager.hears()
        assert reloading == "RELOADING=1"
        assert before <= int(stamp.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
        assert manager.hears() == ["READY=1"]
        stack.sidecar.term()
        assert manager.hears() == ["STOPPING=1", "STATUS=closing connections"]


def test_systemd_hears_of_workers(make_stack):
    stack = make_stack().start("sidecar")
    stack.env["NOTIFY_SOCKET"] = f"{stack.dir}/notify"
    with Manager(stack.env["NOTIFY_SOCKET"]) as manager:
        stack.start("worker")
        assert manager.hears() == ["READY=1", "STATUS=workers: 1"]
        assert stack.stats()["workers"] == 1, "it is connected by then"
        os.kill(stack.worker.pid, signal.SIGHUP)
        assert manager.hears()[0] == "RELOADING=1"
        assert manager.hears() == ["READY=1"]
        stack.worker.term()
        assert manager.hears() == ["STOPPING=1", "STATUS=finishing what has begun"]


def test_systemd_hears_of_an_app(make_stack):
    stack = make_stack()
    stack.env["NOTIFY_SOCKET"] = f"{stack.dir}/notify"
    with Manager(stack.env["NOTIFY_SOCKET"]) as manager:
        stack.start("app")
        assert manager.hears() == ["READY=1", "STATUS=serving"]
        stack.app.term()
        assert manager.hears() == ["STOPPING=1", "STATUS=finishing requests"]


def test_a_start_that_fails_is_not_ready(make_stack):
    stack = make_stack(listen="unix:/nowhere/at/all.sock")
    stack.env["NOTIFY_SOCKET"] = f"{stack.dir}/notify"
    with Manager(stack.env["NOTIFY_SOCKET"]) as manager:
        stack.sidecar.start(wait=False)
        stack.sidecar.ended(1)
        manager.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.hears()


@pytest.mark.parametrize("name", ["sidecar", "app", "worker"])
def test_the_watchdog_hears_a_loop_that_turns_and_no_other(make_stack, name):
    stack = make_stack()
    if name == "worker":
        stack.start("sidecar")
    stack.env.update(NOTIFY_SOCKET=f"{stack.dir}/notify", WATCHDOG_USEC="4000000")
    with Manager(stack.env["NOTIFY_SOCKET"]) as manager:
        process = getattr(stack, name).start()
        manager.hears_until("READY=1")
        times = []
        for _ in range(3):
            assert manager.hears() == ["WATCHDOG=1"]
            times.append(time.monotonic())
        assert times[2] - times[0] < 8  # within the time that it has
        os.kill(process.pid, signal.SIGSTOP)
        manager.socket.settimeout(4)
        try:
            with pytest.raises(TimeoutError):
                manager.hears()
        finally:
            os.kill(process.pid, signal.SIGCONT)


def test_another_process_is_not_watched(make_stack):
    stack = make_stack()
    stack.env.update(NOTIFY_SOCKET=f"{stack.dir}/notify", WATCHDOG_USEC="1000", WATCHDOG_PID="1")
    with Manager(stack.env["NOTIFY_SOCKET"]) as manager:
        stack.start("sidecar")
        assert manager.hears()[0] == "READY=1"
        stack.sidecar.term()
        assert manager.hears()[0] == "STOPPING=1"


# --- reloading -----------------------------------------------------------------------------


def reload(stack, settings):
    """Changes the file, and waits for what the log says about it."""
    (stack.dir / ".env").write_text(settings)
    n = sum("reloaded" in line for line in stack.sidecar.lines())
    os.kill(stack.sidecar.pid, signal.SIGHUP)
    eventually(lambda: sum("reloaded" in line for line in stack.sidecar.lines()) > n, "it has reloaded")
    return [line for line in stack.sidecar.lines() if "reloaded" in line or "restart" in line]


def test_a_reload_takes_over_what_may_change(make_stack):
    stack = make_stack().start("sidecar", "worker")
    foreign = {"Origin": "https://other.example"}
    assert stack.handshake("/ws/watch/x", **foreign).status == 403
    with stack.ws("/ws/watch/x", direct=True) as client:
        reload(stack, "TINA4_WS_ALLOWED_ORIGINS=https://other.example\nTINA4_LOG_LEVEL=debug\nTINA4_WS_PING_SECONDS=7\n")
        lines = stack.sidecar.lines()
        assert any("changed=\"TINA4_LOG_LEVEL TINA4_WS_ALLOWED_ORIGINS\"" in line for line in lines)
        eventually(lambda: any("restart" in line and "=TINA4_WS_PING_SECONDS" in line
                               for line in stack.sidecar.lines()), "it says what it does not take over")
        assert stack.handshake("/ws/watch/x", **foreign).status == 101
        client.ws.ping()  # it is still there
    said = reload(stack, "TINA4_WS_MAX_CONNECTIONS=1\n")
    assert "TINA4_WS_MAX_CONNECTIONS" in said[-1]
    with stack.ws("/ws/watch/x", direct=True):
        eventually(lambda: stack.handshake("/ws/watch/x").status == 503, "the new limit holds")


def test_a_wrong_setting_changes_nothing(make_stack):
    stack = make_stack().start("sidecar", "worker")
    said = reload(stack, "TINA4_WS_ALLOWED_ORIGINS=*\nTINA4_WORKER_WAIT=never\n")
    assert len(said) == 1 and "error: not reloaded" in said[0] and "TINA4_WORKER_WAIT" in said[0]
    assert stack.handshake("/ws/watch/x", Origin="https://other.example").status == 403


def test_the_limit_of_connections_does_not_pass_the_file_limit(make_stack):
    stack = make_stack().start("sidecar")
    said = reload(stack, "TINA4_WS_MAX_CONNECTIONS=100000\n")
    assert "restart" in said[-1] and "TINA4_WS_MAX_CONNECTIONS" in said[-1]


# --- sockets that stay open ---------------------------------------------------------------------


def listen_tcp():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    return listener


def listen_unix(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    os.chmod(path, 0o666)
    listener.listen(4096)
    return listener


def test_the_sidecar_serves_sockets_that_it_is_given(make_stack):
    stack = make_stack()
    with listen_tcp() as tcp, listen_unix(stack.dir / "given.sock") as unix:
        stack.sidecar.fds = [tcp.fileno(), unix.fileno()]
        stack.start("sidecar", "worker")
        assert not (stack.dir / "ws.sock").exists()  # TINA4_LISTEN does not count
        assert stack.port == tcp.getsockname()[1]
        with stack.ws("/ws/script/x", direct=True) as client:
            assert client.ask("send here") == "here"
        assert (stack.dir / "given.sock").exists()
        stack.sidecar.term()
        assert (stack.dir / "given.sock").exists()  # it is not ours to remove


def test_nobody_meets_a_closed_port_while_the_sidecar_restarts(make_stack):
    stack = make_stack()
    with listen_tcp() as tcp:
        stack.sidecar.fds = [tcp.fileno()]
        stack.start("sidecar", "worker")
        statuses, stop = [], threading.Event()

        def come():
            while not stop.is_set():
                try:
                    with Client(f"ws://127.0.0.1:{stack.port}/ws/script/x"):
                        statuses.append(101)
                except websocket.WebSocketBadStatusException as error:
                    statuses.append(error.status_code)

        def come_and_see():
            try:
                come()
            except Exception as error:  # the claim is that there is none
                statuses.append(error)

        visitor = threading.Thread(target=come_and_see)
        visitor.start()
        try:
            for _ in range(3):
                n = len(statuses)
                eventually(lambda: len(statuses) > n + 5, "some have come")
                stack.sidecar.term()
                stack.sidecar.start()
                stack.worker.wait_ready()
        finally:
            stop.set()
            visitor.join()
        # One may be on its way in when it stops, and is told to come again.
        assert set(statuses) <= {101, 503} and statuses.count(503) <= 3, statuses


def wrk(stack, seconds):
    """Starts load through nginx; its end tells what failed."""
    return subprocess.Popen(["wrk", "-t1", "-c16", f"-d{seconds}s", "--timeout", "20s", f"http://127.0.0.1:{stack.web}/"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Talk(threading.Thread):
    """A client that never stops, and counts what came back."""

    def __init__(self, stack, path):
        super().__init__()
        self.client = stack.ws(path, direct=True)
        self.stop = threading.Event()
        self.answered = 0
        self.error = None
        self.start()

    def run(self):
        try:
            while not self.stop.is_set():
                assert self.client.ask(f"send {self.answered}") == str(self.answered)
                self.answered += 1
        except Exception as error:  # the claim is that there is none
            self.error = error

    def end(self):
        self.stop.set()
        self.join()
        return self.error


def test_an_app_is_upgraded_without_a_failed_request_or_a_closed_connection(make_stack):
    stack = make_stack()
    with listen_unix(stack.dir / "app.sock") as listener:
        apps = [stack.new_app(f"app-{n}", listener.fileno()) for n in range(4)]
        workers = [stack.worker, *(stack.new_worker(f"worker-{n}") for n in range(1, 4))]
        stack.start("sidecar", "worker", "app-0").start("nginx")
        talks = [Talk(stack, f"/ws/script/{n}") for n in range(8)]
        load = wrk(stack, 8)
        for old, new in zip(range(3), range(1, 4)):
            eventually(lambda: all(talk.answered > 20 * new or talk.error for talk in talks), "they talk")
            apps[new].start()
            apps[old].term()
            workers[new].start()
            workers[old].term()
        eventually(lambda: all(talk.answered > 100 or talk.error for talk in talks), "they go on")
        assert [talk.end() for talk in talks] == [None] * len(talks)
        said = load.communicate(timeout=60)[0]
    assert load.returncode == 0
    assert "Socket errors" not in said and "Non-2xx" not in said, said
    assert int(re.search(r"(\d+) requests in", said)[1]) > 100, said


# --- what is only loaded at run time --------------------------------------------------------------


def test_a_missing_plugin_is_named(make_stack):
    plugin = next(pathlib.Path("/usr/lib").glob("*/libwebsockets-evlib_uv.so"))
    hide = f"mount --bind /dev/null {plugin} && exec \"$0\" \"$@\""
    sidecar = [BUILD / "tina4-sidecar", "--check"]
    assert subprocess.run(sidecar, env={**os.environ, **make_stack().env}).returncode == 0
    done = subprocess.run(["unshare", "-m", "sh", "-c", hide, *sidecar], env={**os.environ, **make_stack().env},
                          capture_output=True, text=True)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("the plugin cannot be hidden: only root may mount")
    assert done.returncode == 1 and "libwebsockets-evlib-uv" in done.stderr
