"""Subprotocols of the app: which one is answered, what its handler is told, and tokens that are offered so."""

import pytest

from stack import eventually
from test_auth import token

# offer: answer, what the handler is told
OFFERS = {
    "mqtt": ("mqtt", "mqtt"),
    "mqtt, chat.v2": ("mqtt", "mqtt"),
    "chat.v2, mqtt": ("chat.v2", "chat.v2"),
    "other,, chat.v2 ,more": ("chat.v2", "chat.v2"),
    "frond.1, chat.v2": ("frond.1", "chat.v2"),
    "chat.v2, frond.1": ("chat.v2", "chat.v2"),
    "frond.1": ("frond.1", "none"),
    "bearer, mqtt": ("bearer", "none"),
    "bearer, mqtt, mqtt": ("mqtt", "mqtt"),
    "frond.1, bearer, x": ("frond.1", "none"),
}


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("direct", [True, False], ids=["direct", "through-nginx"])
def test_the_first_of_the_clients_that_is_spoken(lab, offer, direct):
    answer, told = OFFERS[offer]
    with lab.ws("/ws/speaks", direct=direct, subprotocols=[name.strip() for name in offer.split(",")]) as client:
        assert client.headers["sec-websocket-protocol"] == answer
        assert client.receive() == f"{told}, header none"


@pytest.mark.parametrize("offer", ["other", "MQTT", "mqt", "mqtt2", "bearer", "chat.v2;q=1", "x" * 3000, ", ".join(
    ["other"] * 64 + ["mqtt"])])
def test_unknown_ones_alone_are_400(lab, offer):
    answer = lab.handshake("/ws/speaks", Sec_WebSocket_Protocol=offer)
    assert answer.status == 400


def test_without_an_offer_there_is_none(lab):
    with lab.ws("/ws/speaks", direct=True) as client:
        assert "sec-websocket-protocol" not in client.headers and client.receive() == "none, header none"


def test_another_routes_are_unknown(lab):
    assert lab.handshake("/ws/secret?token=" + token(), Sec_WebSocket_Protocol="mqtt").status == 400


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "through-nginx"])
def test_a_token_behind_bearer(lab, direct):
    with lab.ws("/ws/secret", direct=direct, subprotocols=["bearer", token(sub="zoe")]) as client:
        assert client.receive() == "hello zoe" and client.headers["sec-websocket-protocol"] == "bearer"


def test_which_token_counts(lab):
    offer, query, cookie = ["bearer", token(sub="offer")], f"?token={token(sub='query')}", f"tina4_token={token(sub='cookie')}"
    with lab.ws("/ws/secret" + query, direct=True, subprotocols=offer, header={"Cookie": cookie}) as client:
        assert client.receive() == "hello offer"
    with lab.ws("/ws/secret", direct=True, subprotocols=offer,
                header={"Authorization": f"Bearer {token(sub='header')}"}) as client:
        assert client.receive() == "hello header"
    answer = lab.handshake("/ws/secret" + query, Sec_WebSocket_Protocol="bearer, x.y.z")
    assert answer.status == 401 and answer.json["reason"] == "malformed"  # a wrong one is not passed over


def test_the_token_is_shown_to_nobody(make_stack):
    stack = make_stack(ws_headers="sec-websocket-protocol, x-other", log_level="debug").start()
    secret = token(sub="zoe")
    with stack.ws("/ws/speaks", direct=True, subprotocols=["bearer", secret, "mqtt"]) as client:
        assert client.receive() == "mqtt, header none"
    stack.handshake("/ws/speaks", Sec_WebSocket_Protocol=f"other, {secret}")
    eventually(lambda: any("disconnected" in line for line in stack.sidecar.lines()), "the log says that it is gone")
    assert not any(part in stack.sidecar.log.read_text() for part in secret.split("."))


def test_routes_of_the_setting(make_stack):
    stack = make_stack(ws_routes="/ws/news/{topic};history=5;protocols=mqtt:stomp").start("sidecar")
    with stack.ws("/ws/news/a", direct=True, subprotocols=["stomp"]) as client:
        assert client.headers["sec-websocket-protocol"] == "stomp"
    assert stack.handshake("/ws/news/a", Sec_WebSocket_Protocol="amqp").status == 400
