"""Programs and scripts that break the protocol: what tina4 worker does about them, and that others lose nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from elsewhere import ORDERS, Elsewhere
from fastcgi import END, STDOUT, record
from stack import BUILD, eventually
from test_supervisor import Talk, given_up

PYTHON = f"{sys.executable} -u"

# Answers as it is told: by the message, or else with nothing.
PROGRAM = """
import json, os, sys, time
for line in sys.stdin:
    event = json.loads(line)
    if event["event"] == "routes":
        print(json.dumps({"routes": [{"route": "/ws/x/{n}"}]}))
    elif event["event"] == "message":
        what, _, rest = event.get("text", "").partition(" ")
        if what == "print":
            os.write(1, rest.encode() + b"\\n")
        elif what == "say":
            print(json.dumps({"commands": [{"command": "send", "text": rest}]}))
        elif what == "python":
            exec(rest)
        else:
            print()
    else:
        print("{}")
"""


@pytest.fixture
def stack(make_stack):
    made = make_stack(Elsewhere, handlers="")
    program = made.dir / "program.py"
    program.write_text(PROGRAM)
    made.worker.argv[-1] = f"{PYTHON} {program}"
    return made.start("sidecar", "worker")


# --- a program that stays ---------------------------------------------------------------

WRONG_LINES = {
    "no JSON": "print junk",
    "no object": "print []",
    "a NUL": 'print {"a":"\\u0000"}',
    "not UTF-8": "python os.write(1, b'{\"a\":\"\\xff\"}\\n')",
    "another id": 'print {"id":"00000000000000000000000000000000"}',
    "without an end": "python\nwhile True: os.write(1, b'x' * 65536)",
}


@pytest.mark.parametrize("order", WRONG_LINES.values(), ids=WRONG_LINES)
def test_a_line_that_is_no_answer(stack, order):
    with stack.ws("/ws/x/1", direct=True) as innocent, stack.ws("/ws/x/2", direct=True) as wrong:
        wrong.send(order.replace("python\n", "python "))
        innocent.send("say here")
        assert wrong.closed()[0] == 1011, "its event is given up"
        assert innocent.receive() == "here"
    eventually(lambda: sum("program killed" in line for line in stack.worker.lines()) == 3, "the log says so")
    said = [line for line in stack.worker.lines() if "program killed" in line]
    assert len(said) == 3 and all("command=" in line and "program.py" in line and "line=" in line for line in said)
    eventually(lambda: len(given_up(stack)) == 1, "the log says so")


def test_what_one_event_leaves_is_not_laid_to_another(stack):
    """One prints a line too many, again and again, just before somebody else's event: that one is not given up."""
    with stack.ws("/ws/x/1", direct=True) as wrong, stack.ws("/ws/x/2", direct=True) as innocent:
        for _ in range(4):
            wrong.send('print {"commands":[]}\n{"id":"00000000000000000000000000000000"}')
        assert innocent.ask("say here") == "here"
    assert given_up(stack) == []


def test_an_answer_to_no_question(stack):
    with stack.ws("/ws/x/1", direct=True) as client:
        client.send('print {}\n{"commands":[]}')
        assert client.ask("say here") == "here"
    eventually(lambda: any("what was not asked" in line for line in stack.worker.lines()), "the log says so")
    assert given_up(stack) == [], "nobody is to blame"


WRONG_COMMANDS = {
    '{"commands":{}}': "no array",
    '{"commands":[1]}': "is missing",
    '{"commands":[{"command":"sned"}]}': 'no command \\"sned\\"',
    '{"commands":[{"command":"send"}]}': "needs a string",
    '{"commands":[{"command":"send","text":"a"},{"command":"send","base64":"YQ="}]}': "command 2",
    '{"commands":[{"command":"send","base64":"YWJj\\n"}]}': "base64",
    '{"commands":[{"command":"set","name":"a","value":1}]}': "must be a string",
    '{"commands":[{"command":"broadcast","text":"a","exclude_sender":1}]}': "true or false",
    '{"commands":[{"command":"close","code":1.5}]}': "RFC 6455",
    '{"fail":"no luck"}': "no luck",
}


