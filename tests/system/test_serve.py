"""deploy/serve, the quick start."""

import contextlib
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

    def hears(self, text):
        """Reads what it tells until that is told."""
        for line in self.popen.stderr:
            if text in line:
                return
        raise AssertionError(f"it has never told {text!r}")

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


def test_a_clone_that_was_configured_in_place_builds_too(tmp_path):
    """And with what was made there out of the way: it may have other options."""
    clone = tmp_path / "clone"
    clone.mkdir()
    subprocess.run(f"tar -C {TOP} --exclude=./build --exclude=./.git -cf - . | tar -C {clone} -xf - && cd {clone} && "
                   "git init -q && git add -A && autoreconf -fi >auto.log 2>&1 && ./configure >conf.log && "
                   "echo nonsense >shared/buf.o && echo nonsense >tina4", shell=True, check=True)
    done = subprocess.run([clone / "deploy/build", clone / "build/serve", "tina4", "--", "--disable-shared"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "usage: tina4" in subprocess.run([clone / "build/serve/tina4", "--help"], capture_output=True, text=True).stdout
    assert (clone / "config.status").exists() and (clone / "tina4").read_text() == "nonsense\n"


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
def test_a_part_that_dies_is_started_again(serve, name):
    one = serve().ready()
    parts = one.parts()
    for pid in (pid for pid, comm in parts.items() if comm == name):
        os.kill(pid, signal.SIGKILL)

    def has_others():
        now = one.parts()
        return sorted(now.values()) == sorted(parts.values()) and name not in [parts.get(pid) for pid in now]

    eventually(has_others, "others are there")

    def answers():
        with Client(f"ws://localhost:{one.port}/ws/echo") as client:
            return client.ask("hi") == "Echo: hi" and http(one.port, "GET", "/chat/general").status == 200

    eventually(tried(answers), "all of it answers")
    status, err = one.end()
    assert status == 0
    told = [line for line in err.splitlines() if line.startswith("tina4-serve: ")]
    assert f"tina4-serve: {({'demo': 'app'}).get(name, name)} was ended by SIGKILL; it is started again" in told
    assert "Killed" not in err


def tried(condition):
    def attempt():
        with contextlib.suppress(Exception):
            return condition()
        return False
    return attempt


def test_settings_are_passed_on(serve):
    one = serve(TINA4_WS_MAX_MESSAGE="1000").ready()
    with Client(f"ws://localhost:{one.port}/ws/echo") as client:
        client.send("x" * 1001)
        assert client.closed()[0] == 1009


def test_a_wrong_setting_is_shown(serve):
    status, err = serve(TINA4_WS_MAX_MESSAGE="many").end(None)
    assert status == 1
    assert "TINA4_WS_MAX_MESSAGE" in err


# --- what a developer does -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """tina4 as `make install` leaves it: its prefix, and what makes a Makefile find it."""
    build = TOP / "build" / "serve"
    subprocess.run([TOP / "deploy" / "build", build, "all", "--", "--disable-shared", "--enable-static"], check=True)
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(["make", "-s", "-C", build, "install", f"DESTDIR={folder}"], check=True, stdout=subprocess.DEVNULL)
    prefix = next(folder.rglob("bin/tina4-sidecar")).parent.parent
    return prefix, {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "PKG_CONFIG": "pkg-config --define-prefix --static",
                    "PKG_CONFIG_PATH": str(next(prefix.rglob("libtina4.pc")).parent),
                    "XDG_RUNTIME_DIR": str(folder), "XDG_STATE_HOME": str(folder / "state")}


def tina4(installed, *arguments, cwd=None, status=0):
    prefix, env = installed
    done = subprocess.run([prefix / "bin" / "tina4", *arguments], cwd=cwd, capture_output=True, text=True, timeout=60,
                          env={**os.environ, **env}, stdin=subprocess.DEVNULL)
    assert status is None or done.returncode == status, done.stderr
    return done.stderr if status else done.stdout


def new_app(installed, folder):
    tina4(installed, "new", folder)
    return folder


@pytest.fixture
def develop(installed, serve):
    prefix, env = installed

    def start(*arguments, **options):
        return serve(*map(str, arguments), command=[prefix / "bin" / "tina4", "serve"], **{**env, **options})

    return start


def test_a_new_app_is_right(installed, tmp_path):
    shop = new_app(installed, tmp_path / "shop")
    done = subprocess.run(["make", "check"], cwd=shop, capture_output=True, text=True, env={**os.environ, **installed[1]})
    assert done.returncode == 0 and "warning" not in done.stderr + done.stdout, done.stderr
    settings = (shop / ".env").read_text()
    assert "@" not in settings and (shop / ".env").stat().st_mode & 0o077 == 0
    assert not [path for path in shop.rglob("*") if path.suffix in (".c", ".h", ".html") and "@NAME@" in path.read_text()]
    subprocess.run(["make", "-s", "install", f"DESTDIR={tmp_path}/there"], cwd=shop, check=True,
                   env={**os.environ, **installed[1]})
    assert (tmp_path / "there/usr/local/share/tina4/apps/shop/templates/index.html").exists()
    assert os.access(tmp_path / "there/usr/local/lib/tina4/shop", os.X_OK)


@pytest.mark.parametrize("name, why", [("Shop", "cannot be its name"), ("main", "cannot be its name"), ("", "usage"),
                                       ("full", "has something in it"), ("file", "is no folder"), ("a#b", "cannot be")])
def test_a_name_that_will_not_do(installed, tmp_path, name, why):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run([installed[0] / "share/tina4/deploy/tina4-new", *([tmp_path / name] if name else [])],
                          capture_output=True, text=True)
    assert done.returncode in (1, 2) and why in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def form_of(page):
    """The cookie that a page sets, as a header, and the token of its form."""
    token = re.search(rb'name="formToken" value="([\w-]+)"', page.body)[1]
    return {"Cookie": page.headers["set-cookie"].split(";")[0]}, token


def test_a_folder_is_built_and_served(installed, develop, tmp_path):
    shop = new_app(installed, tmp_path / "shop")
    one = develop(shop).ready()
    page = http(one.port, "GET", "/")
    assert b"<h1>shop</h1>" in page.body
    cookie, token = form_of(page)
    assert http(one.port, "GET", "/js/app.js").status == http(one.port, "GET", "/css/app.css").status == 200
    assert http(one.port, "GET", "/js/frond.js").status == 200
    with Client(f"ws://localhost:{one.port}/ws/board") as client:
        assert client.receive_json() == {"online": 1}
        said = http(one.port, "POST", "/say", {**FORM, **cookie}, b"text=hi&formToken=" + token)
        assert said.status == 303 and client.receive_json() == {"text": "hi"}
    status, err = one.end()
    assert status == 0
    # Each request has a line, and what serve itself asked has none.
    assert [line for line in err.splitlines() if "answered" in line] == [
        "shop: info: answered method=GET path=/ status=200", "shop: info: answered method=POST path=/say status=303"]
    assert "refused" not in err


def test_a_folder_that_does_not_compile(installed, develop, tmp_path):
    shop = new_app(installed, tmp_path / "shop")
    (shop / "app.c").write_text("nonsense")
    status, err = develop(shop).end(None)
    assert status == 1 and "app.c:1" in err and "the build failed" in err


def test_the_command_finds_who_is_served(installed, develop, tmp_path):
    shop, mall = new_app(installed, tmp_path / "shop"), new_app(installed, tmp_path / "mall")
    one = develop(shop).ready()
    with Client(f"ws://localhost:{one.port}/ws/board") as client:
        client.receive_json()
        assert tina4(installed, "count", "/ws/board", cwd=tmp_path) == "1\n"
        other = develop(mall).ready()
        assert tina4(installed, "count", "/ws/board", cwd=shop) == "1\n"
        assert tina4(installed, "count", "/ws/board", cwd=mall) == "0\n"
        assert "2 apps are served" in tina4(installed, "count", "/ws/board", cwd=tmp_path, status=3)
        os.kill(other.popen.pid, signal.SIGKILL)  # its file stays
        eventually(lambda: tina4(installed, "count", "/ws/board", cwd=tmp_path, status=None) == "1\n", "who was killed counts for nothing")
        tina4(installed, "push", "/ws/board", '{"text":"from a shell"}', cwd=tmp_path)
        assert client.receive_json() == {"text": "from a shell"}
    assert one.end()[0] == 0
    tina4(installed, "count", "/ws/board", cwd=tmp_path, status=3)


@pytest.mark.parametrize("how", ["open", "link"])
def test_a_folder_that_others_may_write_is_not_used(installed, develop, tmp_path, how):
    """A link of theirs would be written through, and a secret read."""
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    runtime = tmp_path / "runtime"
    if how == "open":
        (runtime / "tina4-serve").mkdir(parents=True)
        runtime.chmod(0o777)
    else:
        runtime.symlink_to(theirs)
    one = develop(str(BUILD / "tests/system/app"), XDG_RUNTIME_DIR=str(runtime)).ready()
    status, err = one.end()
    assert status == 0 and "`tina4 push` needs TINA4_BUS=" in err
    assert not list(theirs.rglob("*"))


def test_the_secret_and_sessions_outlive_it(installed, develop):
    app = str(BUILD / "tests/system/app")
    one = develop(app).ready()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = http(one.port, "POST", "/login", form, b"user=carol")
    cookie = answer.headers["set-cookie"].split(";")[0]
    bearer = {"Authorization": f"Bearer {answer.json['token']}"}
    assert one.end()[0] == 0
    one = develop(app, port=one.port).ready()
    assert http(one.port, "GET", "/me", bearer).json["sub"] == "carol"
    with Client(f"ws://localhost:{one.port}/ws/members", header={"Cookie": cookie}) as client:
        assert client.receive() == "hello carol"
    assert one.end()[0] == 0


def test_a_crash_is_shown_with_its_line(installed, develop, tmp_path):
    shop = new_app(installed, tmp_path / "shop")
    source = (shop / "app.c").read_text()
    wrong = source.replace("	(void)req;\n", "	*(volatile int *)0 = 1;\n	(void)req;\n", 1)
    (shop / "app.c").write_text(wrong)
    line = wrong[:wrong.index("volatile")].count("\n") + 1
    one = develop(shop).ready()
    assert http(one.port, "GET", "/").status == 502
    eventually(tried(lambda: http(one.port, "POST", "/say").status == 403), "it is there again")
    status, err = one.end()
    assert status == 0
    assert "shop: error: crashed signal=SIGSEGV" in err and f"    at show at app.c:{line}" in err
    assert "tina4-serve: app was ended by SIGSEGV; it is started again" in err


def test_a_change_is_built_and_pages_reload(installed, develop, tmp_path):
    shop = new_app(installed, tmp_path / "shop")
    one = develop("--watch", shop).ready()
    assert b"tina4-serve/reload" in http(one.port, "GET", "/js/frond.js").body
    with Client(f"ws://localhost:{one.port}/ws/tina4-serve/reload") as page, \
            Client(f"ws://localhost:{one.port}/ws/board") as client:
        client.receive_json()
        for path, before, after in (("app.c", '"title", "shop"', '"title", "mall"'),
                                    ("templates/index.html", "<h1>", "<h1>The "),
                                    ("static/css/app.css", "40rem", "50rem")):
            (shop / path).write_text((shop / path).read_text().replace(before, after))
            assert page.receive() == "now"
        assert b"<h1>The mall</h1>" in http(one.port, "GET", "/").body
        (shop / "app.c").write_text("nonsense")
        one.hears("the build failed; what ran before runs on")
        assert b"<h1>The mall</h1>" in http(one.port, "GET", "/").body
        tina4(installed, "push", "/ws/board", "still", cwd=shop)
        assert client.receive() == "still"
    assert one.end()[0] == 0


# --- handlers in other languages ----------------------------------------------------------------


CHAPTER = TOP / "fcgi" / "examples" / "chapter" / "index.php"
README_CHAT = re.search(r"```php\n(<\?php\n.*?)```", (TOP / "README.md").read_text(), re.S)[1]


def test_the_chapter_in_php(serve):
    one = serve("--php", str(CHAPTER)).ready()
    with Client(f"ws://localhost:{one.port}/ws/livechat/a", origin=None) as client:
        assert client.receive_json()["online"] == 1
        client.send_json({"type": "set-username", "username": "Ann"})
        assert client.receive_json()["message"] == "Anonymous is now known as Ann"
    assert b"Chat Room: general" in http(one.port, "GET", "/chat/general").body
    assert http(one.port, "GET", "/js/frond.js").status == 200
    with Client(f"ws://localhost:{one.port}/ws/notifications/42", origin=None) as client:
        client.receive()
        shipped = http(one.port, "POST", "/api/orders/7/ship", {"Content-Type": "application/json"}, b'{"user_id":42}')
        assert shipped.status == 200 and client.receive_json()["type"] == "notification"
    pids = list(one.parts())
    assert one.end()[0] == 0
    assert not [pid for pid in pids if pathlib.Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("events", ["stay", "fpm"])
def test_a_file_of_php_that_changes(develop, tmp_path, events):
    """The README's, which needs no line that brings tina4.php."""
    file = tmp_path / "chat.php"
    file.write_text(README_CHAT)
    one = develop("--watch", "--events", events, f"--php={file}").ready()
    url = f"ws://localhost:{one.port}"
    with Client(f"{url}/ws/chat/x", origin=None) as client, Client(f"{url}/ws/orders/7", origin=None) as order:
        assert client.receive() == "Someone joined x"
        assert client.ask("hi") == "hi"
        shipped = http(one.port, "POST", "/orders/7/ship")
        assert (shipped.status, shipped.json) == (200, {"pushed": "yes"})
        assert order.receive_json() == {"type": "shipped"}
        file.write_text(README_CHAT + "\nRouter::websocket('/ws/new', fn ($c, $e, $d) => $c->send('new'));\n")
        one.hears("renewed")
        assert client.ask("still here") == "still here"
        with Client(f"{url}/ws/new", origin=None) as new:
            assert new.receive() == "new"


def test_a_program_that_stays_and_files_for_pages(serve, tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "index.html").write_text("<p>a page</p>")
    program = TOP / "fcgi" / "examples" / "handlers" / "auction.pl"
    one = serve("--exec", f"perl {program}", command=(BUILD / "tina4", "serve"), cwd=tmp_path,
                PERL5LIB=str(TOP / "fcgi" / "bridge"), ASAN_OPTIONS="detect_leaks=0").ready()
    assert http(one.port, "GET", "/").body == b"<p>a page</p>"
    with Client(f"ws://localhost:{one.port}/ws/auction/1", origin=None) as client:
        assert client.receive_json() == {"type": "highest", "bid": 0}


@pytest.mark.parametrize("arguments, why", [
    (("--php", "/nowhere.php"), "no file"), (("--php", str(CHAPTER), "--web", "apache"), "nginx"),
    (("--php", str(CHAPTER), "--events", "x"), "--events"), (("--php", str(CHAPTER), "/bin/true"), "no other"),
    (("--exec", "true", "--web", "apache"), "nginx"), (("--exec",), "value")])
def test_wrong_arguments_for_other_languages(serve, arguments, why):
    status, err = serve(*arguments, command=(BUILD / "tina4", "serve"), ASAN_OPTIONS="detect_leaks=0").end(None)
    assert status == 2 and why in err, err
