"""deploy/monitoring: each name in it is one that a sidecar tells, and Prometheus makes of it what it says."""

import json
import re
import socket
import subprocess

import pytest

from client import http
from eventsource import EventSource
from prometheus import MONITORING, Prometheus
from redis import Host, Redis
from stack import eventually, free_ports
from web import TOP
from wire import Peer

DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RULES = (MONITORING / "alerts.yml").read_text()
GUIDE = (MONITORING / "monitoring.md").read_text()
ALERTS = re.findall(r"- alert: (\w+)", RULES)
METRIC = r"\b(?:tina4|process)_[a-z0-9_]+\b"
SUFFIX = r"_(?:bucket|sum|count)$"


@pytest.fixture(scope="module")
def redis():
    server = Redis().start()
    yield server
    server.stop()


@pytest.fixture
def host(make_stack, redis):
    """A host with a relay, which Prometheus can ask."""
    port = free_ports()
    host = make_stack(kind=Host, redis=redis, admin=f"127.0.0.1:{port}",
                      ws_queue_bytes=65536, ws_send_buffer=16384, ws_max_message=16384)
    host.admin = port
    return host.start("sidecar", "worker").settled(1)


def queries():
    """The panel's title and the query, of all of the dashboard."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def expressions():
    """Those of the dashboard and of the rules."""
    rules = re.findall(r"expr: ((?:\|\n(?: {10}.*\n)+)|.*\n)", RULES)
    assert len(rules) == len(ALERTS)
    return [query for _, query in queries()] + rules


def told(host):
    """The names of metrics that the sidecar tells, and of each the values of its labels."""
    body = http(host.admin, "GET", "/metrics").body.decode()
    labels = {name: {} for name in re.findall(r"(?m)^# HELP (\S+)", body)}
    for name, label, value in re.findall(r'(?m)^(\w+)\{(\w+)="([^"]*)"\}', body):
        labels[re.sub(SUFFIX, "", name) if label == "le" else name].setdefault(label, set()).add(value)
    return labels


# --- names -------------------------------------------------------------------------------


def test_what_is_shown_is_told_and_what_is_told_is_shown(host):
    exists = set(told(host))
    used = {re.sub(SUFFIX, "", name) for text in expressions() for name in re.findall(METRIC, text)}
    assert used - exists == set(), "dashboard.json or alerts.yml has figures that no sidecar tells"
    shown = {re.sub(SUFFIX, "", name) for _, text in queries() for name in re.findall(METRIC, text)}
    assert exists - shown == set(), "figures without a panel in dashboard.json"
    named = {re.sub(SUFFIX, "", name) for name in re.findall(rf"{METRIC}(?!\()", GUIDE)}
    assert named - exists == set(), "monitoring.md has figures that no sidecar tells"
    assert exists - named == set(), "figures that monitoring.md does not name"


def test_each_figure_that_has_a_name_is_told(host):
    table = (TOP / "sidecar" / "admin" / "figures.c").read_text()
    assert set(re.findall(rf'"({METRIC}|process_\w+)", "(?:gauge|counter)"', table)) - set(told(host)) == set()


def test_labels_are_those_that_are_told(host):
    labels = told(host)
    for text in expressions():
        for name, matchers in re.findall(rf"({METRIC})\{{([^}}]*)\}}", text):
            for label, values in re.findall(r'(\w+)=~?"([^"]*)"', matchers):
                if label in ("job", "instance"):
                    continue
                known = labels[name][label]
                for value in values.split("|"):
                    assert any(re.fullmatch(value, one) for one in known), f"{name} has no {label}={value}"


def test_the_guide_has_each_alert_and_each_panel():
    assert len(set(ALERTS)) == len(ALERTS)
    assert set(re.findall(r"^\| `(Tina4\w+)`", GUIDE, re.M)) == set(ALERTS)
    assert [title for panel in PANELS for title in [panel["title"]] if f"| {title} |" not in GUIDE] == []


def test_each_alert_has_a_test_of_its_own():
    tests = (MONITORING / "alerts_test.yml").read_text()
    assert set(re.findall(r"^      - alertname: (\w+)", tests, re.M)) == set(ALERTS)


def test_promtool_has_nothing_to_say():
    for argv in (["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"],
                 ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run(["promtool", *argv], cwd=MONITORING, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


# --- the dashboard as Grafana wants it -------------------------------------------------------


def test_the_dashboard_can_be_imported_anywhere():
    assert 36 <= DASHBOARD["schemaVersion"] <= 39  # Grafana 9 to 11
    assert "id" not in DASHBOARD or DASHBOARD["id"] is None
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    assert {"job", "instance"} <= set(variables)
    source = {"type": "prometheus", "uid": "${datasource}"}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    for panel in PANELS:
        assert panel["datasource"] == source and panel["targets"]
        assert all(target["datasource"] == source for target in panel["targets"])
        used = set(re.findall(r"\$(\w+)", json.dumps(panel["targets"])))
        assert used <= {"job", "instance", "__rate_interval"}


def test_panels_do_not_overlap():
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells


# --- with a Prometheus -------------------------------------------------------------------------


def load(host, peer):
    """A little of everything that has a figure."""
    with host.ws("/ws/script/load", direct=True) as client:
        client.ask("send something")
        client.ask("broadcast all")
        peer.push("/ws/script/load", "pushed")
        client.receive()
    for n in range(6):
        peer.push("/ws/kept/load", f"one more than is kept {n}")
    with EventSource(host.port, "/ws/kept/load", last_id="no position"):
        pass
    host.handshake("/ws/script/a%2fb")


def test_each_panel_has_data(host):
    prometheus = Prometheus(host).start()
    instance = f"127.0.0.1:{host.admin}"

    def empty():
        with Peer(host.bus) as peer:
            peer.hello()
            load(host, peer)
        filled = {}
        for title, query in queries():
            query = query.replace("$__rate_interval", "10s").replace("$job", "tina4").replace("$instance", instance)
            filled[title] = filled.get(title, True) and prometheus.query(query) != []
        return [title for title, has in filled.items() if not has]

    eventually(lambda: empty() == [], "each panel has data")
    assert all(rule["health"] == "ok" for rule in prometheus.rules())


def drop_slow_clients(host, n):
    """Clients that do not read, until they are dropped."""
    path = "/ws/watch/slow"
    for _ in range(n):
        host.ws(path, direct=True, sockopt=((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),))
    eventually(lambda: host.count(path) == n, "they are there")
    with Peer(host.bus) as peer:
        peer.hello()
        while peer.push(path, "x" * 16000).connections > 0:
            pass


def test_alerts_fire_while_something_is_broken(host, redis):
    prometheus = Prometheus(host).start()
    eventually(lambda: prometheus.query("up == 1") != [], "it has asked")
    eventually(lambda: {rule["health"] for rule in prometheus.rules()} == {"ok"}, "all rules were tried")
    eventually(lambda: prometheus.firing() == set(), "nothing is wrong once it has asked")

    host.worker.kill()
    eventually(lambda: "Tina4NoWorker" in prometheus.firing(), "the worker is missed")
    host.worker.start()
    eventually(lambda: "Tina4NoWorker" not in prometheus.firing(), "it is back")

    redis.kill()
    eventually(lambda: "Tina4RelayDown" in prometheus.firing(), "Redis is missed")
    redis.start()
    eventually(lambda: "Tina4RelayDown" not in prometheus.firing(), "it is back, too")

    drop_slow_clients(host, 10)
    eventually(lambda: "Tina4SlowClients" in prometheus.firing(), "that many are told")
    eventually(lambda: "Tina4SlowClients" not in prometheus.firing(), "and that no more are", deadline=40)

    host.sidecar.kill()
    eventually(lambda: "Tina4Down" in prometheus.firing(), "the sidecar is missed")
    host.sidecar.start()
    eventually(lambda: "Tina4Down" not in prometheus.firing(), "and back")
    eventually(lambda: prometheus.firing() == set(), "all is well again", deadline=40)
