"""frond.js on a real browser's WebSocket, network and clock."""

from urllib.parse import quote

import pytest

RECORD = """
window.record = function (path, options) {
	const ws = frond.ws(path, options);
	ws.events = [];
	for (const name of ["open", "message", "close", "error", "reconnect", "reconnect_failed"])
		ws.on(name, (...args) => ws.events.push([name, ...args.map((arg) => arg instanceof Error ? arg.code : arg)]));
	return ws;
};
"""


@pytest.fixture
def page(lab, console):
    """An empty page that has loaded frond.js."""
    console.allow("favicon.ico")
    tab = lab.open("/")
    tab.run("const script = document.createElement('script'); script.src = '/js/frond.js';"
            "document.head.append(script)")
    tab.until(lambda: tab.run("return typeof frond === 'object'"), "frond.js is loaded")
    tab.run(RECORD)
    return tab


def events(page, name):
    return page.run("return ws.events.filter(([name]) => name === arguments[0]).map(([, ...args]) => args)", name)


def state(page):
    return page.run("return ws.state")


def script(room, **params):
    query = "&".join(f"{name}={quote(value)}" for name, value in params.items())
    return f"/ws/script/{room}?{query}"


def test_the_heartbeat_is_spoken_and_unseen(page, room):
    path = f"/ws/watch/{room}"
    page.run("window.ws = record(arguments[0]); window.beats = 0;"
             "const raw = new WebSocket(`ws://${location.host}${arguments[0]}`, ['frond.1']);"
             "raw.onmessage = ({ data }) => { if (data === '\\0') beats++; }", path)
    page.until(lambda: state(page) == "open", "it opens")
    assert page.run("return ws.protocol") == "frond.1"
    page.until(lambda: page.run("return beats") >= 2, "the server's heart beats")
    assert events(page, "message") == []
    assert state(page) == "open"


def test_what_is_sent_too_early_is_sent_later(page, room):
    page.run("window.ws = record(arguments[0]);"
             "window.taken = [1, 2, 3].map((i) => ws.send(`send ${i}`)); window.queued = ws.queued;"
             "ws.on('open', () => ws.send('send 0'))", script(room))
    page.until(lambda: len(events(page, "message")) == 4, "all of it comes back")
    assert events(page, "message") == [["0"], ["1"], ["2"], ["3"]]
    assert page.run("return [taken, queued]") == [[True] * 3, 3]


def test_binary_stays_binary(page, room):
    page.run("window.ws = record(arguments[0]); ws.on('message', (data) => {"
             "window.kind = Object.prototype.toString.call(data); window.bytes = data.byteLength; });"
             "ws.send('binary hello')", script(room))
    page.until(lambda: page.run("return window.kind"), "it comes")
    assert page.run("return [kind, bytes]") == ["[object ArrayBuffer]", 5]


def test_1008_is_the_end(page, room):
    page.run("window.ws = record(arguments[0])", script(room, open="close 1008 not for you"))
    page.until(lambda: events(page, "close"), "it is closed")
    assert events(page, "close") == [[1008, "not for you", False]]
    assert state(page) == "closed"
    assert page.run("return ws.retryInMs") is None


@pytest.mark.parametrize("code", [1000, 1011, 1012, 1013, 4000])
def test_after_other_codes_it_comes_back(page, room, code):
    page.run("window.ws = record(arguments[0], {reconnectInterval: 100})", script(room))
    page.until(lambda: state(page) == "open", "it opens")
    page.run("ws.send(arguments[0])", f"close {code} bye")
    page.until(lambda: len(events(page, "open")) == 2, "it opens again")
    assert events(page, "close") == [[code, "bye", True]]
    assert events(page, "reconnect") == [[1]]


def test_close_is_for_good(page, lab, room):
    page.run("window.ws = record(arguments[0])", script(room))
    page.until(lambda: state(page) == "open", "it opens")
    page.run("ws.close()")
    page.until(lambda: events(page, "close"), "it is closed")
    assert events(page, "close") == [[1000, "", False]]
    page.until(lambda: lab.stack.count(f"/ws/script/{room}") == 0, "the server has nobody")


# --- the chapter's own code, as it stands there but for the path -----------------------


def test_section_10_basic_connection(page, room):
    page.run("""
		window.seen = [];
		window.ws = frond.ws(arguments[0]);
		ws.on("open", function () { seen.push("open"); });
		ws.on("message", function (data) { seen.push(JSON.parse(data)); });
		ws.on("close", function () { seen.push("close"); });
		ws.send('send {"type":"message"}');
	""", script(room))
    page.until(lambda: page.run("return seen.length") == 2, "open and message")
    assert page.run("return seen") == ["open", {"type": "message"}]


def test_section_10_auto_reconnect(page, room, console):
    console.allow_losses()
    console.allow("/nothing/.* status of 404")
    page.run("window.ws = record(arguments[0], {reconnect: true, reconnectInterval: 10, maxReconnectAttempts: 3})",
             f"/nothing/{room}")
    page.until(lambda: events(page, "reconnect_failed"), "it gives up")
    assert events(page, "reconnect") == [[1], [2], [3]]
    assert [will for _, _, will in events(page, "close")] == [True, True, True, False]
    assert state(page) == "closed"


def test_section_10_native_websocket(demo, room):
    tab = demo.open()
    tab.run("""
		window.seen = [];
		window.ws = new WebSocket(`ws://${location.host}${arguments[0]}`);
		ws.onopen = function () { ws.send(JSON.stringify({ type: "set-username", username: "Alice" })); };
		ws.onmessage = function (event) { seen.push(JSON.parse(event.data)); };
		ws.onclose = function () { seen.push("close"); };
	""", f"/ws/livechat/{room}")
    tab.until(lambda: tab.run("return seen.length") == 2, "the welcome and the new name")
    assert tab.run("return seen.map((m) => m.message)") == [
        f"Connected to room: {room}", "Anonymous is now known as Alice"]


def test_a_module_imports_it(page):
    page.run("import('/js/frond.mjs').then(module => { window.imported = module; })")
    page.until(lambda: page.run("return Boolean(window.imported)"), "it is loaded")
    assert page.run("return [imported.default === frond, imported.ws === frond.ws]") == [True, True]


def test_a_request_gets_its_answer(page, room):
    """Over a loss of the connection, too."""
    page.run("window.ws = record(arguments[0]);"
             "(async () => {"
             "const kind = (data) => Object.prototype.toString.call(data);"
             "const answers = [await ws.request('send before\\nreply text'), await ws.request('send only')];"
             "answers.push(kind(await ws.request('reply_binary bytes')));"
             "answers.push(await ws.request(new TextEncoder().encode('reply to bytes')));"
             "answers.push(await ws.request(new Blob(['reply to a blob']), { once: true }));"
             "answers.push(await ws.request('fail').catch(({ code }) => code));"
             "answers.push(await ws.request('close 4000\\nreply last'));"
             "answers.push(await ws.request('reply first again', { once: true }));"
             "window.answers = answers;"
             "})()", script(room))
    page.until(lambda: page.run("return window.answers"), "all are answered")
    assert page.run("return answers") == ["text", None, "[object ArrayBuffer]", "to bytes", "to a blob", "failed", "last",
                                          "first again"]
    assert events(page, "message") == [["before"], ["only"]]
    assert [code for code, _, _ in events(page, "close")] == [4000]
