"""A page misses nothing: what was said before it, while it was loaded, and while its phone was in a tunnel."""

import contextlib
import re
import socket
import threading

import pytest

from client import Client, http


class Tunnel:
    """A way to a site that can be dark: then connections are cut, and new ones are. Upgrades can be held up, too."""

    def __init__(self, port):
        self.site = port
        self.dark = False
        self.upgrades = threading.Event()
        self.upgrades.set()
        self.ends = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                if self.dark:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.site))
                self.ends |= {near, far}
                threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near), daemon=True).start()

    def _carry(self, a, b, asks=False):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                if asks and data.startswith(b"GET /ws/"):
                    self.upgrades.wait()
                b.sendall(data)
        for end in (a, b):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def enter(self):
        self.dark = True
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.ends.clear()

    def leave(self):
        self.dark = False

    def close(self):
        self.enter()
        self.upgrades.set()
        self.listener.close()


@pytest.fixture
def tunnel(demo):
    made = Tunnel(demo.stack.web)
    yield made
    made.close()


@contextlib.contextmanager
def speaker(demo, room):
    """Somebody else in the room, whose messages have arrived when they are said."""
    with Client(f"ws://127.0.0.1:{demo.stack.web}/ws/livechat/{room}") as client:
        def say(*texts):
            for text in texts:
                client.send_json({"type": "message", "text": text})
                while client.receive_json().get("text") != text:
                    pass
        yield say


def said(tab):
    return tab.texts("#messages .message p[dir]")


def open_room(browser, tunnel, room):
    return browser.open(f"http://127.0.0.1:{tunnel.port}/chat/{room}")


@contextlib.contextmanager
def listening(browser, demo, tunnel, room):
    """A page that has heard somebody, and that somebody."""
    tab = open_room(browser, tunnel, room)
    tab.until_text("#status", "Connected")
    with speaker(demo, room) as say:
        say("before")
        tab.until(lambda: said(tab) == ["before"], "it is heard")
        yield tab, say


def test_after_a_tunnel_everything_is_there_once(browser, demo, tunnel, room, console):
    console.allow_losses()
    with listening(browser, demo, tunnel, room) as (tab, say):
        for number in range(3):
            tunnel.enter()
            tab.until(lambda: "Connected" not in tab.text("#status"), "the page sees that it is cut off")
            say(f"{number}a", f"{number}b")
            tunnel.leave()
            tab.run("dispatchEvent(new Event('online'))")
            tab.until_text("#status", "Connected")
        say("after")
    expected = ["before", *(f"{n}{c}" for n in range(3) for c in "ab"), "after"]
    tab.until(lambda: said(tab)[-1:] == ["after"], "it is there again")
    assert said(tab) == expected
    browser.close_tabs()


def test_from_the_page_on_nothing_is_missed(browser, demo, tunnel, room):
    """Between rendering and connection somebody speaks: the upgrade is held up until then."""
    with speaker(demo, room) as say:
        say("first", "second")
        tunnel.upgrades.clear()
        tab = open_room(browser, tunnel, room)
        tab.until(lambda: said(tab) == ["first", "second"], "the page came with them")
        assert tab.text("#status") != "Connected"
        say("third", "fourth")
        assert said(tab) == ["first", "second"]
        tunnel.upgrades.set()
        tab.until_text("#status", "Connected")
        tab.until(lambda: len(said(tab)) == 4, "the others come")
        say("fifth")
        tab.until(lambda: said(tab) == ["first", "second", "third", "fourth", "fifth"], "all once and in order")
    browser.close_tabs()


def test_without_scripts_it_is_a_page_to_read(demo, room):
    with speaker(demo, room) as say:
        say("one & two", "<b>three</b>")
    page = http(demo.stack.web, "GET", f"/chat/{room}").body.decode()
    assert re.findall(r'<p dir="auto">(.*?)</p></li>', page) == ["one &amp; two", "&lt;b&gt;three&lt;/b&gt;"]
    assert len(re.findall(r'<time datetime="\d{4}-\d\d-\d\dT[^"]*">\d\d:\d\d</time>', page)) == 2


def test_a_page_that_was_away_for_too_long_begins_anew(browser, demo, tunnel, room, console):
    console.allow_losses()
    with listening(browser, demo, tunnel, room) as (tab, say):
        tunnel.enter()
        tab.until(lambda: "Connected" not in tab.text("#status"), "the page sees that it is cut off")
        say(*(str(n) for n in range(60)))
        tunnel.leave()
        tab.run("dispatchEvent(new Event('online'))")
        tab.until_text("#status", "Connected")
        tab.until(lambda: said(tab)[-1:] == ["59"], "it shows what is kept")
        assert said(tab) == [str(n) for n in range(10, 60)], "and nothing of what was before the gap"
    browser.close_tabs()
