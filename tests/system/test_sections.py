"""The chapter on real-time, section by section, through the web server.

What only a browser can tell (sections 10 to 12) is in tests/browser; the rules
of frond.js are in tests/frond, and those of the backplane in test_relay.py.
"""

import re
from contextlib import contextmanager

import pytest

from redis import Host, Redis
from stack import eventually
from test_auth import login, token

ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
JUNK = ["no json", "[]", "42", "null", '{"type":5}', '{"text":[]}', '{"username":{}}', "[" * 5000,
        '{"type":"set-username","username":"%s"}' % ("x" * 100000), '{"type":"set-name","name":7}']


def without_time(message):
    assert ISO_8601.fullmatch(message.pop("timestamp"))
    return message


@contextmanager
def pair(stack, path):
    """Two clients, and what greeted the first one when the second came is still to be read."""
    with stack.ws(path) as one, stack.ws(path) as two:
        yield one, two


def test_section_3_websocket_as_a_route(demo):
    with demo.ws("/ws/echo") as client:
        assert client.ask("hi") == "Echo: hi"
        assert client.ask("message") == "Echo: message"


def test_section_4_connection_events(demo):
    with demo.ws("/ws/notifications") as client:
        welcome = client.receive_json()
        assert re.fullmatch("[0-9a-f]{32}", welcome.pop("connection_id"))
        assert welcome == {"type": "welcome", "message": "Connected to notifications"}
        client.send_json({"type": "ping"})
        assert without_time(client.receive_json()) == {"type": "pong"}


def test_section_4_a_complete_handler(demo):
    with demo.ws("/ws/chat") as client:
        welcome = client.receive_json()
        assert welcome["message"] == "Welcome to the chat!"
        me = welcome["your_id"]
        client.send_json({"text": "as JSON"})
        assert without_time(client.receive_json()) == {"type": "message", "from": me, "text": "as JSON"}
        client.send("as it is")
        assert without_time(client.receive_json()) == {"type": "message", "from": me, "text": "as it is"}


def test_section_5_sending_to_a_single_client(demo):
    with pair(demo, "/ws/private") as (asker, other):
        asker.send_json({"action": "get-time"})
        answer = asker.receive_json()
        assert ISO_8601.fullmatch(answer["server_time"])
        assert (answer["type"], answer["timezone"]) == ("time", "UTC")
        asker.send_json({"action": "get-status"})
        status = asker.receive_json()
        assert status["type"] == "status"
        assert status["connections"] == 2
        assert 0 <= status["uptime"] < 3600
        assert 0.5 < status["memory_mb"] < 1000
        other.send_json({"action": "get-time"})
        assert other.receive_json()["type"] == "time"  # and nothing of the asker's came before it


@pytest.mark.parametrize("query", ["", "?token=", "?token=a.b.c"])
def test_section_5_closing_a_connection(demo, query):
    with demo.ws(f"/ws/secure{query}") as client:
        assert client.receive_json() == {"type": "error", "message": "Invalid token"}
        assert client.closed() == (1000, "")


def test_section_5_a_valid_token_stays(demo):
    issued = demo.http("POST", "/api/token").json["token"]
    with demo.ws(f"/ws/secure?token={issued}") as client, demo.ws(f"/ws/secure?token={token()}") as another:
        client.nothing_for(0.2)
        another.nothing_for(0.2)


def test_section_6_broadcasting_to_all_clients(demo):
    with demo.ws("/ws/announcements") as one:
        assert one.receive_json() == {"type": "system", "message": "A new user joined", "online_count": 1}
        with demo.ws("/ws/announcements") as two:
            joined = {"type": "system", "message": "A new user joined", "online_count": 2}
            assert [one.receive_json(), two.receive_json()] == [joined, joined]
            two.send_json({"text": "hear"})
            heard = [without_time(client.receive_json()) for client in (one, two)]
            assert heard[0] == heard[1]
            assert (heard[0]["type"], heard[0]["text"]) == ("announcement", "hear")
            two.close()
        assert one.receive_json() == {"type": "system", "message": "A user left", "online_count": 1}


