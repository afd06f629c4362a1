"""The installed units under a systemd that runs as process 1, in namespaces of its own."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from stack import BUILD, eventually
from web import TOP

BOOT_SECONDS = 30
SERVICES = ["tina4-sidecar", "tina4-app@demo", "tina4-worker@demo"]
ENV = "/usr/local/etc/tina4/tina4.env"
# Below the hardening, leaks cannot be looked for: the checker traces its process.
SANITIZERS = r"[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n"


class Machine:
    """A booted root, and commands within."""

    def __init__(self, folder):
        self.root, self.installed, self.log = folder / "root", folder / "installed", folder / "console"
        self.root.mkdir()
        subprocess.run(["make", "-s", "-C", BUILD, "install", f"DESTDIR={self.installed}"], check=True,
                       capture_output=True)
        for name in "etc", "lib/tina4":
            (self.installed / "usr/local" / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(BUILD / "fcgi/examples/demo", self.installed / "usr/local/lib/tina4/demo")
        shutil.copy(BUILD / "tests/system/app", self.installed / "usr/local/lib/tina4/shop")

    def boot(self):
        """Returns None, or why this machine cannot boot another."""
        namespaces = ["unshare", "-m", "-p", "-n", "-u", "-i", "-C", "--fork", "--kill-child"]
        boot = pathlib.Path(__file__).with_name("boot")
        with open(self.log, "wb") as log:
            self.unshare = subprocess.Popen([*namespaces, boot, self.root, self.installed], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        end = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < end:
            if self.unshare.poll() is not None:
                break
            if self.run("systemctl is-active basic.target").stdout.strip() == "active":
                return None
            time.sleep(0.1)
        return self.log.read_text(errors="replace")[-500:]

    def init(self):
        """The pid of its systemd, or None before there is one."""
        try:
            task = pathlib.Path(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}")
            pid, = (task / "children").read_text().split()
            return pid if os.path.samefile(f"/proc/{pid}/exe", "/lib/systemd/systemd") else None
        except (OSError, ValueError):
            return None

    def run(self, command):
        pid = self.init()
        if pid is None:
            return subprocess.CompletedProcess(command, 1, "", "it has not booted")
        return subprocess.run(["nsenter", "-t", pid, "-a", "bash", "-c", command], text=True, capture_output=True, errors="replace",
                              stdin=subprocess.DEVNULL)

    def do(self, command):
        done = self.run(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}\n{self.journal()}"
        return done.stdout

    def show(self, unit, what):
        return self.run(f"systemctl show -P {what} {unit}").stdout.strip()

    def journal(self):
        return self.run("journalctl --no-pager -b -o cat -u 'tina4*'").stdout[-4000:]

    def stop(self):
        if self.unshare.poll() is None:
            self.unshare.send_signal(signal.SIGKILL)
        self.unshare.wait()


@pytest.fixture(scope="module")
def machine():
    if os.geteuid() != 0:
        pytest.skip("only root can boot a systemd")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tina4-boot-"))
    machine = Machine(folder)
    try:
        why = machine.boot()
        if why is not None:
            pytest.skip(f"this machine cannot boot a systemd in namespaces: {why}")
        follow_the_guide(machine)
        yield machine
    finally:
        machine.stop()
        shutil.rmtree(folder)


def commands_of(step):
    """The commands of a step of deploy/install.md, as root gives them."""
    section = re.search(rf"^## {step}\. .*?(?=^## )", (TOP / "deploy" / "install.md").read_text(), re.M | re.S)[0]
    return re.findall(r"^    (.*)$", section.replace("sudo ", ""), re.M)


def follow_the_guide(machine):
    """deploy/install.md, but for its build, and the copy of the app."""
    machine.do("mkdir -p /etc/systemd/system/service.d")
    machine.do(f"printf '{SANITIZERS}' >/etc/systemd/system/service.d/sanitizers.conf")
    answers = [machine.do(command) for step in (2, 4) for command in commands_of(step)]
    heads = re.findall(r"^HTTP/1\.1 (\d+)", answers[-1], re.M)  # one for each try
    assert heads[-1:] == ["200"], answers


def is_ready(machine):
    return machine.run("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:7147/readyz").stdout == "200"


def test_services_run(machine):
    assert [machine.show(service, "ActiveState") for service in SERVICES] == ["active"] * 3
    assert [machine.show(service, "NRestarts") for service in SERVICES] == ["0"] * 3, machine.journal()


def test_a_user_of_the_apps_may_push_and_no_other(machine):
    push = "/usr/local/bin/tina4 push /ws/echo news"
    machine.do(f"setpriv --reuid tina4-app --regid tina4-app --init-groups {push}")
    refused = machine.run(f"setpriv --reuid nobody --regid nogroup --clear-groups {push}")
    assert (refused.returncode, "closed to this user" in refused.stderr) == (3, True), refused.stderr


def test_the_command_takes_the_installed_settings(machine):
    assert machine.do("cd / && /usr/local/bin/tina4 token sub=42").count(".") == 2
    assert machine.run("cd / && TINA4_ENV_FILE=/dev/null /usr/local/bin/tina4 token sub=42").returncode == 2
    machine.do("setpriv --reuid tina4-app --regid tina4-app --init-groups /usr/local/bin/tina4 check")


def test_the_journal_knows_how_bad_it_is(machine):
    machine.do(f"pkill -KILL -P {machine.show('tina4-worker@demo', 'MainPID')}")
    warnings = "journalctl --no-pager -b -o cat -p warning -u tina4-sidecar"
    eventually(lambda: "tina4-sidecar: warn: worker disconnected" in machine.run(warnings).stdout, "it is a warning")
    assert "info:" not in machine.do(warnings)
    eventually(lambda: is_ready(machine), "ready again")


def test_a_web_server_gets_a_websocket_and_a_page(machine):
    upgrade = ("curl -si -m 2 --unix-socket /run/tina4/ws.sock -H 'Connection: Upgrade' -H 'Upgrade: websocket'"
               " -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' http://x/ws/echo")
    as_web_server = "setpriv --reuid www-data --regid www-data --clear-groups"
    assert machine.run(f"{as_web_server} {upgrade}").stdout.startswith("HTTP/1.1 101")
    assert machine.run(f"{as_web_server} test -w /run/tina4/demo.sock").returncode == 0


def test_threads_of_the_app_give_way(machine):
    pid = machine.show("tina4-app@demo", "MainPID")
    threads = machine.do(f"chrt -a -p {pid}")
    assert "SCHED_BATCH" in threads, threads


def test_reloading(machine):
    machine.do(f"echo TINA4_WORKER_WAIT=7 >>{ENV}")
    machine.do("systemctl reload tina4-sidecar")
    eventually(lambda: re.search(r'reloaded changed="?\S*WORKER_WAIT', machine.journal()), "it has reloaded")


def test_the_watchdog_ends_a_sidecar_that_hangs(machine):
    machine.do("mkdir -p /run/systemd/system/tina4-sidecar.service.d")
    machine.do("printf '[Service]\\nWatchdogSec=2\\n' >/run/systemd/system/tina4-sidecar.service.d/watchdog.conf")
    machine.do("systemctl daemon-reload && systemctl restart tina4-sidecar")
    eventually(lambda: is_ready(machine), "ready")
    machine.do(f"kill -STOP {machine.show('tina4-sidecar', 'MainPID')}")
    eventually(lambda: machine.show("tina4-sidecar", "NRestarts") == "1", "systemd has started another")
    eventually(lambda: is_ready(machine), "ready again")


def test_the_watchdog_ends_workers_whose_supervisor_hangs(machine):
    machine.do("mkdir -p /run/systemd/system/tina4-worker@.service.d")
    machine.do("printf '[Service]\\nWatchdogSec=2\\n' >/run/systemd/system/tina4-worker@.service.d/watchdog.conf")
    machine.do("systemctl daemon-reload && systemctl restart tina4-worker@demo")
    before = int(machine.show("tina4-worker@demo", "NRestarts"))
    machine.do(f"kill -STOP {machine.show('tina4-worker@demo', 'MainPID')}")
    eventually(lambda: int(machine.show("tina4-worker@demo", "NRestarts")) > before, "systemd has started another")
    eventually(lambda: is_ready(machine), "ready again")
    machine.do("rm -r /run/systemd/system/tina4-worker@.service.d && systemctl daemon-reload")


def test_a_reload_replaces_the_workers(machine):
    supervisor = machine.show("tina4-worker@demo", "MainPID")
    before = machine.do(f"pgrep -P {supervisor}")
    machine.do("cd /usr/local/lib/tina4 && cp demo .demo && mv .demo demo && systemctl reload tina4-worker@demo")
    eventually(lambda: "workers replaced" in machine.journal(), "they are replaced")
    assert machine.show("tina4-worker@demo", "MainPID") == supervisor
    after = machine.do(f"pgrep -P {supervisor}")
    assert not {*after.split()} & {*before.split()}
    assert is_ready(machine)


# What systemd starts five times within 10 s it gives up, unless it is told not to.
MANY = 7
SHOP = ["tina4-app@shop", "tina4-worker@shop"]


def test_when_the_database_comes_back_so_does_the_site(machine):
    machine.do("echo APP_HOOKS=/run/database >/usr/local/etc/tina4/shop.env")
    machine.do("systemctl start tina4-app@shop.socket && systemctl start --no-block " + " ".join(SHOP))
    for unit in SHOP:
        eventually(lambda: int(machine.show(unit, "NRestarts")) >= MANY, f"{unit} has failed often", 60)
    assert machine.show("tina4-app@shop.socket", "ActiveState") == "active"
    machine.do("touch /run/database")
    for unit in SHOP:
        eventually(lambda: machine.show(unit, "ActiveState") == "active", f"{unit} is back", 60)
    answer = machine.do("curl -s http://127.0.0.1:7147/readyz")
    assert answer.strip() == '{"status":"ready"}', answer
    machine.do("systemctl stop tina4-app@shop.socket " + " ".join(SHOP))


def test_a_sidecar_that_dies_often_comes_back(machine):
    for _ in range(MANY):
        pid = machine.show("tina4-sidecar", "MainPID")
        machine.do(f"kill -9 {pid}")
        eventually(lambda: machine.show("tina4-sidecar", "MainPID") not in (pid, "0"), "there is another", 60)
    eventually(lambda: is_ready(machine), "ready again")
    assert machine.show("tina4-sidecar.socket", "ActiveState") == "active"


def steps_of(guide):
    """The commands of a guide's numbered steps, as root gives them where all packages are there."""
    text = re.search(r"^## 1\. .*?(?=^## [^1-9])", (TOP / "deploy" / guide).read_text(), re.M | re.S)[0]
    lines = re.findall(r"^    (.*)$", text.replace("sudo ", ""), re.M)
    return [line for line in lines if not line.startswith("apt-get ")]


