"""Pages of another origin, as TINA4_CORS_ORIGINS has it: the browser is who refuses."""

import pytest

from conftest import serve

FETCH = """
const [url, options, done] = arguments;
fetch(url, options).then(answer => answer.json()).then(done, error => done(String(error)));
"""
PUT = {"method": "PUT", "headers": {"Content-Type": "application/json", "Authorization": "Bearer x"},
       "body": '{"a":1}', "credentials": "include"}


@pytest.fixture
def site(browser):
    """Asked as 127.0.0.1 by pages of localhost, which is another origin."""
    yield from serve(browser, program="tests/system/app")


@pytest.fixture
def complaints(console):
    console.allow("favicon")
    return console


def answer(site, allowed, **options):
    stack = site.stack
    stack.app.term()
    stack.env.update({"TINA4_CORS_ORIGINS": allowed.replace("PORT", str(stack.web)), "TINA4_CORS_CREDENTIALS": "true"})
    stack.app.start()
    tab = site.browser.open(f"http://localhost:{stack.web}/")
    return tab.driver.execute_async_script(FETCH, site.url("/mirror/far"), options)


def test_who_is_allowed_reads_and_writes(site, complaints):
    told = answer(site, "http://localhost:PORT", **PUT)
    assert told["word"] == "far" and told["json"] == {"a": 1}


def test_another_is_kept_out(site, complaints):
    complaints.allow("CORS policy|ERR_FAILED")
    assert "Failed to fetch" in answer(site, "http://localhost:1,https://example.com", **PUT)
    assert "Failed to fetch" in answer(site, "https://example.com")


def test_everybody_may_without_cookies(site, complaints):
    complaints.allow("CORS policy|ERR_FAILED")
    assert answer(site, "*")["word"] == "far"
    assert "Failed to fetch" in answer(site, "*", credentials="include")