@pytest.mark.parametrize("answer", WRONG_COMMANDS)
def test_a_wrong_command_costs_its_event(stack, answer):
    with stack.ws("/ws/x/1", direct=True) as client:
        client.send(f"print {answer}")
        assert client.ask("say here") == "here", "nothing of it happened"
        said = eventually(lambda: [line for line in stack.worker.lines()
                                   if "answer not understood" in line or "handler gave up" in line], "the log says so")
        assert len(said) == 1 and WRONG_COMMANDS[answer] in said[0] and "path=/ws/x/1" in said[0], said


def test_a_large_answer_and_a_large_question(stack):
    with stack.ws("/ws/x/1", direct=True) as client:
        assert client.ask("say " + "x" * 1000000) == "x" * 1000000
        many = ", ".join(['{"command":"send","text":"' + "y" * 300000 + '"}'] * 3)
        client.send('print {"commands":[' + many + "]}")
        assert [client.receive() for _ in range(3)] == ["y" * 300000] * 3


def test_a_program_that_does_not_read(stack):
    """Its pipe is full, and then some; nothing is lost when it goes on."""
    with stack.ws("/ws/x/1", direct=True) as first, stack.ws("/ws/x/2", direct=True) as other:
        first.send(f"python exec(\"while not os.path.exists('{stack.dir}/go'): time.sleep(.01)\\nprint()\")")
        for n in range(40):
            other.send(f"say {n}" + " " * 100000)
        (stack.dir / "go").touch()
        assert [other.receive().strip() for _ in range(40)] == [str(n) for n in range(40)]


def run(stack, *args, **env):
    return subprocess.run([BUILD / "tina4", "worker", *args], env={**os.environ, **stack.env, **env}, text=True,
                          capture_output=True, timeout=60, check=False, cwd=stack.dir)


WRONG_USES = {
    "": "neither --exec",
    "--exec x --fastcgi unix:/x": "needs a script",
    "--fastcgi unix:/x nowhere.php": "nowhere.php",
    "--fastcgi unix:/x": "needs a script",
    "--requests 0 --exec x": "TINA4_REQUESTS",
    "--processes many --exec x": "TINA4_WORKERS",
    "--nonsense": "usage",
    "--exec": "usage",
    "--exec x y z": "usage",
}


@pytest.mark.parametrize("args", WRONG_USES)
def test_wrong_use_is_one_line_and_2(make_stack, args):
    done = run(make_stack(), *args.split())
    assert done.returncode == 2 and WRONG_USES[args] in done.stderr, done.stderr


def test_check_prints_the_routes(make_stack, handlers="python"):
    stack = make_stack()
    done = run(stack, "--check", "--exec", f"{PYTHON} {ORDERS}/orders.py")
    assert done.returncode == 0 and "/ws/script/{room}" in done.stdout and "(push only)" in done.stdout, done.stderr
    assert "(secure)" in done.stdout
    for wrong, why in (("true", "program ended"), ("exec cat", "array"), ("sleep 100", "routes"), ("/no/program", "exit-127"),
                       ("echo '{\"routes\":[]}'", "no route"), ("echo '{\"routes\":[{\"route\":\"x\"}]}'", "refused")):
        done = run(stack, "--check", "--timeout", "1", "--exec", wrong)
        assert done.returncode == 1 and why in done.stderr, (wrong, done.stderr)


def test_check_of_a_script(make_stack):
    stack = make_stack(Elsewhere, handlers="fpm")
    address = f"unix:{stack.dir}/fpm.sock"
    done = run(stack, "--check", "--fastcgi", address, str(ORDERS / "orders.php"))
    assert done.returncode == 1 and "No such file" in done.stderr, done.stderr
    stack.start("fpm")
    done = run(stack, "--check", "--fastcgi", address, str(ORDERS / "orders.php"))
    assert done.returncode == 0 and "/ws/script/{room}" in done.stdout, done.stderr
    done = run(stack, "--check", "--fastcgi", address, "/nowhere/x.php")
    assert done.returncode == 1 and "404" in done.stderr and "script" in done.stderr, done.stderr
    done = run(stack, "--check", "--fastcgi", "nonsense", str(ORDERS / "orders.php"))
    assert done.returncode == 1 and "nonsense" in done.stderr


