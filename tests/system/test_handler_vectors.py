"""What tina4-handler(7) tells, as examples: each language's file says it so, and the bridge does it."""

import json
import os
import re
import subprocess
import sys

import pytest

from elsewhere import Elsewhere
from stack import eventually
from web import TOP

VECTORS = json.loads((TOP / "tests" / "system" / "handler_vectors.json").read_text())
BRIDGE = TOP / "fcgi" / "bridge"
EVENT = {"id": "0" * 31 + "1", "attempt": 1, "connection": "f" * 32, "count": 1, "attributes": {}, "path": "/ws/x",
         "route": "/ws/x", "ip": "192.0.2.7", "params": {}, "headers": {"host": "example.org"}, "cookies": {},
         "user": None}

PHP = """<?php
use Tina4\\Router;
Router::websocket('/ws/x', history: 5, handler: function ($c, $event, $data) {
    foreach (json_decode(getenv('DOES'), true) as $order) {
        [$name, $a, $b, $d] = $order + [null, null, null, null];
        match ($name) {
            'send' => $c->send($a), 'broadcast' => $c->broadcast($a), 'others' => $c->broadcast($a, true),
            'transient' => $c->broadcast($a, transient: true), 'present' => $c->present($a), 'replay' => $c->replay($a),
            'reply' => $c->reply($a),
            'echo' => $c->send($data, $c->isBinary()), 'get' => $c->send($c->get($a) ?? 'none'),
            'set' => $c->set($a, $b), 'unset' => $c->set($a, null), 'close' => $c->close($a, $b),
            'push' => Router::pushToWebSocket($a, $b), 'send_to' => $c->sendTo($a, $b),
            'disconnect' => $c->disconnect($a, $b, $d), 'close_path' => $c->closePath($a, $b, $d),
            'set_user' => $c->setUser($a), 'push_to_user' => $c->pushToUser($a, $b),
            'close_user' => $c->closeUser($a, $b, $d),
        };
    }
});
"""
PYTHON = """
import json, os, tina4
@tina4.websocket("/ws/x", history=5)
def x(c, event, data):
    for name, *args in json.loads(os.environ["DOES"]):
        {"others": lambda text: c.broadcast(text, exclude_sender=True),
         "transient": lambda text: c.broadcast(text, transient=True), "echo": lambda: c.send(data),
         "get": lambda n: c.send(c.get(n) or "none"), "unset": lambda n: c.set(n, None),
         "push": tina4.push_to_websocket}.get(name, getattr(c, name, None))(*args)
tina4.run()
"""
PERL = """
use strict; use warnings; use JSON::PP; use Tina4 qw(push_to_websocket run websocket);
my %orders = (
    others => sub { $_[0]->broadcast($_[2], exclude_sender => 1) },
    transient => sub { $_[0]->broadcast($_[2], transient => 1) },
    echo => sub { $_[0]->send($_[1], binary => $_[0]->is_binary) },
    get => sub { $_[0]->send($_[0]->get($_[2]) // 'none') }, unset => sub { $_[0]->set($_[2], undef) },
    push => sub { push_to_websocket(@_[2 .. 3]) },
);
websocket('/ws/x', sub {
    my ($c, $event, $data) = @_;
    for my $order (@{ decode_json($ENV{DOES}) }) {
        my ($name, @args) = @$order;
        my $do = $orders{$name} // sub { my $connection = shift; shift; $connection->$name(@_) };
        $do->($c, $data, @args);
    }
}, history => 5);
run();
"""
LANGUAGES = {
    "php": (PHP, ["php", "-n", "-d", "display_errors=stderr", "-d", f"auto_prepend_file={BRIDGE}/autoload.php"]),
    "python": (PYTHON, [sys.executable, "-W", "error"]),
    "perl": (PERL, ["perl"]),
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["what"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_it_so(tmp_path, language, vector):
    text, command = LANGUAGES[language]
    program = tmp_path / "program"
    program.write_text(text)
    lines = [{"event": "routes"}, {**EVENT, **vector["event"]}]
    env = {**os.environ, "DOES": json.dumps(vector["does"]), "TINA4_HANDLER": "lines", "PYTHONPATH": str(BRIDGE),
           "PERL5LIB": str(BRIDGE)}
    done = subprocess.run([*command, program], input="".join(json.dumps(line) + "\n" for line in lines), text=True,
                          capture_output=True, env=env, check=False, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    routes, answer = (json.loads(line) for line in done.stdout.splitlines())
    assert [route["route"] for route in routes["routes"]] == ["/ws/x"]
    assert answer == {"id": EVENT["id"], "commands": vector["commands"]}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["what"])
def test_the_bridge_takes_it(make_stack, vector):
    """Its commands, given in message, are understood."""
    answer = json.dumps({"commands": vector["commands"]}, ensure_ascii=False)
    program = (f"while read -r line; do case $line in *routes*) echo '{{\"routes\":[{{\"route\":\"/ws/x\"}}]}}';;"
               f" *'\"go\"'*) printf '%s\\n' '{answer}';; *) echo;; esac; done")
    stack = make_stack(Elsewhere, handlers=program).start("sidecar", "worker")
    asks = vector["event"].get("asks")
    with stack.ws("/ws/x", direct=True, subprotocols=["frond.1"]) as client:
        client.send("\0q 1 t go" if asks else "go")
        for command in vector["commands"]:
            if command["command"] == "send":
                want = command.get("text")
                assert client.receive() == want if want is not None else client.receive() is not None
        if asks:
            assert client.receive() == f"\0a 1 t {vector['commands'][0]['text']}"
        eventually(lambda: stack.stats()["events_waiting"] == 0, "it is handled")
    assert not any("not understood" in line for line in stack.worker.lines())


def test_the_manual_shows_what_is_said(make_stack):
    """The members of an event in the page are those of a real one."""
    page = (BRIDGE / "tina4-handler.7").read_text()
    section = page[page.index(".Sh LINES"):page.index(".Sh FASTCGI")]
    told = {name for names in re.findall(r"^\.It Li (.*)$", section, re.M) for name in names.split(" , ")}
    file = "events"
    program = f"while read -r line; do echo \"$line\" >>{file}; case $line in *routes*) echo '{{\"routes\":[{{\"route\":\"/ws/x\"}}]}}';; *) echo;; esac; done"
    stack = make_stack(Elsewhere, handlers=program).start("sidecar", "worker")
    with stack.ws("/ws/x", direct=True) as client:
        client.send("a")
        client.send(b"b")
    eventually(lambda: (stack.dir / file).read_text().count("\n") == 5, "all have been asked about")
    events = [json.loads(line) for line in (stack.dir / file).read_text().splitlines()]
    assert {name for event in events for name in event} == told
