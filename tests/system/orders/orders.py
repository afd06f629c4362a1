"""The orders of app.c, obeyed in Python: see there."""

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../fcgi/bridge"))
import tina4  # noqa: E402

MADE = os.O_CREAT | os.O_WRONLY


def answer(connection, value):
    connection.send("none" if value is None else f"={value}")


def is_first(path):
    if not path:
        return True
    try:
        os.close(os.open(path, MADE | os.O_EXCL, 0o600))
        return True
    except FileExistsError:
        return False


def report(connection, path):
    connection.push(path, f"{connection.id} count={connection.count} code={connection.close_code}")


def die(_, path):
    if is_first(path):
        os.kill(os.getpid(), signal.SIGKILL)


def crash(_, path):
    if is_first(path):
        os.abort()


def fail(*_):
    raise RuntimeError("told to fail")


def wait(_, path):
    while not os.path.exists(path):
        time.sleep(0.001)


def tell(connection, what):
    if what in ("count", "pid"):
        connection.send(str(connection.count if what == "count" else os.getpid()))
    else:
        answer(connection, getattr(connection, {"event": "event_id"}.get(what, what)))


ORDERS = {
    "binary": lambda c, rest: c.send(rest.encode()),
    "broadcast": lambda c, rest: c.broadcast(rest),
    "close": lambda c, rest: c.close(int(rest.split(" ", 1)[0]), rest.partition(" ")[2]),
    "cookie": lambda c, rest: answer(c, c.cookies.get(rest)),
    "crash": crash,
    "die": die,
    "exit": lambda _, rest: os._exit(int(rest)),
    "fail": fail,
    "fill": lambda c, rest: c.broadcast("x" * int(rest)),
    "get": lambda c, rest: answer(c, c.get(rest)),
    "header": lambda c, rest: answer(c, c.headers.get(rest.lower())),
    "others": lambda c, rest: c.broadcast(rest, exclude_sender=True),
    "param": lambda c, rest: answer(c, c.params.get(rest)),
    "present": lambda c, rest: c.present(json.loads(rest) if rest else None),
    "push": lambda c, rest: tina4.push_to_websocket(*rest.split(" ", 1)),
    "replay": lambda c, rest: c.replay(int(rest)),
    "reply": lambda c, rest: c.reply(rest),
    "report": report,
    "send": lambda c, rest: c.send(rest),
    "set": lambda c, rest: c.set(*rest.split(" ", 1)),
    "tell": tell,
    "touch": lambda _, rest: os.close(os.open(rest, MADE, 0o600)),
    "transient": lambda c, rest: c.broadcast(rest, transient=True),
    "unset": lambda c, rest: c.set(rest, None),
    "wait": wait,
}


@tina4.websocket("/ws/script/{room}")
@tina4.websocket("/ws/kept/{room}", history=5)
def script(connection, event, data):
    text = data if event == "message" else connection.params.get(event, "")
    for line in text.replace("|", "\n").split("\n") if text else ():
        name, _, rest = line.partition(" ")
        ORDERS[name](connection, rest)


@tina4.websocket("/ws/tally/{room}")
def tally(connection, event, _):
    global handled
    if event == "message":
        handled += 1
        connection.send(f"{os.getpid()} {handled}")


@tina4.websocket("/ws/secret", secure=True)
def secret(connection, event, _):
    if event == "message":
        connection.send(connection.user["name"])


@tina4.websocket("/ws/speaks", protocols="chat.v2, mqtt")
def speaks(connection, event, _):
    if event == "open":
        connection.send(f"{connection.protocol or 'none'}, header {connection.headers.get('sec-websocket-protocol', 'none')}")


@tina4.websocket("/ws/echo/{room}")
def echo(connection, event, data):
    if event == "message":
        connection.send(data)


handled = 0
tina4.push_only("/ws/watch/{room}")
tina4.run()
