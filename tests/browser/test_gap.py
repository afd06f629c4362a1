"""A page is told that messages are gone for good."""

import pathlib
import tempfile

import pytest

from redis import Cable, Host, Redis, lose_for_good
from stack import eventually

PATH = "/ws/script/gap"


@pytest.fixture
def hosts():
    """One that talks, one whose way to Redis can be cut, and that way."""
    redis = Redis().start()
    cable = Cable(redis)
    made = [Host(pathlib.Path(tempfile.mkdtemp(prefix="tina4-")), redis, ws_backplane_repair_seconds=1, **more)
            for more in ({}, {"ws_backplane_url": cable.url})]
    try:
        made[0].start("sidecar", "worker")
        made[1].start()
        for host in made:
            host.settled(2)
        yield (*made, cable)
    finally:
        for host in made:
            host.stop()
        redis.stop()


def test_a_page_is_told_what_it_has_missed(browser, hosts, console):
    talks, cut_off, cable = hosts
    console.allow("favicon.ico")
    tab = browser.open(f"http://127.0.0.1:{cut_off.web}/")
    tab.run("const script = document.createElement('script'); script.src = '/js/frond.js';"
            "document.head.append(script)")
    tab.until(lambda: tab.run("return typeof frond === 'object'"), "frond.js is loaded")
    tab.run("window.seen = []; window.ws = frond.ws(arguments[0]);"
            "ws.on('message', (data) => seen.push(data)); ws.on('gap', () => seen.push(null))", PATH)
    eventually(lambda: talks.count(PATH) == 1, "the other host knows of it")
    talks.pushes(PATH, "before")
    tab.until(lambda: tab.run("return seen") == ["before"], "it hears the other host")
    lose_for_good(talks, cut_off, cable, PATH)
    tab.until(lambda: tab.run("return seen") == ["before", None], "it is told")
    eventually(lambda: talks.count(PATH) == 1, "the other host knows of it again")
    talks.pushes(PATH, "after")
    tab.until(lambda: tab.run("return seen") == ["before", None, "after"], "and hears the other host again")
    browser.close_tabs()
