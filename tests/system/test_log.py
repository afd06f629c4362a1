"""What the logs of both sides tell of a client's life, and that no client writes them."""

import json
import re

from stack import eventually

PAIR = re.compile(r' ([a-z_]+)=("(?:[^"\\]|\\.)*"|[^ "=\\]+)')

UNNAMED = PAIR.pattern.replace("(", "(?:").replace("(?:?:", "(?:")


def facts(process, fact):
    """The pairs of each line that says so, as a reader of logfmt takes them apart."""
    found = []
    for line in process.lines():
        match = re.fullmatch(rf"[^ ]+: [a-z]+: {fact}(({UNNAMED})*)", line)
        if match:
            found.append(dict(PAIR.findall(match[1])))
    return found


def one(process, fact, **pairs):
    """Waits for a line with these pairs, and returns all of its pairs."""
    def found():
        return [line for line in facts(process, fact) if pairs.items() <= line.items()]
    return eventually(found, f"{process.name} says: {fact} {pairs}; its log:\n{process.tail()}")[0]


def say(client, **message):
    client.send(json.dumps(message))


def test_a_chat_can_be_followed_on_both_sides(make_stack):
    stack = make_stack(program="fcgi/examples/demo", log_level="debug").start()
    path = "/ws/livechat/tea"
    with stack.ws(path) as alice, stack.ws(path) as bob:
        conn = alice.receive_json()["your_id"]
        bob.receive_json()
        say(alice, type="set-username", username="Alice")
        assert bob.receive_json()["type"] == "system"
        say(alice, type="message", text="hello")
        assert bob.receive_json()["text"] == "hello"
        alice.close(4000)
        assert bob.receive_json()["message"] == "Alice left the chat"
        here = {"path": path, "conn": conn}

        # What came up ...
        assert one(stack.sidecar, "client connected", **here)["ip"]
        for event in ("open", "message", "close"):
            assert one(stack.sidecar, "event sent", event=event, **here)["app"] == "demo"
            assert one(stack.worker, "event handled", event=event, **here)["outcome"] == "ok"
            assert int(one(stack.sidecar, "event acknowledged", event=event, outcome="ok", **here)["us"]) > 0
        # ... and went down.
        for command in ("send", "set", "broadcast"):
            assert one(stack.worker, "command given", command=command, **here)["bytes"]
        sent = {"from": "worker", "command": "broadcast", "outcome": "ok", "connections": "2", **here}
        assert one(stack.sidecar, "command taken", **sent)["bytes"]
        assert one(stack.sidecar, "client disconnected", **here) == {
            "code": "4000", "by": "client", "why": "application", **here}
    for process in (stack.sidecar, stack.worker):
        assert not any("hello" in line for line in process.lines()), "messages are nobody's business"


def test_a_push_can_be_followed_on_both_sides(make_stack):
    stack = make_stack(program="fcgi/examples/demo", log_level="debug").start()
    with stack.ws("/ws/notifications/42") as client:
        client.receive_json()
        answer = stack.http("POST", "/api/orders/7/ship", {"Content-Type": "application/json"}, b'{"user_id":42}')
        assert answer.status == 200
        client.receive_json()
    push = {"command": "push", "path": "/ws/notifications/42", "connections": "1", "outcome": "ok"}
    assert one(stack.sidecar, "command taken", **{"from": "app"}, **push)
    assert one(stack.app, "request answered", **push)
    assert one(stack.app, "answered", method="POST", path="/api/orders/7/ship", status="200")

    stack.sidecar.term()
    stack.http("POST", "/api/orders/7/ship", {"Content-Type": "application/json"}, b'{"user_id":42}')
    assert "sidecar" in one(stack.app, "request answered", command="push", connections="0")["outcome"]


def test_an_end_says_who_and_why(make_stack):
    stack = make_stack(program="fcgi/examples/demo", ws_max_message=1000).start("sidecar", "worker")
    ends = lambda: [(end["code"], end["by"], end["why"]) for end in facts(stack.sidecar, "client disconnected")]

    with stack.ws("/ws/secure", direct=True) as client:
        assert client.receive_json()["type"] == "error"
        assert client.closed()[0] == 1000
    eventually(lambda: ends()[-1:] == [("1000", "app", "normal")], "an app's close")
    with stack.ws("/ws/echo", direct=True) as client:
        client.send("x" * 2000)
        assert client.closed()[0] == 1009
    eventually(lambda: ends()[-1] == ("1009", "sidecar", "message-too-large"), "the sidecar's")
    stack.ws("/ws/echo", direct=True).cut()
    eventually(lambda: ends()[-1] == ("1006", "client", "lost"), "a broken connection")
    with stack.ws("/ws/echo", direct=True) as client:
        stack.sidecar.popen.terminate()
        assert client.closed()[0] == 1001
    stack.sidecar.ended(0)
    assert ends()[-1] == ("1001", "sidecar", "stopping")


def test_who_starts_and_stops_says_so(make_stack):
    stack = make_stack().start("sidecar", "worker", "app")
    assert one(stack.sidecar, "started")["bus"] == stack.bus
    assert one(stack.worker, "worker connected")["bus"] == stack.bus
    assert one(stack.sidecar, "worker connected")["app"] == "app"
    assert one(stack.app, "fastcgi started")["listen"]
    for process, fact in ((stack.app, "fastcgi stopped"), (stack.worker, "worker stopped")):
        process.term()
        assert facts(process, fact)
    assert one(stack.sidecar, "worker disconnected")["why"] == "bye"
    stack.sidecar.term()
    assert facts(stack.sidecar, "stopped")


def test_no_client_writes_a_line_or_a_pair(make_stack):
    stack = make_stack(log_level="debug").start("sidecar", "worker")
    for target in ("/nope%20status=101", "/a%22%20why=%22ok", "/b%5C%22%20why=ok", "/c%3Dd"):
        assert stack.handshake(target).status == 404
    eventually(lambda: len(facts(stack.sidecar, "upgrade refused")) == 4, "all are in the log, which a thread writes")
    refused = facts(stack.sidecar, "upgrade refused")
    assert [line["path"] for line in refused] == [
        '"/nope status=101"', r'"/a\" why=\"ok"', r'"/b\\\" why=ok"', '"/c=d"']
    assert {line["status"] for line in refused} == {"404"}
    assert {line["why"] for line in refused} == {'"no WebSocket route matches this path"'}


def test_at_its_level_the_log_is_quiet(make_stack):
    stack = make_stack(program="fcgi/examples/demo").start("sidecar", "worker")
    with stack.ws("/ws/echo", direct=True) as client:
        assert client.ask("x") == "Echo: x"
    one(stack.sidecar, "client disconnected", by="client")
    for process in (stack.sidecar, stack.worker):
        assert not any(": debug: " in line for line in process.lines()), process.tail()