def test_the_settings_are_the_arguments(make_stack):
    """TINA4_EXEC, or TINA4_FASTCGI, TINA4_SCRIPT and TINA4_REQUESTS; arguments come before them."""
    stack = make_stack(Elsewhere, handlers="fpm", requests=2)
    stack.start("fpm")
    script = str(ORDERS / "orders.php")
    done = run(stack, "--check", TINA4_FASTCGI=f"unix:{stack.dir}/fpm.sock", TINA4_SCRIPT=script)
    assert done.returncode == 0 and "/ws/script/{room}" in done.stdout, done.stderr
    done = run(stack, "--check", "--exec", "true", TINA4_FASTCGI=f"unix:{stack.dir}/fpm.sock", TINA4_SCRIPT=script)
    assert done.returncode == 1 and "program ended" in done.stderr
    done = run(stack, "--check", TINA4_EXEC=f"{PYTHON} {ORDERS}/orders.py")
    assert done.returncode == 0 and "/ws/script/{room}" in done.stdout, done.stderr


def test_tina4_check_asks_them(make_stack):
    stack = make_stack(Elsewhere, handlers="fpm")
    stack.start("sidecar", "fpm")

    def check(**env):
        done = subprocess.run([BUILD / "tina4", "check"], env={**os.environ, **stack.env, **env}, text=True,
                              capture_output=True, check=False, timeout=60)
        return [line for line in done.stdout.splitlines() if "handlers" in line]

    address = f"unix:{stack.dir}/fpm.sock"
    assert check() == []
    assert "7 routes" in check(TINA4_EXEC=f"{PYTHON} {ORDERS}/orders.py")[0]
    assert check(TINA4_EXEC="false")[0].startswith("WRONG")
    assert "routes" in check(TINA4_FASTCGI=address, TINA4_SCRIPT=str(ORDERS / "orders.php"))[0]
    assert check(TINA4_FASTCGI=address, TINA4_SCRIPT="/nowhere.php")[0].startswith("WRONG")
    assert check(TINA4_FASTCGI=address)[0].startswith("WRONG")


def test_routes_of_the_command_line(make_stack):
    """For a program that is not asked: TINA4_REQUESTS and the like do not matter to it."""
    stack = make_stack(Elsewhere, handlers="while read -r line; do echo '{\"commands\":[{\"command\":\"send\",\"text\":\"hi\"}]}'; done",
                       options=["--route", "/ws/a/{n:int}", "--route", "/ws/b,push-only", "--route", "/ws/c,secure"])
    stack.start("sidecar", "worker")
    with stack.ws("/ws/a/1", direct=True) as client:
        assert client.receive() == "hi"
        assert client.ask("x") == "hi"
    assert stack.handshake("/ws/b").status == 101
    assert stack.handshake("/ws/c").status == 401
    assert stack.handshake("/ws/a/x").status == 404


def test_a_changed_file_brings_new_routes(make_stack):
    stack = make_stack(Elsewhere, handlers="")
    program = stack.dir / "program.py"
    program.write_text(PROGRAM)
    stack.worker.argv[-2:] = ["--watch", program, "--exec", f"{PYTHON} {program}"]
    stack.worker.argv = [str(arg) for arg in stack.worker.argv]
    stack.start("sidecar", "worker")
    with stack.ws("/ws/x/1", direct=True) as client:
        assert client.ask("say here") == "here"
        program.write_text("nonsense(")
        eventually(lambda: any("workers not replaced" in line for line in stack.worker.lines()), "it is tried")
        assert client.ask("say still here") == "still here"
        program.write_text(PROGRAM.replace("]}))", ', {"route": "/ws/new"}]}))', 1))
        eventually(lambda: any("workers replaced" in line for line in stack.worker.lines()), "it is replaced")
        assert client.ask("say here") == "here"
        assert stack.handshake("/ws/new").status == 101


# --- FastCGI ----------------------------------------------------------------------------------

HEAD = b"Content-Type: application/json\r\n\r\n"
OK_END = record(END, bytes(8))
ROUTES = HEAD + json.dumps({"routes": [{"route": "/ws/x/{n}"}]}).encode()
HERE = HEAD + json.dumps({"commands": [{"command": "send", "text": "here"}]}).encode()


