"""The programs of chapter 23, as they stand there, behind nginx and PHP-FPM."""

import json

import pytest

from elsewhere import AUTOLOAD, Elsewhere
from test_auth import token
from test_chapter import (  # noqa: F401
    ISO_8601, test_a_room_may_have_any_name, test_chat_tells_who_comes_says_and_goes, test_echo_answers_in_order,
    test_echo_answers_text, test_notification_reaches_its_user, test_rooms_are_walls, test_shipping_wants_a_number,
    test_shipping_works_with_nobody_there)
from test_push_over_http import TOKEN
from web import TOP

INDEX = TOP / "fcgi" / "examples" / "chapter" / "index.php"
EVENTS = {"stay": f"exec php -d auto_prepend_file={AUTOLOAD} {INDEX}", "fpm": "fpm"}


@pytest.fixture(scope="session", params=EVENTS)
def demo(request, make_stack_for_session):
    """By a php that stays, and by requests."""
    stack = make_stack_for_session(Elsewhere, handlers=EVENTS[request.param], script=INDEX, site=True,
                                   admin_token=TOKEN)
    stack.events = request.param
    return stack.start()


def test_section_4_events_and_a_ping(demo):
    with demo.ws("/ws/notifications") as client:
        assert set(client.receive_json()) == {"type", "connection_id"}
        client.send_json({"type": "ping"})
        pong = client.receive_json()
        assert pong["type"] == "pong" and ISO_8601.fullmatch(pong["timestamp"])


def test_section_4_the_complete_handler(demo):
    with demo.ws("/ws/chat") as client:
        welcome = client.receive_json()
        assert welcome["message"] == "Welcome to the chat!"
        client.send_json({"text": "hi"})
        message = client.receive_json()
        assert (message["from"], message["text"]) == (welcome["your_id"], "hi")
        client.send("not json")
        assert client.receive_json()["text"] == "not json"


def test_section_5_a_single_client(demo):
    with demo.ws("/ws/private") as one, demo.ws("/ws/private") as two:
        one.send_json({"action": "get-time"})
        assert one.receive_json()["type"] == "time"
        two.send_json({"action": "get-status"})
        assert two.receive_json()["connections"] == 42


def test_section_5_closing(demo):
    with demo.ws("/ws/secure?token=wrong") as client:
        assert client.receive_json() == {"type": "error", "message": "Invalid token"}
        assert client.closed()[0] == 1000
    for wrong in (token(secret="another secret that has 32 bytes, too"), token(exp=1), token(alg="none"), ""):
        with demo.ws(f"/ws/secure?token={wrong}") as client:
            assert client.receive_json()["type"] == "error"
    with demo.ws(f"/ws/secure?token={token()}") as client:
        client.close()  # nothing came before


def test_section_6_broadcasting(demo):
    with demo.ws("/ws/announcements") as one:
        assert one.receive_json()["online_count"] == 1
        with demo.ws("/ws/announcements") as two:
            assert one.receive_json()["online_count"] == two.receive_json()["online_count"] == 2
            two.send_json({"text": "hi"})
            assert one.receive_json()["text"] == two.receive_json()["text"] == "hi"
            two.close()
        assert one.receive_json()["message"] == "A user left"


def test_section_6_excluding_the_sender(demo):
    with demo.ws("/ws/exclude-sender") as one, demo.ws("/ws/exclude-sender") as two:
        one.send_json({"username": "Ann", "text": "hi"})
        assert one.receive_json() == {"type": "sent", "text": "hi"}
        assert (got := two.receive_json())["from"] == "Ann" and got["type"] == "message"


def test_section_8_the_live_chat(demo, room):
    with demo.ws(f"/ws/livechat/{room}") as one, demo.ws(f"/ws/livechat/{room}") as two:
        assert [client.receive_json()["online"] for client in (one, two)] == [1, 2]
        if demo.events == "fpm":
            return  # its array of users does not live: the log has said so
        one.send_json({"type": "set-username", "username": "Ann"})
        for client in (one, two):
            assert client.receive_json()["message"] == "Anonymous is now known as Ann"
        one.send_json({"type": "typing"})
        assert two.receive_json() == {"type": "typing", "username": "Ann"}
        one.send_json({"type": "message", "text": "hi"})
        assert one.receive_json()["from"] == two.receive_json()["from"] == "Ann"
        one.close()
        assert two.receive_json()["message"] == "Ann left the chat"


def test_section_13_the_room(demo, room):
    with demo.ws(f"/ws/room/{room}") as one:
        assert one.receive_json()["online"] == 1
        with demo.ws(f"/ws/room/{room}") as two:
            assert one.receive_json()["message"] == "A new user joined"
            two.receive()
            one.send_json({"type": "chat", "text": "hi"})
            assert two.receive_json()["text"] == "hi"


def test_arrays_that_do_not_live_are_told_once(demo):
    told = [line for line in demo.worker.lines() if "is lost after each event" in line]
    for name in ("$chatUsers", "$roomUsers"):
        assert sum(line.count(f"keeps {name}") for line in told) == (demo.events == "fpm")
    assert all("$connection->set()" in line for line in told)


@pytest.mark.parametrize("target, text", [("/chat/general", "Chat Room: general"), ("/room/a%20%3Cb%3E", "Room: a &lt;b&gt;")])
def test_a_page(demo, target, text):
    page = demo.http("GET", target)
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert text in page.body.decode()
    assert demo.http("HEAD", target).body == b""
    assert demo.http("GET", "/js/frond.js").status == 200


def test_what_is_not_there(demo):
    assert demo.http("GET", "/nothing").status == 404
    answer = demo.http("GET", "/api/orders/1/ship")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    answer = demo.http("POST", "/api/orders/1/ship", {"Content-Type": "application/json"}, "not json")
    assert (answer.status, answer.json) == (400, {"error": "The body is not JSON."})
    answer = demo.http("POST", "/api/orders/1/ship", {"Content-Type": "application/json"},
                       json.dumps({"user_id": "../x"}))
    assert answer.status == 500, "a path that is none is not pushed to"
