import pathlib
import re
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from browser import Browser
from stack import Stack


class Site:
    """A stack of programs, and tabs that look at it."""

    def __init__(self, browser, kind=Stack, **options):
        self.browser = browser
        # A unix socket's path holds 107 bytes: pytest's own folders may be longer.
        self.stack = kind(pathlib.Path(tempfile.mkdtemp(prefix="tina4-")), **options)

    def url(self, target="/"):
        return f"http://127.0.0.1:{self.stack.web}{target}"

    def open(self, target="/"):
        return self.browser.open(self.url(target))

    def open_page(self, target, name=None):
        """A page of a conversation, connected, with the question for a name answered."""
        tab = self.open(target)
        tab.until_text("#status", "Connected")
        if name is not None:
            tab.write("#name", name)
            tab.until(lambda: any(text.endswith(f" {name}") for text in tab.texts("#messages .system")),
                      "the name is told")
        return tab


def serve(browser, **options):
    """A site while it is needed."""
    site = Site(browser, **options)
    try:
        site.stack.start()
        yield site
    finally:
        browser.close_tabs()
        try:
            site.stack.stop()
        finally:
            shutil.rmtree(site.stack.dir, ignore_errors=True)


class Console:
    """What the browser's console may hold at the end of a test: nothing, unless said."""

    def __init__(self):
        self.allowed = []

    def allow(self, pattern):
        self.allowed.append(pattern)

    def allow_losses(self):
        """Of WebSockets, and of the event streams that are tried when these do not open."""
        self.allow("WebSocket connection to .* failed")
        self.allow("/ws/.* (net::ERR_|- Failed to load)")


@pytest.fixture(scope="session")
def browser():
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    browser = Browser()
    yield browser
    browser.quit()


@pytest.fixture(scope="session")
def demo(browser):
    """The demo, shared by the tests that leave it as it was."""
    yield from serve(browser, program="fcgi/examples/demo")


@pytest.fixture(scope="session")
def lab(browser):
    """The system tests' app, shared by the tests that leave it as it was."""
    yield from serve(browser, ws_ping_seconds=1)


@pytest.fixture(scope="module")
def compressing(browser):
    """The demo with permessage-deflate."""
    yield from serve(browser, program="fcgi/examples/demo", ws_deflate="true")


@pytest.fixture
def own_demo(browser):
    """The demo of one test alone, which stops parts of it."""
    yield from serve(browser, program="fcgi/examples/demo")


@pytest.fixture(autouse=True)
def console(browser):
    console = Console()
    yield console
    complaints = [text for text in browser.complaints() if not any(re.search(p, text) for p in console.allowed)]
    browser.close_tabs()
    browser.complaints()  # of closing: nobody sees them
    assert not complaints


@pytest.fixture
def room(request):
    """A name that no other test uses for a room."""
    return re.sub("[^A-Za-z0-9]+", "-", request.node.name)[:80]