UPGRADE = ("curl -si -m 2 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13'"
           " -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' http://localhost")


def test_the_guide_for_php(machine):
    """Both of its ways, one after the other, from the browser's side."""
    machine.do("mkdir -p /srv /var/lib/nginx /var/log/nginx && systemctl stop tina4-app@demo.socket tina4-app@demo tina4-worker@demo"
               " && systemctl mask systemd-networkd-wait-online")  # nginx would wait for a network
    steps = steps_of("php.md")
    look = steps.index("curl -fsS --retry 5 --retry-connrefused http://127.0.0.1:7147/readyz")
    second = next(i for i, line in enumerate(steps) if line.startswith("printf") and "TINA4_FASTCGI" in line)
    for part in (steps[:second], steps[second:]):
        done = machine.run("set -e\n" + "\n".join([*part, *(steps[look:] if part is steps[:second] else [])]))
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{machine.journal()}"
        eventually(lambda: "101 Switching" in machine.run(f"{UPGRADE}/ws/livechat/x").stdout, "a handler opens it")
        assert machine.do(f"{UPGRADE}/ws/livechat/x || true").count("Connected to room: x") == 1
        assert "Chat Room: general" in machine.do("curl -fsS http://localhost/chat/general")
        assert "user notified" in machine.do("curl -fsS -H 'Content-Type: application/json' -d '{\"user_id\":42}'"
                                             " http://localhost/api/orders/7/ship")


