"""Compression, as the browser itself offers it."""

from test_chat_page import said

LONG = "It goes on and on and on, because only a long message is worth the trouble. " * 10


def negotiated(tab):
    tab.run("window.socket = new WebSocket(`ws://${location.host}/ws/echo`);"
            "socket.onmessage = (event) => window.heard = event.data;")
    tab.until(lambda: tab.run("return socket.readyState") == 1, "the socket is open")
    return tab.run("return socket.extensions")


def test_it_is_agreed_on_and_both_ways_work(compressing):
    tab = compressing.open("/")
    assert negotiated(tab) == "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    for message in (LONG, "short", "ü" * 200, LONG * 100):
        tab.run("socket.send(arguments[0])", message)
        tab.until(lambda: tab.run("return window.heard") == "Echo: " + message, "the echo comes back")


def test_it_is_off_by_default(demo):
    assert negotiated(demo.open("/")) == ""


def test_two_tabs_chat(compressing, room):
    alice = compressing.open_page(f"/chat/{room}", "Alice")
    bob = compressing.open_page(f"/chat/{room}", "Bob")
    alice.write("#message-input", LONG)
    bob.until(lambda: said(bob) == [("Alice", LONG.strip())], "Bob hears her")
    bob.write("#message-input", "Short")
    for tab in (alice, bob):
        tab.until(lambda: said(tab) == [("Alice", LONG.strip()), ("Bob", "Short")], "both see both")
