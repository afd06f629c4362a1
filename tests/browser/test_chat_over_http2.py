"""A browser that has an HTTP/2 connection opens its WebSocket there (RFC 8441)."""

import pathlib
import tempfile

import pytest

import http2
from browser import Browser
from stack import Stack, eventually


@pytest.fixture(scope="module")
def believing(browser):  # `browser` says whether there is one
    """A browser that takes our certificates."""
    browser = Browser("--ignore-certificate-errors")
    yield browser
    browser.quit()


@pytest.mark.parametrize("front", http2.FRONTS)
def test_the_chat_runs_over_http2(believing, front):
    stack = Stack(pathlib.Path(tempfile.mkdtemp(prefix="tina4-")), program="fcgi/examples/demo",
                  web="lighttpd" if front == "lighttpd" else "nginx")
    try:
        port = http2.start(front, stack)
        tab = believing.open(f"https://localhost:{port}/chat/general")
        tab.until_text("#status", "Connected")
        tab.write("#message-input", "over HTTP/2")
        tab.until(lambda: tab.texts("#messages .message p[dir]") == ["over HTTP/2"], "it came back")
        if front == "haproxy":  # lighttpd does not log what may have a token in its query
            believing.close_tabs()
            log = next(process for process in stack.processes if process.name == "haproxy").log
            eventually(lambda: f"HTTP/2.0 101 https://localhost:{port}/ws/livechat/general" in log.read_text(),
                       "the WebSocket was a stream of HTTP/2")
    finally:
        believing.close_tabs()
        stack.stop()
