"""deploy/serve, the quick start."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import pytest

from client import Client, http
from stack import BUILD, SECRET, eventually, free_ports
from test_auth import token
from web import SERVERS, TOP

PATIENCE = 600  # seconds: the first one builds


class Serve:
    def __init__(self, port, *arguments, command=(TOP / "deploy" / "serve",), cwd=None, **env):
        self.port = port
        clean = {name: value for name, value in os.environ.items() if name not in ("ASAN_OPTIONS", "UBSAN_OPTIONS")}
        # A job in the background of a shell ignores Ctrl-C, and so would all that it starts.
        heed = ["env", "--default-signal=INT"]
        self.popen = subprocess.Popen([*heed, *command, "--port", str(port), *arguments], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      env={**clean, **env}, cwd=cwd, start_new_session=True)
        self.lines = {}  # of the first host
        self.hosts = []

    def ready(self):
        for line in self.popen.stdout:
            word, where = line.rstrip("\n").split(" ")
            if word == "http":
                self.hosts.append({})
            lines = next(lines for lines in self.hosts if word not in lines)
            lines[word] = where
            if "ready" in self.hosts[-1]:
                self.lines = self.hosts[0]
                return self
        raise AssertionError(self.popen.stderr.read())

    def children(self):
        """pid -> name"""
        found = {}
        for pid in pathlib.Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children").read_text().split():
            try:
                found[int(pid)] = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            except FileNotFoundError:
                pass
        return found

    def parts(self):
        """What it serves with; with `tail` it shows the logs, with `sleep` it waits."""
        eventually(lambda: set(self.children().values()) >= {"tail", "sleep"}, "it waits")
        return {pid: name for pid, name in self.children().items() if name not in ("tail", "sleep", "tina4-serve")}

    def folder(self):
        return pathlib.Path(self.lines["bus"].removeprefix("ipc://")).parent

    def end(self, number=signal.SIGTERM):
        if number:
            self.popen.send_signal(number)
        out, err = self.popen.communicate(timeout=60)
        assert "ready" not in out
        assert out == "" or not self.lines, "nothing comes after `ready`"
        return self.popen.returncode, err


@pytest.fixture
def serve():
    started = []

    def start(*arguments, port=None, **options):
        started.append(Serve(port or free_ports(6), *arguments, **options))
        return started[-1]

    yield start
    for one in started:
        if one.popen.poll() is None:
            one.popen.terminate()
            one.popen.communicate(timeout=60)


def test_it_says_where_everything_is_and_it_is_there(serve):
    one = serve().ready()
    port = one.port
    assert list(one.lines) == ["http", "websocket", "admin", "bus", "ready"]
    assert one.lines["http"] == one.lines["ready"] == f"http://localhost:{port}/"
    assert re.fullmatch(r"ws://127\.0\.0\.1:\d+/", one.lines["websocket"])
    assert re.fullmatch(r"ipc:///.+", one.lines["bus"])

    for url in (f"ws://localhost:{port}/", one.lines["websocket"]):
        with Client(url + "ws/echo", origin=None) as client:
            assert client.ask("hi") == "Echo: hi"
    admin = int(one.lines["admin"].removesuffix("/").rsplit(":", 1)[1])
    assert http(admin, "GET", "/readyz").status == 200
    assert http(port, "GET", "/chat/general").status == 200
    assert http(port, "GET", "/js/chat.js").status == 200

    assert sorted(one.parts().values()) == ["demo", "demo", "nginx", "tina4-sidecar"]

    folder, pids = one.folder(), list(one.parts())
    assert folder.is_dir()
    status, _ = one.end()
    assert status == 0
    assert not folder.exists()
    assert not [pid for pid in pids if pathlib.Path(f"/proc/{pid}").exists()]


def test_the_second_start_is_quick_and_rebuilds_nothing(serve):
    serve().ready().end()
    binary = TOP / "build" / "serve" / "tina4-sidecar"
    built = binary.stat().st_mtime_ns
    one = serve().ready()
    assert binary.stat().st_mtime_ns == built
    status, err = one.end(signal.SIGINT)
    assert status == 0
    assert "building" not in err and "installing" not in err


def test_two_side_by_side(serve):
    one = serve().ready()
    two = serve().ready()
    with Client(f"ws://localhost:{one.port}/ws/fan") as a, Client(f"ws://localhost:{two.port}/ws/fan") as b:
        a.send("one")
        b.send("two")
        assert (a.receive(), b.receive()) == ("one", "two")
    assert one.end()[0] == 0
    with Client(f"ws://localhost:{two.port}/ws/echo") as client:
        assert client.ask("still") == "Echo: still"


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_taken_port_is_named(serve, which):
    port = free_ports(6)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + which))
        taken.listen()
        status, err = serve(port=port).end(None)
    assert status == 1
    assert str(port + which) in err


@pytest.mark.parametrize("web", SERVERS)
def test_any_web_server_will_do(serve, web):
    one = serve("--web", web).ready()
    assert http(one.port, "GET", "/chat/general").status == 200
    assert http(one.port, "GET", "/js/chat.js").headers["server"].lower().startswith(web)
    with Client(f"ws://localhost:{one.port}/ws/echo") as client:
        assert client.ask("hi") == "Echo: hi"
    parts = one.parts()
    assert one.end()[0] == 0
    assert not [pid for pid in parts if pathlib.Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("web", SERVERS)
def test_killed_it_leaves_nothing_behind(serve, web):
    one = serve("--web", web).ready()
    folder, parts = one.folder(), one.parts()
    one.end(signal.SIGKILL)
    eventually(lambda: not [pid for pid in parts if pathlib.Path(f"/proc/{pid}").exists()], "all of it stopped")
    shutil.rmtree(folder)


def test_two_hosts_are_one_room(serve):
    both = serve("--hosts", "2", "--redis").ready()
    assert [host["ready"] for host in both.hosts] == [f"http://localhost:{both.port + i}/" for i in (0, 3)]
    urls = [host["http"].replace("http", "ws") + "ws/chat/lobby" for host in both.hosts]
    with Client(urls[0]) as alice:
        assert alice.receive_json()["online"] == 1
        with Client(urls[1]) as bob:
            assert alice.receive_json()["online"] == bob.receive_json()["online"] == 2
            for sender, text in ((alice, "from one"), (bob, "from two")):
                sender.send_json({"username": "x", "text": text})
                assert alice.receive_json()["text"] == bob.receive_json()["text"] == text
        assert alice.receive_json()["online"] == 1
    parts = both.parts()
    assert sorted(parts.values()) == sorted(["demo", "demo", "nginx", "tina4-sidecar"] * 2 + ["redis-server"])
    assert both.end()[0] == 0
    assert not [pid for pid in parts if pathlib.Path(f"/proc/{pid}").exists()]


def test_tina4_serve_is_the_same(serve):
    build = TOP / "build" / "serve"
    one = serve(build / "fcgi/examples/demo", command=[build / "tina4", "serve"],
                TINA4_TEMPLATES=str(TOP / "templates")).ready()
    with Client(f"ws://localhost:{one.port}/ws/echo") as client:
        assert client.ask("hi") == "Echo: hi"
    assert one.end()[0] == 0


def test_any_app_will_do(serve):
    one = serve(str(BUILD / "tests/system/app")).ready()
    assert http(one.port, "GET", "/mirror/x").json["word"] == "x"
    assert http(one.port, "GET", "/js/frond.js").status == 200
    with Client(f"ws://localhost:{one.port}/ws/script/x") as client:
        assert client.ask("tell ip") == "=127.0.0.1"
    assert one.end()[0] == 0


@pytest.mark.parametrize("arguments", [["--web", "iis"], ["--web"], ["--port", "0"], ["--port", "70000"], ["--what"],
                                       ["/nowhere/app"], ["one", "two"], ["/"]])
def test_wrong_arguments_are_refused(serve, arguments):
    status, err = serve(*arguments).end(None)
    assert status == 2
    assert "serve" in err


@pytest.mark.parametrize("web", SERVERS)
def test_what_was_installed_serves_too(serve, tmp_path, web):
    """From elsewhere, and with a .env file, whose settings stand."""
    build = TOP / "build" / "serve"
    subprocess.run(["make", "-s", "-C", build, "install", f"DESTDIR={tmp_path}"], check=True, stdout=subprocess.DEVNULL)
    prefix = next(tmp_path.rglob("bin/tina4-sidecar")).parent.parent
    (tmp_path / ".env").write_text(f"TINA4_SECRET={SECRET}\nTINA4_WS_MAX_MESSAGE=1000\n")
    one = serve("--web", web, str(build / "fcgi/examples/demo"), command=[prefix / "share/tina4/deploy/tina4-serve"],
                cwd=tmp_path, PATH=f"{prefix}/bin:{os.environ['PATH']}",
                TINA4_TEMPLATES=str(prefix / "share/tina4/templates")).ready()
    assert http(one.port, "GET", "/js/frond.js").status == 200
    assert http(one.port, "GET", "/chat/general").status == 200
    with Client(f"ws://localhost:{one.port}/ws/secure?token={token()}") as client:
        client.nothing_for(0.1)  # the token is one of this secret
        client.send("x" * 1001)
        assert client.closed()[0] == 1009
    assert one.end()[0] == 0


@pytest.mark.parametrize("name", ["tina4-sidecar", "nginx", "demo"])
def test_when_a_part_dies_it_says_which_and_stops_the_rest(serve, name):
    one = serve().ready()
    folder, parts = one.folder(), one.parts()
    os.kill(next(pid for pid, comm in parts.items() if comm == name), signal.SIGKILL)
    status, err = one.end(None)
    assert status == 1
    assert {"demo": "app"}.get(name, name) in err and "status 137" in err
    assert not folder.exists()
    eventually(lambda: not [pid for pid in parts if pathlib.Path(f"/proc/{pid}").exists()], "all of it stopped")


def test_settings_are_passed_on(serve):
    one = serve(TINA4_WS_MAX_MESSAGE="1000").ready()
    with Client(f"ws://localhost:{one.port}/ws/echo") as client:
        client.send("x" * 1001)
        assert client.closed()[0] == 1009


def test_a_wrong_setting_is_shown(serve):
    status, err = serve(TINA4_WS_MAX_MESSAGE="many").end(None)
    assert status == 1
    assert "TINA4_WS_MAX_MESSAGE" in err
