"""A Prometheus of the tests' own, with the rules of deploy/monitoring and a sidecar to ask."""

import json
import re
import urllib.parse

from client import http
from stack import free_ports
from web import TOP

MONITORING = TOP / "deploy" / "monitoring"


def hurried(rules):
    """The same rules for those who have seconds instead of minutes."""
    rules = re.sub(r"\bfor: \w+", "for: 1s", rules)
    rules = re.sub(r"\[\w+\]", "[10s]", rules)
    return re.sub(r"\boffset \w+", "offset 10s", rules)


class Prometheus:
    """Asks the sidecar of a stack, whose admin listener is on TCP, and is a process of this stack."""

    def __init__(self, stack):
        self.port = free_ports()
        self.config = stack.dir / "prometheus.yml"
        text = (MONITORING / "prometheus.yml").read_text()
        text = re.sub(r"_interval: 15s", "_interval: 500ms", text)
        text, n = re.subn(r"127\.0\.0\.1:7147", f"127.0.0.1:{stack.admin}", text)
        assert n == 1
        self.config.write_text(text)
        (stack.dir / "alerts.yml").write_text(hurried((MONITORING / "alerts.yml").read_text()))
        self.process = stack.new_process("prometheus", [
            "prometheus", f"--config.file={self.config}", f"--storage.tsdb.path={stack.dir}/tsdb",
            f"--web.listen-address=127.0.0.1:{self.port}"], self._ready)

    def _ready(self, _):
        try:
            return http(self.port, "GET", "/-/ready").status == 200
        except OSError:
            return False

    def start(self):
        self.process.start()
        return self

    def ask(self, page, **query):
        answer = json.loads(http(self.port, "GET", f"/api/v1/{page}?{urllib.parse.urlencode(query)}").body)
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        """What it is now: a list of series."""
        return self.ask("query", query=expression)["result"]

    def rules(self):
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]

    def firing(self):
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"}
