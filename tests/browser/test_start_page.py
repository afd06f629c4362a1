"""The start page, on which each example can be tried, and what all pages have in common."""

import re
import subprocess

import pytest

from client import http
from stack import BUILD, eventually


def connect(tab, example, param=None, n=1):
    """Opens the n-th client of an example; returns the selector of its pane."""
    if param is not None:
        tab.write(f"#{example} [name=param]", param, enter=False)
    tab.click(f"#{example} .connect [type=submit]")
    pane = f"#{example} .client:nth-child({n})"
    tab.until_text(f"{pane} .status", "Connected")
    return pane


def send(tab, pane, text):
    tab.write(f"{pane} .send input", text)


def got(tab, pane):
    return tab.texts(f"{pane} .in")


def test_each_example_links_to_its_source(demo):
    tab = demo.open("/")
    links = tab.run("return [...document.querySelectorAll('.example .about a')].map(link => link.pathname)")
    assert len(links) == len(set(links)) == 12
    for link in (*links, "/source/live_chat"):
        answer = demo.stack.http("GET", link)
        assert answer.status == 200 and answer.headers["content-type"] == "text/plain; charset=utf-8", link
        assert b"tina4_conn_" in answer.body, link


@pytest.mark.parametrize("example, sample, expected", [
    ("echo", "Hello", "Echo: Hello"),
    ("events", '{"type":"ping"}', '{"type":"pong","timestamp":'),
    ("complete", '{"text":"Hello"}', '"text":"Hello"'),
    ("single", '{"action":"get-time"}', '"timezone":"UTC"'),
    ("broadcasting", '{"text":"Lunch is ready"}', '"type":"announcement"'),
    ("excluding", '{"username":"Alice","text":"Hello, others"}', '{"type":"sent","text":"Hello, others"}'),
    ("isolation", '{"username":"Alice","text":"Hello, room"}', '"room":"general","from":"Alice"'),
    ("livechat", '{"type":"set-username","username":"Alice"}', "Anonymous is now known as Alice"),
    ("room", '{"type":"chat","text":"Hello"}', '"from":"Anonymous","text":"Hello"'),
    ("fan", "Hello, everyone", "Hello, everyone"),
])
def test_each_example_can_be_tried(demo, example, sample, expected):
    tab = demo.open()
    pane = connect(tab, example)
    button = next(b for b in tab.find_all(f"{pane} .samples button") if b.text == sample)
    button.click()
    tab.click(f"{pane} .send button")
    tab.until(lambda: any(expected in line for line in got(tab, pane)), f"{expected} comes")
    assert tab.texts(f"{pane} .out") == [sample]

    tab.click(f"{pane} .leave")
    tab.until_text(f"{pane} .status", "Closed")
    assert tab.texts(f"{pane} .note")[-1].startswith("close 1000")


def test_shipping_an_order_tells_its_user(demo):
    tab = demo.open()
    user = connect(tab, "notifications", "77")
    other = connect(tab, "notifications", "78", n=2)
    tab.click("#notifications .ship button")
    tab.until(lambda: any('"title":"Order Shipped"' in line for line in got(tab, other)), "78 is told")
    tab.until_text("#notifications output", '200 {"message":"Order shipped, user notified"}')
    assert len(got(tab, user)) == 1  # that it listens


def test_an_answer_is_for_the_one_who_asked(demo):
    tab = demo.open()
    one, two = connect(tab, "single"), connect(tab, "single", n=2)
    send(tab, one, '{"action":"get-status"}')
    tab.until(lambda: any('"connections":2' in line for line in got(tab, one)), "the one who asked gets it")
    send(tab, two, '{"action":"get-time"}')
    tab.until(lambda: len(got(tab, two)) == 1, "and the other what it asked for")
    assert '"type":"time"' in got(tab, two)[0]


def test_a_token_opens_what_is_closed_without(demo):
    tab = demo.open()
    tab.click("#secure .connect [type=submit]")
    tab.until_text("#secure .client .status", "Closed")
    assert got(tab, "#secure .client") == ['{"type":"error","message":"Invalid token"}']
    tab.click("#secure .issue")
    tab.until(lambda: tab.run("return document.querySelector('#secure [name=token]').value.split('.').length") == 3,
              "a token is there")
    tab.click("#secure .connect [type=submit]")
    tab.until_text("#secure .client:nth-child(2) .status", "Connected")


