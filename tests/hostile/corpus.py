"""What is sent before it is spoiled: heads as browsers and others have them, and all that was ever found to do harm."""

import zlib

from raw import EXTENDED_CONNECT, PREFACE, frame, head, http2

PATH = "/ws/script/hostile"
HOST = "127.0.0.1"


def _browser(*lines):
    return "\r\n".join([f"GET {PATH} HTTP/1.1", f"Host: {HOST}", *lines, "", ""]).encode()


BROWSERS = [
    _browser("Connection: Upgrade", "Pragma: no-cache", "Cache-Control: no-cache",
             "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
             "Safari/537.36", "Upgrade: websocket", f"Origin: http://{HOST}", "Sec-WebSocket-Version: 13",
             "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: en-GB,en-US;q=0.9,en;q=0.8",
             "Cookie: tina4_session=4f2a9c7e; theme=dark", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", "Sec-WebSocket-Protocol: frond.1"),
    _browser("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept: */*",
             "Accept-Language: de,en-US;q=0.7,en;q=0.3", "Accept-Encoding: gzip, deflate, br, zstd",
             "Sec-WebSocket-Version: 13", f"Origin: http://{HOST}", "Sec-WebSocket-Extensions: permessage-deflate",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Connection: keep-alive, Upgrade",
             "Sec-Fetch-Dest: websocket", "Sec-Fetch-Mode: websocket", "Sec-Fetch-Site: same-origin",
             "Pragma: no-cache", "Cache-Control: no-cache", "Upgrade: websocket"),
    _browser("Upgrade: websocket", "Connection: Upgrade", f"Origin: http://{HOST}", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             "Accept-Language: en-GB,en;q=0.9", "Sec-Fetch-Mode: websocket", "Accept-Encoding: gzip, deflate",
             "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
             "Version/18.6 Safari/605.1.15"),
    # Through proxies.
    _browser("X-Forwarded-For: 203.0.113.9, 198.51.100.7:51008", "X-Forwarded-Proto: https", "X-Real-IP: 203.0.113.9",
             "Forwarded: for=\"[2001:db8::1]:443\"", "Via: 1.1 proxy", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"),
    # Event streams.
    _browser("Connection: keep-alive", "Cache-Control: no-store", "Accept: text/event-stream",
             "Last-Event-ID: 1c6c2d89.019ab3c4d5e6_5d2e90cb01a4f3c7.18~0123456789abcdef", "Sec-Fetch-Site: same-origin",
             "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: en-GB,en;q=0.9"),
    _browser("Accept: text/html;q=0.5, text/event-stream", f"Origin: http://{HOST}") + b"GET / HTTP/1.1\r\n\r\n",
]

def _line(text):
    return head(f"{text} HTTP/1.1")


H2C = head(Upgrade="h2c", Connection="Upgrade, HTTP2-Settings", HTTP2_Settings="AA")
SEEN = [
    H2C, H2C + PREFACE + http2(1, 4, 3, EXTENDED_CONNECT),
    H2C + PREFACE + http2(4, 0, 0, b"") + http2(0, 0, 1, b"data") + http2(9, 4, 1, b"\x82") + http2(3, 0, 1, b"\0" * 4),
    PREFACE + b"\0\0\0\4\0\0\0\0\0", _line("CONNECT /ws/echo"), _line("CONNECT localhost:80"), head(last=["Connect x"]),
    head(last=["Hos: x"]), head(last=["X-Forwarded: x"]), head(last=["If: x"]), head(last=["Coo: x"]),
    head(first=["Get: x"]), head(last=["NoColon"]), head(last=["X-Forwarded-For: " + "203.0.113.9, " * 200]),
    head(last=["X-Forwarded-For: [2001:db8::1]:443", "X-Forwarded-For: 203.0.113.9:51008"]),
    head(Cookie="c" * 9000), _line(f"GET {PATH}?" + "a=b&" * 100), head(Sec_WebSocket_Extensions="x; y, " * 60),
    head(Connection="close"), head(Host=None), head(last=["X: y", " folded"]), head(f"GET {PATH} HTTP/1.0"),
    head(f"GET {PATH} HTTP/9.9"), head(last=["Host: other"]), head(last=[b"X: a\0b"]), head(last=[b"X: a\rb"]),
    head(last=["Content-Length: 5"]) + b"hello", head(last=["Transfer-Encoding: chunked"]) + b"5\r\nhello\r\n0\r\n\r\n",
    head(last=["Content-Length: 5", "Content-Length: 6"]), head(Upgrade="foo, websocket"), head(Upgrade=",websocket ,"),
    _line(f"GET http://{HOST}{PATH}"), b"\r\n" + head(), _line("GET /ws/script/../x"), _line("GET /ws/script/%2e%2e"),
    _line("GET /ws/script/a%2Fb"), _line("GET /ws/script/%00"), _line("GET /ws//script/x"), head(Origin="http://evil"),
    head(Origin=""), head(Sec_WebSocket_Version="12"), head(Sec_WebSocket_Key="short"), _line(f"POST {PATH}"),
    head(f"HEAD {PATH} HTTP/1.1"), _line("OPTIONS *"), head(Sec_WebSocket_Protocol="foo"), head("GET / HTTP/1.1"),
    head("GET /ws/secret HTTP/1.1"), head("GET /ws/secret?token=eyJhbGciOiJub25lIn0.e30. HTTP/1.1"),
    head(last=[f"X-{i}: y" for i in range(99)]), _line("GET " + PATH + "/" + "p" * 9000), b"GET /\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)), head().replace(b"\r\n", b"\n"),
    b"GET /mirror/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
]

HEADS = BROWSERS + SEEN
BEGINNINGS = [b"Hos", b"Coo", b"If", b"User", b"X-Forwarded", b"Get", b"Post", b"Head", b"Connect", b"Ori",
              b"Sec-WebSocket"]
CRUMBS = [b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b":", b" ", b"\t", b",", b";", b"=", b'"', b"%", b"%00", b"%2f",
          b"..", b"/../", b"//", b"?", b"#", b"*", b"\xff", b"\x80", b"\x7f", b"HTTP/1.1", b"websocket", b"h2c",
          b"Upgrade",
          b"chunked", b"Host", b"13", b"99999999999999999999", b"-1", b"@", b"[::1]", b"\xc0\xaf", b"http://",
          b" HTTP/1.1\r\n"]


def deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


# What the tests' own app understands, and does no harm to it.
TEXTS = [b"send x", b"send " + b"y" * 300, b"tell ip", b"broadcast z", b"set a b|get a", b"nonsense", b"", b"\xff\xfe",
         "send grüße".encode(), "send grüße".encode()[:8], b"send " + b"l" * 70000, b"close 4000 enough"]
BODIES_OF_CLOSES = [b"", b"\x03", b"\x03\xe8", b"\x03\xe8bye", b"\x03\xe8\xff", b"\x03\xed", b"\x03\xf4", b"\x13\x88",
                    b"\0\0"]
BOMB = deflate(b"\0" * (8 << 20))
DEFLATED = [deflate(text) for text in TEXTS] + [BOMB, BOMB[:100], b"\xff" * 20, b"\0", b"\0\0\xff\xff", b"\x06"]
CLOSE = frame(b"\x03\xe8", 8)