def test_section_6_broadcast_excluding_sender(demo):
    with pair(demo, "/ws/exclude-sender") as (one, two):
        one.send_json({"text": "hello", "username": "Al"})
        assert one.receive_json() == {"type": "sent", "text": "hello"}
        assert without_time(two.receive_json()) == {"type": "message", "from": "Al", "text": "hello"}
        two.send_json({"text": "back"})
        assert two.receive_json()["type"] == "sent"
        assert without_time(one.receive_json()) == {"type": "message", "from": "Anonymous", "text": "back"}


def test_section_7_path_scoped_isolation(demo, room):
    with demo.ws(f"/ws/chat/{room}-1") as one, demo.ws(f"/ws/chat/{room}-2") as two:
        assert one.receive_json()["online"] == two.receive_json()["online"] == 1
        one.send_json({"username": "Al", "text": "here"})
        assert one.receive_json()["text"] == "here"
        two.send_json({"text": "there"})
        assert two.receive_json()["text"] == "there"


def test_section_8_building_a_live_chat(demo, room):
    path = f"/ws/livechat/{room}"
    with demo.ws(path) as alice:
        welcome = alice.receive_json()
        me = welcome.pop("your_id")
        assert welcome == {"type": "welcome", "message": f"Connected to room: {room}", "online": 1}
        with demo.ws(path) as bob:
            assert bob.receive_json()["online"] == 2
            alice.send_json({"type": "set-username", "username": "Alice"})
            named = {"type": "system", "message": "Anonymous is now known as Alice"}
            assert [alice.receive_json(), bob.receive_json()] == [named, named]
            alice.send_json({"type": "typing"})
            alice.send_json({"type": "message", "text": "hello"})
            assert bob.receive_json() == {"type": "typing", "username": "Alice"}
            said = {"type": "message", "from": "Alice", "from_id": me, "text": "hello"}
            assert without_time(alice.receive_json()) == said  # the typing did not come back
            assert without_time(bob.receive_json()) == said
            bob.close()
        assert alice.receive_json() == {"type": "system", "message": "Anonymous left the chat", "online": 1}


def test_section_9_live_notifications(demo, room):
    with demo.ws(f"/ws/notifications/{room}") as client:
        assert client.receive_json() == {"type": "connected", "message": "Listening for notifications"}
        answer = demo.http("POST", "/api/orders/7/ship", {"Content-Type": "application/json"},
                           '{"user_id": "%s"}' % room)
        assert answer.json == {"message": "Order shipped, user notified"}
        assert without_time(client.receive_json()) == {
            "type": "notification", "title": "Order Shipped", "message": "Your order #7 has been shipped!",
            "action_url": "/orders/7"}


def test_section_13_the_solution(demo, room):
    path = f"/ws/room/{room}"
    with demo.ws(path) as alice:
        welcome = alice.receive_json()
        assert welcome["message"].startswith(f"Welcome to room: {room}. Set your name with: {{")
        assert welcome["online"] == 1
        with demo.ws(path) as bob:
            assert bob.receive_json()["online"] == 2
            assert alice.receive_json() == {"type": "system", "message": "A new user joined", "online": 2}
            bob.send_json({"type": "set-name", "name": "Bob"})
            named = {"type": "system", "message": "Anonymous changed their name to Bob"}
            assert [alice.receive_json(), bob.receive_json()] == [named, named]
            bob.send_json({"type": "chat", "text": "hi"})
            said = alice.receive_json()
            assert re.fullmatch(r"\d\d:\d\d:\d\d", said.pop("timestamp"))
            assert said == {"type": "chat", "from": "Bob", "text": "hi"}
            assert bob.receive_json()["text"] == "hi"
            bob.close()
        assert alice.receive_json() == {"type": "system", "message": "Bob left the room", "online": 1}


@pytest.fixture
def two_hosts(make_stack):
    """The demo on two hosts that have two settings more, and no code."""
    redis = Redis().start()
    hosts = [make_stack(kind=Host, redis=redis, program="fcgi/examples/demo").start() for _ in range(2)]
    for host in hosts:
        host.settled(2)
    yield hosts
    redis.stop()


