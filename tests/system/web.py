"""The web servers, each with the configuration that deploy/ ships."""

import os
import pathlib

TOP = pathlib.Path(__file__).resolve().parents[2]
SERVERS = ("nginx", "apache", "lighttpd")
# All ways to the app, and to the sidecar where it is not a unix socket.
WAYS = ("nginx", "nginx-tcp", "apache", "apache-tcp", "apache-fcgid", "apache-cgi", "lighttpd", "lighttpd-tcp",
        "lighttpd-cgi")

# Apache refuses to be root, and gets what it needs of root instead.
AS_SOMEBODY = ["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups",
               "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
               "setpriv", "--pdeathsig", "KILL"] if os.geteuid() == 0 else []


class Web:
    """How a web server is started for a stack, and what its templates are given there."""

    def __init__(self, way, stack):
        self.name, _, variant = way.partition("-")
        self.tcp = variant == "tcp"  # to the sidecar
        self.how = variant if variant in ("fcgid", "cgi") else "fastcgi"
        self.stack = stack
        self.static = TOP / "templates" / "static"
        site = f"{self.name}-cgi" if way == "lighttpd-cgi" else self.name
        self.site = self._template(site)  # a test may have its own
        self.own = self._template(f"{self.name}-own")

    @staticmethod
    def _template(name):
        return (TOP / "deploy" / f"{name}.conf.in").read_text()

    @property
    def starts_app(self):
        return self.how != "fastcgi"

    @property
    def argv(self):
        conf = self.stack.dir / f"{self.name}.conf"
        return {
            "nginx": ["/usr/sbin/nginx", "-e", "stderr", "-p", self.stack.dir, "-c", conf],
            "apache": [*AS_SOMEBODY, "/usr/sbin/apache2", "-D", "FOREGROUND", "-f", conf],
            "lighttpd": ["/usr/sbin/lighttpd", "-D", "-f", conf],
        }[self.name]

    @property
    def app(self):
        if self.starts_app:
            return self.stack.dir / "program"
        return f"{self.stack.dir}/app.sock" if self.name == "lighttpd" else f"unix:{self.stack.dir}/app.sock"

    @property
    def sidecar(self):
        port, path = self.stack.port, self.stack.dir / "ws.sock"
        return {
            "nginx": (f"unix:{path}", f"127.0.0.1:{port}"),
            "apache": (f"unix:{path}|http://localhost", f"http://127.0.0.1:{port}"),
            "lighttpd": (f'"socket" => "{path}"', f'"host" => "127.0.0.1", "port" => "{port}"'),
        }[self.name][self.tcp]

    def configure(self, port):
        for text, result in ((self.site, "site"), (self.own, self.name)):
            for name, value in {
                "LISTEN": f"127.0.0.1:{port}", "HOST": "127.0.0.1", "PORT": port,
                "STATIC": self.static,
                "FROND": TOP / "templates" / "static",
                "APP": self.app,
                "SCRIPT": self.stack.script,
                "SIDECAR": self.sidecar,
                "HOW": self.how,
                "ENV": self.stack.dir / "env",
                "USER": "user root;" if os.geteuid() == 0 else "",
                "DIR": self.stack.dir,
            }.items():
                text = text.replace(f"@{name}@", str(value))
            (self.stack.dir / f"{result}.conf").write_text(text)
        if self.starts_app:
            self._write_program()

    def _write_program(self):
        """The web server hands no environment on: settings are in a file, the sanitizers' are the program's."""
        (self.stack.dir / "env").write_text("".join(f'{name}="{value}"\n' for name, value in self.stack.env.items()))
        options = [f"{name}={os.environ[name]}" for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ]
        program = self.stack.dir / "program"
        program.write_text(f'#!/bin/sh\nexec env {" ".join(options)} {self.stack.program} "$@"\n')
        program.chmod(0o755)
