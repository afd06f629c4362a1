"""The chapter's complete chat page."""

import os
import re
import subprocess

import pytest

from stack import BUILD
from web import TOP


def said(tab):
    return list(zip(tab.texts("#messages .message bdi"), tab.texts("#messages .message p[dir]")))


def test_section_11_two_tabs_talk(demo, room):
    alice = demo.open_page(f"/chat/{room}")
    assert alice.text("h1") == f"Chat Room: {room}"
    assert alice.run("return document.title") == f"Chat - {room}"
    alice.until_text("#online", "Online: 1")
    bob = demo.open_page(f"/chat/{room}")
    for tab in (alice, bob):
        tab.until_text("#online", "Online: 2")

    alice.write("#name", "Alice")
    bob.until(lambda: "Anonymous is now known as Alice" in bob.texts(".system"), "Bob learns her name")
    bob.write("#name", "Bob")
    alice.until(lambda: "Anonymous is now known as Bob" in alice.texts(".system"), "Alice learns his name")

    alice.write("#message-input", "Hello Bob")
    bob.until(lambda: said(bob) == [("Alice", "Hello Bob")], "Bob hears her")
    bob.write("#message-input", "Hello Alice")
    for tab in (alice, bob):
        tab.until(lambda: said(tab) == [("Alice", "Hello Bob"), ("Bob", "Hello Alice")], "both see both")
    assert alice.texts(".mine bdi") == ["Alice"] and bob.texts(".mine bdi") == ["Bob"]

    bob.close()
    alice.until(lambda: alice.texts(".system")[-1] == "Bob left the chat", "Alice sees that Bob left")
    assert alice.text("#online") == "Online: 1"


def watch_typing(tab):
    """Writes down each state of the indicator, and each one at the moment when a message comes."""
    tab.run("window.typing = []; window.atMessage = [];"
            "const indicator = document.getElementById('typing');"
            "new MutationObserver(() => typing.push(indicator.textContent)).observe(indicator, {childList: true});"
            "new MutationObserver(() => atMessage.push(indicator.textContent))"
            ".observe(document.getElementById('messages'), {childList: true})")


def test_typing_is_shown_and_goes_by_itself(demo, room):
    alice = demo.open_page(f"/chat/{room}", "Alice")
    bob = demo.open_page(f"/chat/{room}", "Bob")
    for tab in (alice, bob):
        watch_typing(tab)
    bob.write("#message-input", "I am writing", enter=False)
    alice.until(lambda: "Bob is typing..." in alice.run("return typing"), "Alice sees it")
    alice.until_text("#typing", "")
    assert bob.run("return typing") == []


def test_typing_ends_with_the_message(demo, room):
    alice = demo.open_page(f"/chat/{room}", "Alice")
    bob = demo.open_page(f"/chat/{room}", "Bob")
    watch_typing(alice)
    bob.write("#message-input", "Hello")
    alice.until(lambda: said(alice) == [("Bob", "Hello")], "Alice hears him")
    assert "Bob is typing..." in alice.run("return typing")
    assert alice.run("return atMessage") == [""]


def test_rooms_are_walls(demo, room):
    one = demo.open_page(f"/chat/{room}-1", "Alice")
    two = demo.open_page(f"/chat/{room}-2", "Bob")
    for tab, text in ((one, "for one"), (two, "for two"), (one, "again one"), (two, "again two")):
        tab.write("#message-input", text)
        tab.until(lambda: said(tab)[-1:] and said(tab)[-1][1] == text, "it comes back")
    assert [text for _, text in said(one)] == ["for one", "again one"]
    assert [text for _, text in said(two)] == ["for two", "again two"]
    assert one.text("#online") == two.text("#online") == "Online: 1"


def test_what_is_written_while_away_arrives_once_and_in_order(own_demo, room, console):
    console.allow_losses()
    alice = own_demo.open_page(f"/chat/{room}", "Alice")
    bob = own_demo.open_page(f"/chat/{room}", "Bob")
    alice.write("#message-input", "before")
    bob.until(lambda: said(bob) == [("Alice", "before")], "it is there before")

    # Alice waits long, so that Bob is there again before she is.
    alice.run("Math.random = () => 30")
    bob.run("Math.random = () => 0.2")
    own_demo.stack.sidecar.term()
    alice.until(lambda: "Disconnected. Reconnecting in 2" in alice.text("#status"), "it counts down")
    assert not alice.shows("#online")
    for text in ("one", "two", "three"):
        alice.write("#message-input", text)
    assert alice.text("#waiting") == "3 waiting to be sent"

    own_demo.stack.sidecar.start()
    bob.until_text("#status", "Connected")
    alice.run("dispatchEvent(new Event('online'))")
    alice.until_text("#status", "Connected")
    expected = [("Alice", text) for text in ("before", "one", "two", "three")]
    for tab in (alice, bob):
        tab.until(lambda: said(tab) == expected, f"once each and in order, not {said(tab)}")
        tab.until_text("#online", "Online: 2")
    assert alice.text("#waiting") == ""
    alice.write("#message-input", "after")
    bob.until(lambda: said(bob) == [*expected, ("Alice", "after")], "nothing comes late")


def test_a_worker_may_die_and_nobody_notices(own_demo, room):
    alice = own_demo.open_page(f"/chat/{room}", "Alice")
    bob = own_demo.open_page(f"/chat/{room}", "Bob")
    own_demo.stack.worker.kill()
    alice.write("#message-input", "while it is dead")
    alice.until_text("#waiting", "1 sent, waiting for an answer")
    own_demo.stack.worker.start()
    bob.until(lambda: said(bob) == [("Alice", "while it is dead")], "it arrives, under her name")
    alice.until_text("#waiting", "")
    assert alice.text("#status") == bob.text("#status") == "Connected"


@pytest.mark.parametrize("guide", ["nginx", "apache", "lighttpd"])
def test_the_push_of_a_guide_arrives_on_its_page(demo, guide):
    text = (TOP / "deploy" / f"{guide}.md").read_text()
    page = re.search(r"`http://localhost(/chat/\w+)`", text)[1]
    push = re.search(r"^    sudo (tina4 push .*)$", text, re.M)[1]
    tab = demo.open_page(page)
    tab.until_text("#online", "Online: 1")
    subprocess.run(["sh", "-c", f"{BUILD}/{push}"], env={**os.environ, **demo.stack.env}, check=True)
    tab.until(lambda: tab.texts(".system")[-1] == "hello", "it arrives")
    assert tab.text("#online") == "Online: 1"
    tab.close()
