"""Handlers in other languages for a stack, and sites in PHP."""

import contextlib
import os
import pathlib
import socket

from stack import BUILD, Stack, eventually
from web import TOP

ORDERS = TOP / "tests" / "system" / "orders"
AUTOLOAD = TOP / "fcgi" / "bridge" / "autoload.php"
FPM = sorted(pathlib.Path("/usr/sbin").glob("php-fpm*"))[-1]

COMMANDS = {
    "php": f"php -d display_errors=stderr {ORDERS}/orders.php",
    "python": f"/usr/bin/python3 -W error {ORDERS}/orders.py",
    "perl": f"perl {ORDERS}/orders.pl",
}
STAYING = tuple(COMMANDS)
REQUESTED = ("fpm", "perl-fcgi")
CHILDREN = 4
HELD_UP = 2  # seconds; what is not answered by then is held up by something else


def fpm_conf(folder, prepend=False):
    """PHP-FPM with all that it needs in a folder."""
    settings = {"auto_prepend_file": AUTOLOAD} if prepend else {}
    return "\n".join([
        "[global]", f"error_log = {folder}/fpm-errors.log", "daemonize = no", "[www]",
        *(["user = root"] if os.geteuid() == 0 else []), "clear_env = no",
        f"listen = {folder}/fpm.sock", "listen.backlog = 511", "pm = static", f"pm.max_children = {CHILDREN}",
        *(f"php_admin_value[{name}] = {value}" for name, value in settings.items()), ""])


class Elsewhere(Stack):
    """
    A stack whose worker asks somebody else. handlers is a key of COMMANDS, one of REQUESTED, or a command. With site
    the script is the app, too: nginx asks PHP-FPM for pages.
    """

    def __init__(self, folder, handlers, script=ORDERS / "orders.php", options=(), site=False, **settings):
        self.handlers = handlers
        self.options = [str(option) for option in options]
        self.script = script
        super().__init__(folder, **settings)
        self.env["PERL5LIB"] = str(TOP / "fcgi" / "bridge")
        self.fpm = None
        if handlers == "fpm" or site:
            (self.dir / "fpm.conf").write_text(fpm_conf(self.dir, site))
            as_root = ["-R"] if os.geteuid() == 0 else []
            self.fpm = self.new_process("fpm", [FPM, *as_root, "-F", "-y", self.dir / "fpm.conf"], self._listens)
        if site:
            self.processes.remove(self.app)
            del self.env["TINA4_TEMPLATES"]  # the script has its own
            self.way.site = self.way.site.replace("@APP@", f"unix:{self.dir}/fpm.sock")
        if handlers == "perl-fcgi":
            self.fpm = self.new_process("fpm", ["/usr/bin/python3", ORDERS / "spawn.py", self.dir / "fpm.sock", "perl",
                                                ORDERS / "orders.pl"], self._listens)

    def _listens(self, _):
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
            return probe.connect_ex(f"{self.dir}/fpm.sock") == 0

    @property
    def how(self):
        """Arguments of tina4 worker."""
        if self.handlers in COMMANDS:
            return ["--exec", COMMANDS[self.handlers]]
        if self.handlers in REQUESTED:
            return ["--fastcgi", f"unix:{self.dir}/fpm.sock", self.script]
        return ["--exec", self.handlers]

    def new_worker(self, name, program=None, workers=1):
        more = [] if workers == 1 else ["--workers", workers]
        return self.new_process(name, [BUILD / "tina4", "worker", "--app", "app", *more, *self.options, *self.how],
                                self._worker_ready)

    def ws(self, target, direct=False, **options):
        """
        Requests are answered in any order, and a client has joined when its open has been: tests that go on with
        another client wait for that, unless they hold it up.
        """
        client = super().ws(target, direct, **options)
        if self.handlers in REQUESTED and "wait" not in target and self.worker.popen is not None:
            with contextlib.suppress(AssertionError):
                eventually(lambda: self.stats()["events_waiting"] == 0, "it is answered", HELD_UP)
        return client

    def start(self, *names):
        if self.fpm and self.fpm.popen is None and (not names or "worker" in names):
            self.fpm.start()  # first: a worker is ready when it is answered
        return super().start(*names)
