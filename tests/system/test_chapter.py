"""The chapter's programs, through the web server, as a browser meets them."""

import json
import re

import pytest

ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


def test_echo_answers_text(demo):
    with demo.ws("/ws/echo") as client:
        assert client.ask("Hello") == "Echo: Hello"
        assert client.ask("") == "Echo: "
        assert client.ask("Grüße \U0001f600 \0 end") == "Echo: Grüße \U0001f600 \0 end"


def test_echo_keeps_binary(demo):
    with demo.ws("/ws/echo") as client:
        assert client.ask(b"\xff\x00\x80") == b"Echo: \xff\x00\x80"


def test_echo_answers_in_order(demo):
    with demo.ws("/ws/echo") as client:
        for i in range(500):
            client.send(f"{i}")
        assert [client.receive() for _ in range(500)] == [f"Echo: {i}" for i in range(500)]


def test_fan_reaches_everyone_as_it_came(demo):
    clients = [demo.ws("/ws/fan") for _ in range(5)]
    try:
        for message in ("text", b"\x00\xff binary", "", b""):
            clients[0].send(message)
            assert [client.receive() for client in clients] == [message] * 5
    finally:
        for client in clients:
            client.close()


def test_everyone_sees_the_same_order(demo):
    with demo.ws("/ws/fan") as one, demo.ws("/ws/fan") as two:
        for i in range(200):
            one.send(f"one {i}")
            two.send(f"two {i}")
        seen = [[client.receive() for _ in range(400)] for client in (one, two)]
        assert seen[0] == seen[1]
        for name in ("one", "two"):
            assert [m for m in seen[0] if m.startswith(name)] == [f"{name} {i}" for i in range(200)]


def joined(room, online):
    return {"type": "system", "message": f"Someone joined room {room}", "room": room, "online": online}


def left(room, online):
    return {"type": "system", "message": f"Someone left room {room}", "room": room, "online": online}


def test_chat_tells_who_comes_says_and_goes(demo, room):
    with demo.ws(f"/ws/chat/{room}") as alice:
        assert alice.receive_json() == joined(room, 1)
        bob = demo.ws(f"/ws/chat/{room}")
        assert alice.receive_json() == joined(room, 2)
        assert bob.receive_json() == joined(room, 2)

        alice.send_json({"username": "Alice", "text": "Hi <b>Bob</b> ü"})
        for client in (alice, bob):
            message = client.receive_json()
            assert ISO_8601.fullmatch(message.pop("timestamp"))
            assert message == {"type": "message", "room": room, "from": "Alice", "text": "Hi <b>Bob</b> ü"}

        bob.close()
        assert alice.receive_json() == left(room, 1)


def test_chat_has_defaults(demo, room):
    with demo.ws(f"/ws/chat/{room}") as client:
        client.receive()
        for sent in ({}, {"username": None, "text": None}, {"type": "set-username"}):
            client.send_json(sent)
            message = client.receive_json()
            assert (message["from"], message["text"]) == ("Anonymous", "")


def test_rooms_are_walls(demo, room):
    with demo.ws(f"/ws/chat/{room}-1") as one, demo.ws(f"/ws/chat/{room}-2") as two:
        assert one.receive_json() == joined(f"{room}-1", 1)
        assert two.receive_json() == joined(f"{room}-2", 1)
        one.send_json({"text": "for one"})
        two.send_json({"text": "for two"})
        assert one.receive_json()["text"] == "for one"
        assert two.receive_json()["text"] == "for two"


def test_a_room_may_have_any_name(demo):
    for encoded, name in (("caf%C3%A9%20%26%20co", "café & co"), ("%22%5C'%25s%3C", "\"\\'%s<")):
        with demo.ws(f"/ws/chat/{encoded}") as client:
            assert client.receive_json() == joined(name, 1)


