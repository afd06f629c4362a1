"""The chat room that the chapter's exercise asks for."""

import re

from selenium.webdriver.common.keys import Keys


def test_section_12_the_exercise(demo, room):
    alice = demo.open_page(f"/room/{room}", "Alice")
    assert f"Welcome to room: {room}." in alice.texts("#messages .system"), "the protocol is for programs"
    assert alice.text("#online") == "Online: 1"

    bob = demo.open_page(f"/room/{room}", "Bob")
    for tab in (alice, bob):
        tab.until_text("#online", "Online: 2")
    alice.until(lambda: alice.texts("#messages .system")[-2:] == [
        "A new user joined", "Anonymous changed their name to Bob"], "Alice sees who came")

    alice.write("#input", "Hello Bob")
    bob.until(lambda: bob.texts("#messages .message p[dir]") == ["Hello Bob"], "Bob sees it")
    bob.write("#input", "Hello Alice")
    for tab in (alice, bob):
        tab.until(lambda: tab.texts("#messages .message p[dir]") == ["Hello Bob", "Hello Alice"], "both see both")
        assert tab.texts("#messages .message bdi") == ["Alice", "Bob"]
        assert all(re.match(r"\d\d:\d\d", time) for time in tab.texts("#messages time"))
    assert alice.texts("#messages .mine bdi") == ["Alice"]
    assert bob.texts("#messages .mine bdi") == ["Bob"]

    style = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    for name in ("fontStyle", "color"):
        assert alice.run(style, ".system", name) != alice.run(style, ".message p[dir]", name)

    bob.close()
    alice.until(lambda: alice.texts("#messages .system")[-1] == "Bob left the room", "Alice sees that Bob left")
    assert alice.text("#online") == "Online: 1"


def test_the_name_is_asked_once_in_a_tab(demo, room):
    tab = demo.open_page(f"/room/{room}")
    assert tab.shows("#name-form")
    assert tab.focused().get_attribute("id") == "name"
    tab.press("Alice", Keys.ENTER)
    tab.until_text("#who", "Alice")
    assert tab.focused().get_attribute("id") == "input"
    tab.reload()
    tab.until_text("#status", "Connected")
    assert not tab.shows("#name-form")
    tab.until(lambda: "Anonymous changed their name to Alice" in tab.texts(".system"), "the name is told again")

    other = demo.open_page(f"/room/{room}")
    assert other.shows("#name-form") and other.text("#who") == "Anonymous"


def test_the_name_can_be_changed(demo, room):
    tab = demo.open_page(f"/room/{room}", "Alice")
    tab.click("#rename")
    tab.press("Alicia", Keys.ENTER)
    tab.until(lambda: tab.texts(".system")[-1] == "Alice changed their name to Alicia", "the name is told")
    tab.write("#input", "Hello")
    tab.until(lambda: tab.texts(".message bdi") == ["Alicia"], "it stands with what she says")


def test_one_may_stay_anonymous(demo, room):
    tab = demo.open_page(f"/room/{room}")
    tab.press(Keys.ESCAPE)
    assert not tab.shows("#name-form")
    tab.press("Hello", Keys.ENTER)
    tab.until(lambda: tab.texts(".message bdi") == ["Anonymous"], "Anonymous speaks")


def test_a_name_that_the_server_would_refuse_is_not_sent(demo, room):
    tab = demo.open_page(f"/room/{room}")
    tab.write("#name", "ü" * 33)  # 66 bytes
    assert tab.run("return document.getElementById('name').validity.customError")
    assert tab.shows("#name-form")
    tab.write("#name", "ü" * 32)
    tab.until(lambda: tab.texts(".system")[-1].endswith("ü" * 32), "a shorter one is")
    assert not tab.texts(".error")


def test_it_works_without_a_mouse(demo, room):
    tab = demo.open_page(f"/room/{room}", "Alice")
    tab.press("Hello", Keys.ENTER)
    tab.until(lambda: tab.texts(".message p[dir]") == ["Hello"], "it is sent")

    order = []
    for _ in range(7):
        tab.press(Keys.SHIFT + Keys.TAB)
        order.append(tab.run("const e = document.activeElement; return e.id || e.className || e.textContent.trim()"))
        assert tab.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid", order
    assert order == ["rename", "messages", "Source", "Room", "Chat", "brand", "skip"]
    tab.press(Keys.ENTER)
    tab.until(lambda: tab.focused().get_attribute("id") == "input", "the skip link leads to the input")


def test_screen_readers_are_told(demo, room):
    tab = demo.open_page(f"/room/{room}", "Alice")
    log = tab.find("#messages")
    assert (log.aria_role, log.get_attribute("aria-live"), log.accessible_name) == ("log", "polite", "Messages")
    assert tab.find("#status").aria_role == "status"
    assert tab.find("#input").accessible_name == "Message"


def test_who_reads_what_was_is_not_torn_away(demo, room):
    tab = demo.open_page(f"/room/{room}", "Alice")
    other = demo.open_page(f"/room/{room}", "Bob")
    for i in range(40):
        other.run("document.getElementById('input').value = arguments[0];"
                  "document.getElementById('form').requestSubmit()", f"line {i}")
    tab.until(lambda: tab.texts(".message p[dir]")[-1:] == ["line 39"], "all came")
    at_end = "const m = document.getElementById('messages'); return m.scrollHeight - m.scrollTop - m.clientHeight < 2"
    assert tab.run(at_end) and not tab.shows("#latest")

    tab.run("document.getElementById('messages').scrollTop = 0")
    other.write("#input", "one more")
    tab.until(lambda: tab.shows("#latest"), "there is something new")
    assert tab.run("return document.getElementById('messages').scrollTop") == 0
    tab.click("#latest")
    tab.until(lambda: tab.run(at_end), "the end is shown")
    assert not tab.shows("#latest")
