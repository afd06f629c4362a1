"""What people may write, and what must not come of it."""

from urllib.parse import quote

import pytest

WORDS = [
    "<img src=x onerror=window.pwned=1>",
    "</script><script>window.pwned=1</script>",
    "\"'`&lt;<b>&amp;\\",
    "a\u2028b\u2029c\u0085d",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "<svg/onload=window.pwned=1>",
    "\u202eesrever <a href=javascript:window.pwned=1>x</a>",
    "__proto__",
]
ids = [f"{i}" for i in range(len(WORDS))]


def fill(tab, css, text):
    """As if it were pasted; the driver cannot type everything."""
    tab.run("const input = document.querySelector(arguments[0]); input.value = arguments[1];"
            "input.dispatchEvent(new Event('input', {bubbles: true})); input.form.requestSubmit()", css, text)


def harmless(tab, css):
    """Only elements of ours, and nothing has run."""
    assert tab.run("return window.pwned") is None
    tags = tab.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.localName)", f"{css} *")
    assert set(tags) <= {"li", "p", "bdi", "time"}, tags
    assert tab.run("return document.scripts.length") == 3  # frond.js, the data, the page's own


def plain(tab, css):
    """The texts of elements as they are, blank space and all."""
    return tab.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", css)


@pytest.mark.parametrize("words", WORDS, ids=ids)
@pytest.mark.parametrize("page, field", [("chat", "#message-input"), ("room", "#input")])
def test_names_and_texts_stay_text(demo, page, field, words, room):
    target = f"/{page}/{room}"
    one, two = demo.open_page(target), demo.open_page(target)
    fill(one, "#name", words)
    one.until(lambda: any(words in text for text in plain(one, ".system")), "the name is told")
    fill(one, field, words)
    for tab in (one, two):
        tab.until(lambda: plain(tab, ".message p[dir]") == [words], "the text is there")
        assert plain(tab, ".message bdi") == [words]
        harmless(tab, "#messages")
    if page == "chat":
        later = demo.open_page(target)  # to which the server has written it
        assert plain(later, ".message p[dir]") == [words] == plain(later, ".message bdi")
        harmless(later, "#messages")
        one.run("document.querySelector(arguments[0]).dispatchEvent(new Event('input'))", field)
        two.until(lambda: plain(two, "#typing") == [f"{words} is typing..."], "so is the one who types")
        harmless(two, "#typing")


@pytest.mark.parametrize("words", [words for words in WORDS if "/" not in words] + ["a+b%20c", "général 👋"])
@pytest.mark.parametrize("page", ["chat", "room"])
def test_the_name_of_a_room_stays_text(demo, page, words):
    tab = demo.open_page(f"/{page}/{quote(words, safe='')}")
    assert plain(tab, "h1 bdi") == [words]
    assert words.replace("\u0085", "") in tab.run("return document.title").replace("\u0085", "")
    tab.until(lambda: any(f"room: {words}" in text for text in plain(tab, ".system")), "the server has the same name")
    assert len(tab.find_all("h1 *")) == 1
    harmless(tab, "#messages")


def test_a_slash_is_in_no_room(demo, console):
    console.allow("status of 40[04]")
    tab = demo.open("/room/a%2Fb")
    assert not tab.shows("#messages")


@pytest.mark.parametrize("words", WORDS, ids=ids)
def test_the_error_page_only_shows_the_path(demo, console, words):
    console.allow("status of 404")
    tab = demo.open("/nothing/" + quote(words))
    assert plain(tab, "main code") == [f"/nothing/{words}"]
    assert tab.run("return window.pwned") is None
    assert tab.run("return document.scripts.length") == 1


@pytest.mark.parametrize("words", WORDS, ids=ids)
def test_a_console_shows_what_came_as_text(demo, words):
    tab = demo.open()
    tab.click("#echo .connect button")
    tab.until_text("#echo .status", "Connected")
    fill(tab, "#echo .send input", words)
    tab.until(lambda: plain(tab, "#echo .in") == [f"Echo: {words}"], "it comes back")
    harmless(tab, "#echo .lines")