@pytest.mark.parametrize("junk", [
    "", "not json", "[]", "42", '"text"', "null", '{"text":', '{"text":5}', '{"username":[],"text":"x"}',
    '{"text":{"a":"b"}}', "{} {}", "{}\0", "[" * 5000, '{"a":' * 5000 + "1" + "}" * 5000, b"\xff\xfe", b"{\"text\":\"\xff\"}",
], ids=lambda junk: repr(junk[:20]))
def test_chat_junk_costs_its_sender_an_error_only(demo, room, junk):
    path = "/ws/chat/junk-" + str(abs(hash(junk)))
    with demo.ws(path) as quiet, demo.ws(path) as loud:
        loud.send(junk)
        loud.send_json({"text": "after"})
        error = [loud.receive_json() for _ in range(3)][1]
        assert error["type"] == "error" and isinstance(error["message"], str)
        assert [quiet.receive_json()["type"] for _ in range(3)] == ["system", "system", "message"]


def test_notification_reaches_its_user(demo):
    with demo.ws("/ws/notifications/42") as user, demo.ws("/ws/notifications/43") as other:
        for client in (user, other):
            assert client.receive_json() == {"type": "connected", "message": "Listening for notifications"}

        answer = demo.http("POST", "/api/orders/1001/ship", {"Content-Type": "application/json"}, '{"user_id": 42}')
        assert (answer.status, answer.json) == (200, {"message": "Order shipped, user notified"})
        notification = user.receive_json()
        assert ISO_8601.fullmatch(notification.pop("timestamp"))
        assert notification == {
            "type": "notification", "title": "Order Shipped", "message": "Your order #1001 has been shipped!",
            "action_url": "/orders/1001"}

        demo.http("POST", "/api/orders/7/ship", {"Content-Type": "application/x-www-form-urlencoded"}, "user_id=43")
        assert other.receive_json()["action_url"] == "/orders/7"


def test_shipping_works_with_nobody_there(demo):
    answer = demo.http("POST", "/api/orders/1/ship", {"Content-Type": "application/json"}, '{"user_id": "nobody"}')
    assert answer.status == 200


@pytest.mark.parametrize("body", ["{}", '{"user_id": null}', '{"user_id": ""}', '{"user_id": "a/b"}',
                                  '{"user_id": 1.5}', '{"user_id": []}', "not json", json.dumps({"user_id": "x" * 99})])
def test_shipping_refuses_a_wrong_user(demo, body):
    answer = demo.http("POST", "/api/orders/1/ship", {"Content-Type": "application/json"}, body)
    assert answer.status == 400
    assert isinstance(answer.json["error"], str)


def test_shipping_wants_a_number(demo):
    assert demo.http("POST", "/api/orders/x/ship").status == 404


def test_ship_is_a_post(demo):
    answer = demo.http("GET", "/api/orders/1/ship")
    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")


def test_shipping_says_when_the_push_fails(make_stack):
    stack = make_stack(program="fcgi/examples/demo", push_timeout_ms=500).start("app", "nginx")
    answer = stack.http("POST", "/api/orders/1/ship", {"Content-Type": "application/json"}, '{"user_id": 1}')
    assert answer.status == 503
    assert answer.json["error"]

    # The app needs no restart when the sidecar comes.
    stack.start("sidecar", "worker")
    with stack.ws("/ws/notifications/1") as user:
        user.receive()
        assert stack.http("POST", "/api/orders/2/ship", {"Content-Type": "application/json"},
                          '{"user_id": 1}').status == 200
        assert user.receive_json()["action_url"] == "/orders/2"


@pytest.mark.parametrize("target", ["/", "/chat/general", "/room/test"])
def test_a_page_and_what_it_loads(demo, target):
    page = demo.http("GET", target)
    assert (page.status, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    assets = re.findall(r'(?:src|href)="(/(?:js|css)/[^"]+)"', page.body.decode())
    assert {"/js/frond.js", "/css/site.css"} < set(assets)
    for asset in assets:
        assert demo.http("GET", asset).status == 200, asset


def test_a_page_that_comes_tells_the_chat_how_many_there_are(demo, room):
    with demo.ws(f"/ws/livechat/{room}") as alice:
        assert alice.receive_json()["online"] == 1
        with demo.ws(f"/ws/livechat/{room}") as bob:
            assert bob.receive_json()["online"] == 2
            bob.send_json({"type": "count"})
            for client in (alice, bob):
                assert client.receive_json() == {"type": "count", "online": 2}
