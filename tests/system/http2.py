"""WebSocket over HTTP/2 (RFC 8441): web servers that have it in front of a stack, and a client that speaks it."""

import contextlib
import re
import socket
import ssl
import subprocess

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RemoteSettingsChanged, ResponseReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes

from raw import TIMEOUT, Raw
from stack import free_ports
from web import TOP

FRONTS = ("lighttpd", "haproxy")

LIGHTTPD = """
server.modules += ( "mod_openssl" )
$SERVER["socket"] == "127.0.0.1:@TLS@" {
	ssl.engine = "enable"
	ssl.pemfile = "@PEM@"
}
"""

HAPROXY = """
global
    maxconn 1000
    log stdout format raw local0
defaults
    mode http
    log global
    log-format "%HV %ST %HP"
    timeout connect 60s
    timeout client 60s
    timeout server 60s
"""


def guide():
    """What deploy/nginx.md tells HAProxy, with names to fill in."""
    text = (TOP / "deploy" / "nginx.md").read_text()
    block = re.search(r"^    frontend tls\n(?:    .*\n)+", text, re.M)[0]
    for there, here in (("bind :443", "bind 127.0.0.1:@TLS@"), ("/etc/haproxy/shop.pem", "@PEM@"),
                        ("/run/tina4/", "@DIR@/"), ("127.0.0.1:80", "127.0.0.1:@WEB@")):
        assert block.count(there) == 1
        block = block.replace(there, here)
    return block


def make_certificate(folder):
    """Its key and itself in one file, which nobody has signed."""
    pem = folder / "tls.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-out", pem, "-keyout", folder / "key.pem"],
                   check=True, capture_output=True)
    pem.write_text(pem.read_text() + (folder / "key.pem").read_text())
    return pem


def filled_in(text, stack, port):
    for name, value in {"TLS": port, "PEM": make_certificate(stack.dir), "DIR": stack.dir, "WEB": stack.web}.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def start_lighttpd(stack):
    """The site of deploy/, with TLS on one more port."""
    port = free_ports()
    stack.way.own += filled_in(LIGHTTPD, stack, port)
    stack.start()
    return port


def start_haproxy(stack):
    """HAProxy with TLS in front of nginx and of the sidecar."""
    stack.start()
    port = free_ports()
    (stack.dir / "haproxy.cfg").write_text(filled_in(HAPROXY + guide(), stack, port))

    def ready(_process):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    stack.new_process("haproxy", ["/usr/sbin/haproxy", "-db", "-f", stack.dir / "haproxy.cfg"], ready).start()
    return port


def start(front, stack):
    """Starts the stack and the front, whose port with TLS is the result."""
    return {"lighttpd": start_lighttpd, "haproxy": start_haproxy}[front](stack)


class Stream:
    """A WebSocket's stream as if it were a socket; status is what the server answered."""

    def __init__(self, port, path, headers):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        self.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", port), TIMEOUT))
        assert self.sock.selected_alpn_protocol() == "h2"
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.status, self.data, self.over, self.settings = None, b"", False, {}
        self._until(lambda: self.settings)
        assert self.settings[SettingCodes.ENABLE_CONNECT_PROTOCOL] == 1, "RFC 8441 section 3"
        self.id = self.h2.get_next_available_stream_id()
        self.h2.send_headers(self.id, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
                                       (":path", path), (":authority", f"localhost:{port}"),
                                       ("sec-websocket-version", "13"), *headers])
        self._until(lambda: self.status)

    def _flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def _until(self, condition):
        self._flush()
        while not condition():
            data = self.sock.recv(65536)
            assert data, "the connection has ended"
            for event in self.h2.receive_data(data):
                self._take(event)
            self._flush()

    def _take(self, event):
        if isinstance(event, RemoteSettingsChanged):
            self.settings |= {code: change.new_value for code, change in event.changed_settings.items()}
        elif isinstance(event, ResponseReceived):
            self.status = int(dict(event.headers)[":status"])
        elif isinstance(event, DataReceived):
            self.data += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, (StreamEnded, StreamReset)):
            self.over = True

    def sendall(self, data):
        while data:
            self._until(lambda: self.h2.local_flow_control_window(self.id) > 0)
            n = min(len(data), self.h2.local_flow_control_window(self.id), self.h2.max_outbound_frame_size)
            self.h2.send_data(self.id, data[:n])
            data = data[n:]
        self._flush()

    def recv(self, _size):
        self._until(lambda: self.data or self.over)
        data, self.data = self.data, b""
        return data

    def end(self):
        """Ends the stream without a close frame."""
        self.h2.end_stream(self.id)
        self._flush()

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.close()


class Http2(Raw):
    """A WebSocket on a connection of its own."""

    def __init__(self, port, path, *headers):
        self.sock = Stream(port, path, headers)
        self.got, self.ended = b"", None

    @property
    def status(self):
        return self.sock.status