def answer(body):
    return b"".join(record(STDOUT, body[at:at + 60000]) for at in range(0, len(body), 60000)) + OK_END


class Application:
    """Speaks FastCGI as the test wants it: answers is called with each request's parameters and body."""

    def __init__(self, folder, answers):
        self.answers = answers
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(f"{folder}/fpm.sock")
        self.listening.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                conn, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(conn,), daemon=True).start()

    def one(self, conn):
        with conn:
            try:
                params, body = self.read(conn)
                for piece in self.answers(params, body):
                    conn.sendall(piece)
            except OSError:
                pass

    @staticmethod
    def read(conn):
        stream = conn.makefile("rb")
        pairs = body = b""
        while header := stream.read(8):
            kind, length = header[1], int.from_bytes(header[4:6], "big")
            content = stream.read(length)
            if kind == 9:  # GET_VALUES: it has none
                return {}, b""
            if kind == 4:
                pairs += content
            if kind == 5:
                if not length:
                    break
                body += content
        return parse_pairs(pairs), body

    def close(self):
        self.listening.close()


def parse_pairs(data):
    params = {}

    def length(at):
        return (data[at], at + 1) if data[at] < 128 else (int.from_bytes(data[at:at + 4], "big") & 0x7fffffff, at + 4)

    at = 0
    while at < len(data):
        name, at = length(at)
        value, at = length(at)
        params[data[at:at + name].decode()] = data[at + name:at + name + value].decode()
        at += name + value
    return params


@pytest.fixture
def applications():
    made = []
    yield made
    for app in made:
        app.close()


@pytest.fixture
def application(applications, make_stack):
    """A stack and an application whose answers the test makes; its open and close events are answered by nothing."""
    def make(answers, **settings):
        def all_answers(params, body):
            if params.get("TINA4_EVENT") == "message":
                return answers(params, body)
            return [answer(ROUTES if params.get("TINA4_EVENT") == "routes" else HEAD)] if params else []

        stack = make_stack(Elsewhere, handlers="fpm", script="/srv/x.php", **settings)
        stack.processes.remove(stack.fpm)
        stack.fpm = None
        applications.append(Application(stack.dir, all_answers))
        return stack.start("sidecar", "worker")

    return make


