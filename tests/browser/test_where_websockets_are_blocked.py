"""A proxy that lets no WebSocket through: pages listen to an event stream, and miss nothing."""

import re

import pytest

from test_history_in_a_page import Tunnel, open_room, said, speaker

LISTENING = "Connected, to listen only"
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy(Tunnel):
    """A tunnel that refuses upgrades while it is strict."""

    def __init__(self, port):
        self.strict = True
        super().__init__(port)

    def _carry(self, a, b, asks=False):
        if asks and self.strict:
            first = a.recv(65536)
            if re.search(rb"\r\nupgrade: *websocket", first, re.IGNORECASE):
                a.sendall(REFUSAL)
                a.close()
                b.close()
                return
            try:
                b.sendall(first)
            except OSError:
                pass  # cut meanwhile
        super()._carry(a, b, asks)


@pytest.fixture
def proxy(demo, console):
    console.allow_losses()
    made = Proxy(demo.stack.web)
    yield made
    made.close()


def test_the_page_shows_everything_once_and_in_order(browser, demo, proxy, room):
    with speaker(demo, room) as say:
        say("on the page")
        tab = open_room(browser, proxy, room)
        tab.until_text("#status", LISTENING)
        say("live", "two\nlines", "a <b> & \"c\"")
        expected = ["on the page", "live", "two\nlines", "a <b> & \"c\""]
        tab.until(lambda: said(tab) == expected, "it is heard")
        for number in range(2):
            proxy.enter()
            tab.until(lambda: "Connected" not in tab.text("#status"), "the page sees that it is cut off")
            say(f"{number}a", f"{number}b")
            proxy.leave()
            for _ in range(2):  # by a WebSocket first
                tab.run("dispatchEvent(new Event('online'))")
            tab.until_text("#status", LISTENING)
            expected += [f"{number}a", f"{number}b"]
            tab.until(lambda: said(tab)[-1:] == expected[-1:], "what was missed comes")
        say("after")
        tab.until(lambda: said(tab)[-1:] == ["after"], "and what is said then")
        assert said(tab) == [*expected, "after"]
        assert not tab.texts("#messages .error")
    browser.close_tabs()


def test_what_cannot_be_sent_cannot_be_written(browser, demo, proxy, room):
    tab = open_room(browser, proxy, room)
    tab.until_text("#status", LISTENING)
    assert tab.run("return document.querySelector('#chat-form [type=submit]').disabled")
    tab.write("#name", "Ann")
    tab.write("#chat-form input", "nobody hears", enter=True)
    assert said(tab) == [] and not tab.texts("#messages .error")
    proxy.strict = False
    proxy.enter()
    tab.until(lambda: "Connected" not in tab.text("#status"), "the page sees that it is cut off")
    proxy.leave()
    tab.until_text("#status", "Connected")
    tab.find("#chat-form input").clear()
    tab.write("#chat-form input", "but now", enter=True)
    tab.until(lambda: said(tab) == ["but now"], "a WebSocket is there again")
    browser.close_tabs()


def test_an_event_source_of_its_own_resumes_by_itself(browser, demo, proxy, room):
    """Without frond.js, as any page has it."""
    with speaker(demo, room) as say:
        tab = browser.open(f"http://127.0.0.1:{proxy.port}/")
        tab.run("""
            window.got = [];
            window.source = new EventSource(arguments[0]);
            source.onmessage = ({ data }) => got.push(JSON.parse(data).text);
            source.addEventListener("resumed", () => got.push("resumed"));
            source.addEventListener("gap", () => got.push("gap"));
        """, f"/ws/livechat/{room}")
        tab.until(lambda: tab.run("return source.readyState") == 1, "it is open")
        say("a")
        texts = lambda: [text for text in tab.run("return got") if text in ("a", "b", "c", "resumed", "gap")]
        tab.until(lambda: texts() == ["a"], "it is heard")
        proxy.enter()
        tab.until(lambda: tab.run("return source.readyState") == 0, "it is cut off")
        say("b")
        proxy.leave()
        tab.until(lambda: "b" in texts(), "it comes back")
        say("c")
        tab.until(lambda: texts() == ["a", "b", "resumed", "c"], "all once and in order")
        tab.run("source.close()")
    browser.close_tabs()


TEXTS = ["", " a", "a\n", "\n", "a\rb", "a\r\nb", "\0", "\0n", "\ufeff", "é€😀\u2028", "data: x\n\nid: 1\n"]


def test_texts_and_bytes_are_what_they_were(lab, room, console):
    console.allow("favicon.ico")
    console.allow("frond.ws: not sent: an event stream only listens")
    path = f"/ws/watch/{room}"
    tab = lab.open("/")
    tab.run("const script = document.createElement('script'); script.src = '/js/frond.js';"
            "document.head.append(script)")
    tab.until(lambda: tab.run("return typeof frond === 'object'"), "frond.js is loaded")
    tab.run("""
        delete window.WebSocket;
        window.got = [];
        window.ws = frond.ws(arguments[0]);
        ws.on("message", (data) => got.push(typeof data === "string" ? data : [...new Uint8Array(data)]));
    """, path)
    tab.until(lambda: tab.run("return ws.listensOnly"), "it listens")
    for text in TEXTS:
        assert lab.stack.http("POST", f"/push?path={path}", body=text).json["connections"] == 1
    assert lab.stack.http("POST", f"/push?path={path}&binary=1", body=bytes(range(256))).json["connections"] == 1
    tab.until(lambda: len(tab.run("return got")) == len(TEXTS) + 1, "all have come")
    assert tab.run("return got") == [*TEXTS, list(range(256))]
    assert tab.run("return ws.state") == "open"
    assert tab.run("return ws.send('x')") is False
