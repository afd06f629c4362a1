"""The chapter's chat in PHP, in two tabs."""

import pytest
from selenium.webdriver.support.ui import WebDriverWait

from conftest import serve
from elsewhere import Elsewhere
from test_chapter_in_php import EVENTS, INDEX


@pytest.fixture(scope="module")
def site(browser):
    yield from serve(browser, kind=Elsewhere, handlers=EVENTS["stay"], script=INDEX, site=True)


def enter(site, target, name):
    """A tab whose question for a name is answered."""
    tab = site.browser.open("about:blank")
    tab.run("location = arguments[0]", site.url(target))
    question = WebDriverWait(tab.driver, 20).until(lambda driver: driver.switch_to.alert)
    question.send_keys(name)
    question.accept()
    return tab


def test_two_people_talk(site, room, console):
    console.allow("favicon.ico")
    ann = enter(site, f"/chat/{room}", "Ann")
    ann.until_text("#status", "Connected")
    bob = enter(site, f"/chat/{room}", "Bob <b>")
    for tab in (ann, bob):
        tab.until(lambda: "Anonymous is now known as Bob <b>" in tab.texts("#messages div"), "both see who came")
    ann.write("#message-input", "Hello Bob")
    bob.until(lambda: "Ann: Hello Bob" in bob.texts("#messages div"), "Bob sees it")
    bob.write("#message-input", "<i>Hello</i>")
    ann.until(lambda: "Bob <b>: <i>Hello</i>" in ann.texts("#messages div"), "Ann sees it, as text")
    bob.close()
    ann.until(lambda: "Bob <b> left the chat" in ann.texts("#messages div"), "Ann sees him leave")
    ann.until_text("#online", "Online: 1")


def test_the_room_of_the_exercise(site, room, console):
    console.allow("favicon.ico")
    ann = enter(site, f"/room/{room}", "Ann")
    ann.until_text("#online", "Online: 1")
    bob = enter(site, f"/room/{room}", "Bob")
    bob.until_text("#online", "Online: 2")
    bob.write("#input", "hi")
    ann.until(lambda: any(text.startswith("Bob ") and text.endswith("hi") for text in ann.texts("#messages div")),
              "Ann sees it")
