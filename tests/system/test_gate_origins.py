"""Which pages may connect: origins are compared as RFC 6454 has them, and settings say what they mean."""

import os
import subprocess

import pytest

from raw import PATH, accepted, head, refused
from stack import BUILD


@pytest.fixture(scope="module")
def own(make_stack_for_session):
    return make_stack_for_session().start("sidecar", "worker")


# --- the own origin ---------------------------------------------------------------------------


@pytest.mark.parametrize("host, origin", [
    ("example.com", "https://example.com"), ("example.com", "http://example.com"),
    ("example.com:443", "https://example.com"), ("example.com", "https://example.com:443"),
    ("example.com:80", "http://example.com"), ("example.com", "http://example.com:80"),
    ("Example.COM", "https://example.com"), ("example.com", "HTTPS://EXAMPLE.com"),
    ("example.com:8443", "https://example.com:8443"), ("127.0.0.1:8080", "http://127.0.0.1:8080"),
    ("[::1]:8080", "http://[::1]:8080"), ("[2001:DB8::1]", "https://[2001:db8::1]"),
    ("example.com:", "https://example.com"),
])
def test_the_own_origin_is_recognised(own, host, origin):
    accepted(own, head(Host=host, Origin=origin))


@pytest.mark.parametrize("host, origin", [
    ("example.com", "evil://example.com"), ("example.com", "file://example.com"), ("example.com", "ftp://example.com"),
    ("example.com", "chrome-extension://example.com"), ("example.com", "://example.com"),
    ("example.com", "//example.com"),
    ("example.com", "example.com"), ("example.com", ""), ("example.com", "null"), ("example.com", "https://"),
    ("example.com", "https:example.com"), ("example.com", "https://example.com/"),
    ("example.com", "https://example.com/x"),
    ("example.com", "https://a@example.com"), ("example.com", "https://example.com@evil.example"),
    ("example.com", "https://example.com.evil.example"), ("example.com", "https://evilexample.com"),
    ("example.com", "https://example.com:8443"), ("example.com:8443", "https://example.com"),
    ("example.com:443", "http://example.com"), ("example.com:80", "https://example.com"),
    ("example.com", "http://example.com:443"), ("example.com", "https://example.com:80"),
    ("example.com", "https://example.com evil"), ("example.com", "https://example.com, https://evil.example"),
    ("example.com", "https://example.com?x"), ("example.com", "https://example.com#x"),
    ("example.com", "https://example.com:443:443"), ("example.com", "https://example.com:x"),
    ("example.com", "https://sub.example.com"), ("example.com", "https://*"), ("example.com", "*"),
    ("example.com", "https://exa\xe4mple.com"),
])
def test_any_other_origin_is_foreign(own, host, origin):
    refused(own, 403, head(Host=host, Origin=origin))


def test_origin_may_be_there_once_only(own):
    both = ["Origin: http://localhost", "Origin: http://evil.example"]
    for lines in (both, both[::-1], [both[0], both[0]]):
        refused(own, (400, 403), head(last=lines))


def test_a_page_without_tls_is_another_site_when_a_proxy_says_so(own):
    def come_from(scheme):
        return head(Host="example.com", Origin=f"{scheme}://example.com", last=["X-Forwarded-Proto: https"])

    accepted(own, come_from("https"), address=own.dir / "ws.sock")
    refused(own, 403, come_from("http"), address=own.dir / "ws.sock")
    accepted(own, come_from("http"))  # this peer is no proxy that is believed


# --- those of the setting ------------------------------------------------------------------------


@pytest.mark.parametrize("setting, good, bad", [
    ("https://Example.com", ["https://example.com", "https://EXAMPLE.COM"], ["http://example.com"]),
    ("https://example.com:443", ["https://example.com"], ["https://example.com:8443", "http://example.com"]),
    ("http://example.com:80", ["http://example.com"], ["https://example.com"]),
    ("HTTPS://example.com", ["https://example.com"], []),
    (" https://a.example ,, https://b.example:8443, ", ["https://a.example", "https://b.example:8443"],
     ["https://b.example", "", "null"]),
    ("https://*.example.com", ["https://a.example.com", "https://a.b.example.com", "https://A.Example.Com:443"],
     ["https://example.com", "https://evilexample.com", "https://a.example.com.evil.example", "http://a.example.com",
      "https://a.example.com:8443", "https://.example.com", "https://evil.example/.example.com",
      "https://evil.example#.example.com", "https://evil@a.example.com", "https://*.example.com"]),
    ("https://*.example.com:8443", ["https://a.example.com:8443"], ["https://a.example.com"]),
    ("https://[2001:DB8::1]", ["https://[2001:db8::1]"], []),
    ("*", ["https://anywhere.example", "http://x", "null"], []),
])
def test_the_setting_means_what_it_says(make_stack, setting, good, bad):
    stack = make_stack(ws_allowed_origins=setting).start("sidecar", "worker")
    for origin in good:
        accepted(stack, head(Origin=origin))
    for origin in bad:
        refused(stack, 403, head(Origin=origin))
    accepted(stack, head(Origin=None))


@pytest.mark.parametrize("setting", [
    "example.com", "https://", "https://example.com/", "https://example.com/path", "https://a@example.com",
    "//example.com",
    "https://a.*.com", "https://*example.com", "https://*.", "https://**.example.com", "https://example.com:x",
    "https://example.com:99999", "https://exa mple.com", "https://example.com https://b.example", "https://*.*.com",
])
def test_a_setting_that_would_let_in_nobody_stops_the_start(setting, tmp_path):
    done = subprocess.run([BUILD / "tina4-sidecar", "--check"], capture_output=True, text=True, cwd=tmp_path,
                          env={**os.environ, "TINA4_WS_ALLOWED_ORIGINS": setting, "TINA4_BUS": f"ipc://{tmp_path}/bus",
                               "TINA4_LISTEN": "127.0.0.1:0", "TINA4_ADMIN": "off"})
    assert done.returncode == 2
    assert "TINA4_WS_ALLOWED_ORIGINS" in done.stderr


@pytest.mark.parametrize("setting", ["*, https://a.example", "https://a.example,*"])
def test_a_star_in_a_list_is_everybody_or_refused_by_name(make_stack, setting, tmp_path):
    done = subprocess.run([BUILD / "tina4-sidecar", "--check"], capture_output=True, text=True, cwd=tmp_path,
                          env={**os.environ, "TINA4_WS_ALLOWED_ORIGINS": setting, "TINA4_BUS": f"ipc://{tmp_path}/bus",
                               "TINA4_LISTEN": "127.0.0.1:0", "TINA4_ADMIN": "off"})
    if done.returncode != 0:
        assert "TINA4_WS_ALLOWED_ORIGINS" in done.stderr
        return
    stack = make_stack(ws_allowed_origins=setting).start("sidecar", "worker")
    for origin in ("https://a.example", "https://anywhere.example"):
        assert stack.handshake(PATH, Origin=origin).status == 101