def test_the_guide_for_other_languages(machine):
    """Each program of it, in turn, as the unit runs it."""
    text = (TOP / "deploy" / "handlers.md").read_text()
    blocks = [re.sub("(?m)^    ", "", block).replace("sudo ", "")
              for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text[text.index("## 2."):text.index("## 4.")], re.M)]
    start = next(block for block in blocks if "enable --now" in block)
    for block in (block for block in blocks if "TINA4_EXEC" in block):
        machine.do(f"mkdir -p /srv/echo; {block}")
        machine.do(f"systemctl restart tina4-handlers@echo; {start}")
        eventually(lambda: "101 Switching" in machine.run(f"curl --unix-socket /run/tina4/ws.sock {UPGRADE[5:]}/ws/echo/a").stdout,
                   "a handler opens it")
        machine.do("systemctl reload tina4-handlers@echo")
    machine.do("systemctl stop tina4-handlers@echo")


def states_at_rest(machine):
    states = [machine.show(service, "ActiveState") for service in SERVICES]
    return states if {*states} <= {"inactive", "failed"} else None


def test_the_target_stops_all(machine):
    machine.do("systemctl stop tina4.target")
    states = eventually(lambda: states_at_rest(machine), "all are stopped")
    assert states == ["inactive"] * 3, machine.journal()
    assert machine.show("tina4-sidecar.socket", "ActiveState") == "inactive"
