"""The built packages under a systemd, in this order: installed, used, upgraded, removed, purged."""

import pathlib
import re
import socket
import subprocess
import threading
import time

import pytest
import websocket

NEW, NEXT = pathlib.Path("/srv/out"), pathlib.Path("/srv/next")
SETTINGS = pathlib.Path("/etc/tina4/tina4.env")
OURS = ["tina4-sidecar.socket", "tina4-sidecar.service", "tina4.target"]
APP = ["tina4-app@demo.socket", "tina4-app@demo.service", "tina4-worker@demo.service"]
DEADLINE = 60  # seconds; only a failing test waits that long
CLIENTS = 50
GOING_AWAY = 1001


def do(command):
    done = subprocess.run(["bash", "-ec", command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{journal()}"
    return done.stdout


def says(command):
    return subprocess.run(["bash", "-c", command], text=True, capture_output=True).stdout.strip()


def journal():
    return says("journalctl --no-pager -b -o cat -u 'tina4*' | tail -n 40")


def states(units, what="is-active"):
    return says(f"systemctl {what} {' '.join(units)}").split()


def show(unit, what):
    return says(f"systemctl show -P {what} {unit}")


def eventually(condition, what):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"never came true: {what}\n{journal()}"
        time.sleep(0.02)


def install(folder):
    """As an administrator does, whose own settings stay."""
    debs = " ".join(str(deb) for deb in folder.glob("*.deb") if "-dbgsym_" not in deb.name)
    return do(f"apt-get -q -y --allow-downgrades -o Dpkg::Options::=--force-confold install {debs}")


def is_ready():
    return says("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:7147/readyz") == "200"


def who_may_read(file):
    return file.owner(), file.group(), f"{file.stat().st_mode & 0o7777:o}"


# What others leave behind when any package comes and goes, and what is an administrator's own.
NOT_OURS = re.compile(r"/(proc|sys|dev|run|tmp|srv|root|usr/local|var/(cache|log|tmp|lib/(apt|dpkg|systemd|nginx)))(/|$)|"
                      r"/etc/(passwd|group|g?shadow|subuid|subgid|ld\.so\.cache|nginx/.*)-?$|.*/__pycache__(/(?!tina4).*)?$")


def all_files():
    return {line for line in says("find / -xdev").splitlines() if not NOT_OURS.match(line)}


class Visitor(threading.Thread):
    """Is in a room until it is closed; then `code` says why."""

    def __init__(self):
        super().__init__(daemon=True)
        self.code = None
        self.ws = websocket.create_connection("ws://localhost/ws/livechat/general", timeout=DEADLINE)
        while "Connected to room" not in self.ws.recv():
            pass

    def run(self):
        while self.code is None:
            opcode, data = self.ws.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                self.code = int.from_bytes(data[:2], "big")


class Comer(threading.Thread):
    """Comes again and again, and notes how it is answered."""

    UPGRADE = (b"GET /ws/echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")

    def __init__(self):
        super().__init__(daemon=True)
        self.answers, self.stopped = [], threading.Event()

    def run(self):
        while not self.stopped.is_set():
            with socket.socket(socket.AF_UNIX) as conn:
                conn.settimeout(DEADLINE)
                try:
                    conn.connect("/run/tina4/ws.sock")
                    conn.sendall(self.UPGRADE)
                    self.answers.append(conn.recv(4096)[9:12].decode())
                except OSError as error:
                    self.answers.append(type(error).__name__)

    def stop(self):
        self.stopped.set()
        self.join()
        return self.answers


@pytest.fixture(scope="module")
def before():
    return all_files()


def test_installing_starts_the_sidecar(before):
    install(NEW)
    assert states(OURS) == ["active"] * 3
    assert states(OURS, "is-enabled") == ["enabled"] * 3
    assert says("curl -s http://127.0.0.1:7147/healthz").startswith("{")
    assert who_may_read(SETTINGS) == ("root", "tina4", "640")


def test_a_token_needs_a_secret_that_an_administrator_sets():
    do(f"echo TINA4_SECRET=$(head -c 32 /dev/urandom | base64) >>{SETTINGS}; systemctl restart tina4-sidecar")
    assert do("cd / && tina4 token sub=42").count(".") == 2


@pytest.mark.parametrize("name", ["new-app", "serve", "units"])
def test_what_autopkgtest_does(name):
    """After `units` the demo goes on running behind nginx."""
    source, = NEW.glob("*.dsc")
    debs = [deb for deb in NEW.glob("*.deb") if "-dbgsym_" not in deb.name]
    done = subprocess.run(["autopkgtest", f"--test-name={name}", "--ignore-restrictions=breaks-testbed,isolation-container",
                           *debs, source, "--", "null"], text=True, capture_output=True)
    assert (done.returncode, f"{name} " in done.stdout + done.stderr) == (0, True), done.stdout + done.stderr


def test_languages_find_their_files():
    do("perl -e 'use Tina4;'")
    do("python3 -c 'import tina4'")
    assert pathlib.Path("/usr/share/php/tina4.php").resolve().exists()


def test_an_upgrade_is_a_restart_that_clients_are_told_of():
    do("systemctl start nginx " + " ".join(APP))
    eventually(is_ready, "ready")
    visitors, comer = [Visitor() for _ in range(CLIENTS)], Comer()
    for thread in (*visitors, comer):
        thread.start()
    pids = {unit: show(unit, "MainPID") for unit in ("tina4-sidecar", *APP[1:])}
    settings = SETTINGS.read_text()

    install(NEXT)
    for visitor in visitors:
        visitor.join(DEADLINE)
    assert [visitor.code for visitor in visitors] == [GOING_AWAY] * CLIENTS
    eventually(is_ready, "ready again")
    Visitor()
    assert set(comer.stop()) == {"101"}

    assert says("dpkg-query -W -f '${Version}' tina4-sidecar").endswith("+next")
    after = {unit: show(unit, "MainPID") for unit in pids}
    assert {unit for unit in pids if pids[unit] != after[unit]} == {"tina4-sidecar"}
    assert (SETTINGS.read_text(), who_may_read(SETTINGS)) == (settings, ("root", "tina4", "640"))
    assert "of the next version" in pathlib.Path(f"{SETTINGS}.dpkg-dist").read_text()
    assert states([*OURS, *APP]) == ["active"] * 6


def test_what_would_not_start_does_not_take_its_place():
    settings, pid = SETTINGS.read_text(), show("tina4-sidecar", "MainPID")
    with open(SETTINGS, "a") as file:
        file.write("TINA4_WS_MAX_CONNECTIONS=many\n")
    output = install(NEW)
    assert "TINA4_WS_MAX_CONNECTIONS" in output and "the old one runs on" in output
    assert show("tina4-sidecar", "MainPID") == pid
    SETTINGS.write_text(settings)
    install(NEXT)
    assert show("tina4-sidecar", "MainPID") != pid
    eventually(is_ready, "ready again")


def test_what_an_administrator_has_stopped_and_disabled_stays_so():
    do("systemctl disable --now tina4-sidecar.service tina4-sidecar.socket")
    install(NEW)
    assert states(OURS[:2]) == ["inactive"] * 2
    assert states(OURS[:2], "is-enabled") == ["disabled"] * 2
    do("systemctl enable --now tina4-sidecar.socket tina4-sidecar.service")
    eventually(is_ready, "ready again")


def names():
    return " ".join(says(f"dpkg-deb -f {deb} Package") for deb in NEXT.glob("*.deb"))


def test_removing_stops_everything_and_keeps_settings():
    settings = SETTINGS.read_text()
    do(f"apt-get -q -y remove {names()}")
    assert not says("pgrep -u tina4; pgrep -u tina4-app")
    assert SETTINGS.read_text() == settings
    install(NEW)
    assert states(OURS) == ["active"] * 3
    assert SETTINGS.read_text() == settings


def test_purging_leaves_nothing(before):
    do("echo DATABASE=secret >/etc/tina4/demo.env; systemctl enable --now " + " ".join(APP))
    do("systemctl stop nginx; rm /etc/nginx/sites-*/tina4")
    do(f"apt-get -q -y purge {names()}")
    assert sorted(all_files() - before) == []
    assert says("systemctl list-units --all --no-legend 'tina4*'") == ""
    assert not pathlib.Path("/run/tina4").exists()