BAD_ANSWERS = {
    "nothing": ([], "ended without an answer"),
    "half a record": ([record(STDOUT, HERE)[:-5]], "ended without an answer"),
    "no end": ([record(STDOUT, HERE)], "ended without an answer"),
    "no FastCGI": ([b"HTTP/1.1 200 OK\r\n\r\n{}"], "no FastCGI"),
    "no head": ([answer(b"junk")], "does not begin with a head"),
    "garbage before the head": ([answer(b"\xff\x00junk\n" + HERE)], "does not begin with a head"),
    "a status": ([answer(b"Status: 500 Internal Server Error\r\n" + HERE)], "status is 500"),
    "a redirect": ([answer(b"Status: 302 Found\r\nLocation: /login\r\n\r\n")], "status is 302"),
    "no JSON": ([answer(HEAD + b"<html>")], "not JSON"),
    "10 MB": ([answer(HEAD + b"x" * (10 << 20))], "not JSON"),
    "40 MB": ([answer(HEAD + b" " * (40 << 20))], "too much"),
    "cut JSON": ([answer(HERE[:-3])], "not JSON"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_an_answer_that_is_none(application, name):
    pieces, why = BAD_ANSWERS[name]
    stack = application(lambda params, body: pieces if body == b"bad" else [answer(HERE)])
    with stack.ws("/ws/x/1", direct=True) as client, stack.ws("/ws/x/2", direct=True) as other:
        client.send("bad")
        client.send("good")
        assert other.ask("good") == "here", "others do not wait"
        assert client.receive() == "here", "the connection stays, and its next event is handled"
    eventually(lambda: any(why in line for line in stack.worker.lines()), "the log says so")


def test_an_answer_in_single_bytes(application):
    stack = application(lambda params, body: (bytes([byte]) for byte in
                                              record(7, b"a warning\n") + record(STDOUT, HERE, padding=5) + OK_END))
    with stack.ws("/ws/x/1", direct=True) as client:
        assert client.ask("x") == "here"
    eventually(lambda: any("script says event=message path=/ws/x/1" in line and "a warning" in line
                           for line in stack.worker.lines()), "the log says so")


def test_one_that_is_overloaded_is_asked_again(application):
    tries = []

    def answers(_, body):
        tries.append(body)
        return [record(END, bytes(4) + b"\x02\0\0\0")] if len(tries) < 3 else [answer(HERE)]

    stack = application(answers)
    with stack.ws("/ws/x/1", direct=True) as client:
        assert client.ask("x") == "here"
        assert len(tries) == 3
    eventually(lambda: any("overloaded" in line for line in stack.worker.lines()), "the log says so")


def test_a_request_is_as_a_web_server_makes_it(application):
    seen = []

    def answers(params, body):
        seen.append((params, body))
        return [answer(HERE)]

    stack = application(answers, ws_headers="X-Two,Proxy,Content-Length,Tina4-Event")
    with stack.ws("/ws/x/a%20%C3%BC?q=1&q=2&x=%26", direct=True, cookie="sid=s1; b=2",
                  header=["Proxy: http://evil", "X-Two: a", "X-Two: b", "Content-Length: 0",
                          "TINA4_EVENT: open", "Tina4-Event: open"]) as client:
        client.ask("Grüße")
        client.ask(b"\0\xff")
    params, body = seen[0]
    assert body == "Grüße".encode() and params["CONTENT_LENGTH"] == "7" and params["TINA4_BINARY"] == "0"
    assert params["SCRIPT_FILENAME"] == "/srv/x.php" and params["GATEWAY_INTERFACE"] == "CGI/1.1"
    assert params["DOCUMENT_ROOT"] == "/srv" and params["SCRIPT_NAME"] == "/x.php"
    assert params["REQUEST_METHOD"] == "POST" and params["REMOTE_ADDR"] == "127.0.0.1"
    assert params["REQUEST_URI"] == "/ws/x/a%20%C3%BC?q=1&q=2&x=%26" and params["QUERY_STRING"] == "q=1&q=2&x=%26"
    assert params["HTTP_COOKIE"] == "sid=s1; b=2" and params["HTTP_X_TWO"] == "a, b"
    assert params["SERVER_PORT"] == str(stack.port) and params["SERVER_NAME"] == "127.0.0.1"
    assert params["TINA4_EVENT"] == "message" and params["TINA4_ROUTE"] == "/ws/x/{n}"
    assert params["TINA4_PATH"] == "/ws/x/a ü" and params["TINA4_PARAM_n"] == "a ü"
    assert json.loads(params["TINA4_PARAMS"]) == {"n": "a ü", "q": "1", "x": "&"}
    assert "HTTP_PROXY" not in params and "HTTP_CONTENT_LENGTH" not in params
    assert params.get("HTTP_TINA4_EVENT") == "open", "what a client sends is in HTTP_"
    assert seen[1][1] == b"\0\xff" and seen[1][0]["TINA4_BINARY"] == "1"


def test_no_more_requests_at_once_than_wanted(application):
    lock = threading.Lock()
    now, most, gate = [0], [0], threading.Event()

    def answers(*_):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        gate.wait(20)
        with lock:
            now[0] -= 1
        return [answer(HERE)]

    stack = application(answers, requests=3)
    clients = [stack.ws(f"/ws/x/{n}", direct=True) for n in range(10)]
    for client in clients:
        client.send("x")
    eventually(lambda: now[0] == 3, "three are asked about")
    gate.set()
    for client in clients:
        assert client.receive() == "here"
    assert most[0] == 3


def test_a_parameter_that_is_too_large_fails_its_event(application):
    stack = application(lambda *_: [answer(HEAD + json.dumps(
        {"commands": [{"command": "set", "name": "a", "value": "x" * 65500 + "\"" * 30}, {"command": "send", "text": "set"}]}).encode())],
        ws_attribute_bytes=65536)
    with stack.ws("/ws/x/1", direct=True) as client, stack.ws("/ws/x/2", direct=True) as other:
        assert client.ask("x") == "set"
        client.send("y")
        assert other.ask("x") == "set"
        eventually(lambda: any("larger than a record" in line for line in stack.worker.lines()), "the log says so")


# --- PHP-FPM that comes and goes -----------------------------------------------------------------

def test_fpm_restarted_again_and_again(make_stack):
    """500 events a second for as long as 12 restarts take: each answered once, in order."""
    stack = make_stack(Elsewhere, handlers="fpm").start("sidecar", "worker")
    talks = [Talk(stack, f"/ws/script/{n}", pause=0.02) for n in range(10)]
    for n in range(12):
        talks[n % 10].has_heard(20)
        (stack.fpm.kill if n % 2 else stack.fpm.term)()
        stack.fpm.start()
    for talk in talks:
        talk.end()
    assert given_up(stack) == []
    assert not any("handler failed" in line for line in stack.worker.lines())


def test_all_of_it_killed_while_it_owes_events(make_stack):
    stack = make_stack(Elsewhere, handlers="fpm").start("sidecar", "worker")
    gate = stack.dir / "gate"
    clients = [stack.ws(f"/ws/script/{n}", direct=True) for n in range(10)]
    for n in range(5):
        for client in clients:
            client.send(f"wait {gate}\nsend {n}")
    stack.worker.kill()
    stack.fpm.kill()
    gate.touch()
    stack.fpm.start()
    stack.worker.start()
    for client in clients:
        assert [client.receive() for _ in range(5)] == [str(n) for n in range(5)]


def test_a_handler_that_calls_exit_has_failed(make_stack):
    stack = make_stack(Elsewhere, handlers="fpm").start("sidecar", "worker")
    with stack.ws("/ws/script/x", direct=True) as client:
        client.send("send lost\nexit 0")
        assert client.ask("send here") == "here"
    eventually(lambda: any("handler gave up" in line and "exit" in line for line in stack.worker.lines()), "the log says so")


def test_a_hung_script_holds_up_its_own_connection_only(make_stack):
    stack = make_stack(Elsewhere, handlers="fpm", handler_timeout=3600).start("sidecar", "worker")
    gate = stack.dir / "gate"
    with stack.ws("/ws/script/x", direct=True) as hung, stack.ws("/ws/script/x", direct=True) as other:
        hung.send(f"wait {gate}\nsend waited")
        hung.send("send after")
        for n in range(50):
            assert other.ask(f"send {n}") == str(n)
        gate.touch()
        assert [hung.receive(), hung.receive()] == ["waited", "after"]


def test_a_browser_cannot_forge_an_event(make_stack):
    """Through nginx, whatever it sends: a page or an error, never a handler's run."""
    stack = make_stack(Elsewhere, handlers="fpm", script=ORDERS / "page.php", site=True).start()
    forged = {"TINA4_EVENT": "message", "TINA4-EVENT": "message", "Tina4-Conn": "0" * 32, "TINA4_PATH": "/ws/page"}
    for target in ("/", "/page.php", "/?TINA4_EVENT=message", "/ws/page?TINA4_EVENT=open", "/page.php/ws/page"):
        for method, body in (("GET", b""), ("POST", b"TINA4_EVENT=message&TINA4_CONN=x")):
            got = stack.http(method, target, {**forged, "Content-Type": "application/x-www-form-urlencoded"}, body)
            assert got.status in (200, 400, 404, 405, 426), (target, got.status)
            assert b"handled" not in got.body and "commands" not in got.body.decode()
    assert stack.http("GET", "/").body == b"a page"
    with stack.ws("/ws/page") as client:
        assert client.ask("x") == "handled x"


def test_a_session_of_php_is_found(make_stack):
    stack = make_stack(Elsewhere, handlers="fpm", script=ORDERS / "page.php", site=True).start()
    login = stack.http("POST", "/login", {"Content-Type": "application/json"}, json.dumps({"name": "Jörg"}).encode())
    assert login.json == {"name": "Jörg"}
    cookie = login.headers["set-cookie"].split(";")[0]
    with stack.ws("/ws/who", cookie=cookie) as client:
        assert client.receive() == "Jörg"
    with stack.ws("/ws/who") as client:
        assert client.closed() == (4401, "login required")