def test_a_broadcast_can_leave_out_its_sender(demo):
    tab = demo.open()
    one, two = connect(tab, "excluding"), connect(tab, "excluding", n=2)
    send(tab, one, '{"username":"Alice","text":"Hi"}')
    tab.until(lambda: any('"from":"Alice"' in line for line in got(tab, two)), "the other gets the message")
    tab.until(lambda: got(tab, one) == ['{"type":"sent","text":"Hi"}'], "the sender a confirmation")


def test_paths_are_walls(demo):
    tab = demo.open()
    one, two = connect(tab, "isolation", "here"), connect(tab, "isolation", "there", n=2)
    for pane in (one, two):
        send(tab, pane, f'{{"text":"in {pane[-2]}"}}')
        tab.until(lambda: any(f'"text":"in {pane[-2]}"' in line for line in got(tab, pane)), "it comes back")
    assert not any('"text":"in 1"' in line for line in got(tab, two))
    assert not any('"text":"in 2"' in line for line in got(tab, one))


def test_every_websocket_route_is_there(demo):
    routes = subprocess.run([BUILD / "fcgi/examples/demo", "--routes"], capture_output=True, text=True, check=True)
    tab = demo.open()
    assert sorted(tab.texts(".example code")) == sorted(re.findall(r"(?m)^WEBSOCKET (\S+)", routes.stdout))


def test_the_doors_lead_to_the_pages(demo):
    tab = demo.open()
    tab.write("[data-door='/chat/'] input", "a b & c?")
    tab.until_text("h1", "Chat Room: a b & c?")
    tab.until_text("#status", "Connected")
    tab.click(".brand")
    tab.until(lambda: tab.shows(".doors"), "the way home")
    tab.write("[data-door='/room/'] input", "50%")
    tab.until_text("h1", "Room: 50%")
    tab.until_text("#status", "Connected")


def test_a_browser_gets_a_page_for_what_is_not_there(demo, console):
    console.allow("status of 404")
    tab = demo.open("/no/such/page")
    assert tab.text("h1") == "There is nothing here"
    assert tab.text("main code") == "/no/such/page"
    tab.click("main a")
    tab.until(lambda: tab.shows(".doors"), "the way home")


def test_a_program_gets_json_for_what_is_not_there(demo):
    for method, headers in (("GET", {}), ("GET", {"Accept": "application/json"}), ("POST", {"Accept": "text/html"})):
        answer = demo.stack.http(method, "/no/such/page", headers)
        assert (answer.status, answer.json) == (404, {"error": "Not Found"})


PAGES = ["/", "/chat/general", "/room/test", "/no/such/page"]


@pytest.mark.parametrize("target", PAGES)
def test_a_page_has_nothing_inline(demo, target):
    answer = demo.stack.http("GET", target, {"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    page = answer.body.decode()
    assert not re.search(r"<[^>]+\s(style|on\w+)\s*=", page)
    assert all("src=" in tag or 'type="application/json"' in tag for tag in re.findall(r"<script[^>]*>", page))


@pytest.mark.parametrize("target", PAGES)
def test_a_page_fits_a_phone_and_says_what_its_parts_are(demo, console, target):
    console.allow("status of 404")
    tab = demo.open(target)
    tab.run("document.querySelectorAll('.connect [type=submit]').forEach((button) => button.click())")
    tab._here().execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True})
    eventually(lambda: tab.run("return innerWidth") == 390, "the phone's width")
    assert tab.run("return document.documentElement.scrollWidth") == 390
    right = "getBoundingClientRect().right"
    assert tab.run(f"return [...document.querySelectorAll('.example *, .doors *')].filter((e) => e.{right} >"
                   f" e.closest('.example, .doors').{right}).map((e) => e.outerHTML)") == []
    assert len(tab.find_all("h1")) == 1 and tab.run("return document.documentElement.lang") == "en"
    for part in tab.find_all("input, button, a, [role=log], nav"):
        assert part.accessible_name or not part.is_displayed(), part.get_attribute("outerHTML")
    assert tab.run("const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);"
                   "return ids.length === new Set(ids).size")


@pytest.mark.parametrize("target", ["/", "/chat/general", "/room/test"])
def test_who_has_no_scripts_reads_so_first(demo, target):
    page = http(demo.stack.web, "GET", target).body.decode()
    assert page.index("<noscript>") < page.index("<h1>")