def test_section_14_scaling_with_a_backplane(two_hosts, room):
    """Gotcha 4, too: who is connected to another server sees the message, and is counted."""
    here, there = two_hosts
    with here.ws(f"/ws/chat/{room}") as alice:
        assert alice.receive_json()["online"] == 1
        with there.ws(f"/ws/chat/{room}") as bob:
            assert [client.receive_json()["online"] for client in (alice, bob)] == [2, 2]
            alice.send_json({"username": "Alice", "text": "hello"})
            bob.send_json({"username": "Bob", "text": "hello"})
            for client in (alice, bob):
                assert {client.receive_json()["from"] for _ in range(2)} == {"Alice", "Bob"}
    with there.ws("/ws/notifications/42") as user:
        assert user.receive_json()["type"] == "connected"
        answer = here.http("POST", "/api/orders/9/ship", {"Content-Type": "application/json"}, '{"user_id": 42}')
        assert answer.status == 200
        assert user.receive_json()["action_url"] == "/orders/9"


def test_section_15_1_behind_processes_that_end(make_stack):
    """A FastCGI process ends whenever it likes: the connection stays, and the next one pushes to it."""
    stack = make_stack(program="fcgi/examples/demo").start()
    with stack.ws("/ws/notifications/42") as client:
        assert client.receive_json()["type"] == "connected"
        for order in (1, 2):
            stack.app.kill()
            stack.app.start()
            answer = stack.http("POST", f"/api/orders/{order}/ship", {"Content-Type": "application/json"},
                                '{"user_id": 42}')
            assert answer.status == 200
            assert client.receive_json()["action_url"] == f"/orders/{order}"


@pytest.mark.parametrize("path", ["/ws/chat", "/ws/announcements", "/ws/exclude-sender", "/ws/chat/{}",
                                  "/ws/livechat/{}", "/ws/room/{}", "/ws/private", "/ws/notifications"])
def test_section_15_2_messages_are_strings(demo, room, path):
    """Junk costs its sender an error message at most, and nobody else anything."""
    with demo.ws(path.format(room)) as sender:
        for junk in JUNK:
            sender.send(junk)
        sender.send(b"\x00\xff")
        sender.close()
    with demo.ws("/ws/echo") as client:
        assert client.ask("all well") == "Echo: all well"


def test_section_15_3_the_count_is_per_path(demo, room):
    with demo.ws(f"/ws/chat/{room}-1") as one, demo.ws(f"/ws/chat/{room}-2") as two:
        assert one.receive_json()["online"] == 1
        assert two.receive_json()["online"] == 1


def test_section_15_5_large_messages(demo):
    limit = 1 << 20
    with demo.ws("/ws/fan") as client:
        client.send("x" * limit)
        assert len(client.receive()) == limit
        client.send("x" * (limit + 1))
        assert client.closed()[0] == 1009


def test_section_15_6_nothing_is_left_of_those_who_left(demo, room):
    before = demo.stats()
    for _ in range(3):
        clients = [demo.ws(f"/ws/livechat/{room}-{i}") for i in range(20)]
        for client in clients:
            client.receive()
            client.send_json({"type": "set-username", "username": "someone"})
            client.receive()
            client.close()
    eventually(lambda: demo.stats()["connections"] <= before["connections"], "the sidecar has forgotten them")
    assert demo.stats()["paths"] <= before["paths"]


def test_section_15_7_authentication_on_connect(lab):
    """By a token in the query before there is a connection, or by the session's cookie in the open handler."""
    assert lab.handshake("/ws/secret").status == 401
    cookie, issued = login(lab, "alice")
    with lab.ws(f"/ws/secret?token={issued}") as client:
        assert client.receive() == "hello alice"
    with lab.ws("/ws/members", header={"Cookie": cookie}) as member, lab.ws("/ws/members") as stranger:
        assert member.receive() == "hello alice"
        assert stranger.closed()[0] == 4401
