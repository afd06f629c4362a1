"""Processes of a measurement, each on the cores that it is given."""

import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / "build" / "bench"
HERE = BUILD / "tests" / "bench"
PATIENCE = 20  # seconds until a process must be ready
TIMEOUT = 120  # seconds until a measurement must have ended
FILES = 20000  # that a process may open
OWN_FILES = 300  # of them, at most, those that are no connections

_cores = sorted(os.sched_getaffinity(0))
SERVER = {_cores[0]}
CLIENT = {_cores[-1]}
# With two cores the server has one alone, and its helpers are with the client.
HELPER = {_cores[1]} if len(_cores) > 2 else CLIENT
ALL = set(_cores)


class Wrong(Exception):
    """Something failed, or a message went astray."""


class Absent(Exception):
    """This machine lacks what a measurement needs."""


class Process:
    """A program that runs until it is stopped."""

    def __init__(self, argv, cores, ready=None, env=None, folder=None):
        """ready is an expression that a line of its output matches."""
        self.log = tempfile.TemporaryFile(dir=folder)
        self.name = pathlib.Path(str(argv[0])).name
        self.popen = subprocess.Popen(
            ["taskset", "-c", ",".join(map(str, cores)), "setpriv", "--pdeathsig", "KILL", *map(str, argv)],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=folder,
            env={**os.environ, **(env or {})}, start_new_session=True)
        self.match = None
        if ready:
            try:
                self.match = self._wait_for(re.compile(ready, re.M))
            except BaseException:
                self.stop()
                raise

    @property
    def pid(self):
        return self.popen.pid

    def output(self):
        # Its place in the file is the process's too, and must not move.
        return os.pread(self.log.fileno(), 1 << 20, 0).decode(errors="replace")

    def _wait_for(self, ready):
        end = time.monotonic() + PATIENCE
        while not (match := ready.search(self.output())):
            if self.popen.poll() is not None or time.monotonic() > end:
                raise Wrong(f"{self.name} does not come up:\n{self.output()[-2000:]}")
            time.sleep(0.005)
        return match

    def wait_for_port(self, port):
        end = time.monotonic() + PATIENCE
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", port)) != 0:
                if self.popen.poll() is not None or time.monotonic() > end:
                    raise Wrong(f"{self.name} does not come up:\n{self.output()[-2000:]}")
                time.sleep(0.005)

    def stop(self):
        # What a killed one leaves is in its own folder; nobody waits for a farewell.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()
        self.log.close()


def measure(argv, cores=None, timeout=TIMEOUT, env=None):
    """Runs a program that prints lines of JSON, and returns them."""
    argv = ["taskset", "-c", ",".join(map(str, cores or CLIENT)), *map(str, argv)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
                              env=env)
    except subprocess.TimeoutExpired as error:
        raise Wrong(f"{argv[3]} did not end within {timeout} s") from error
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0:
        raise Wrong(f"{' '.join(argv[3:])} ended with {done.returncode}: {done.stderr.strip()} "
                    f"{lines[-1] if lines else ''}")
    return lines


def cpu_ns(pid):
    """CPU time of all threads that a process has now."""
    return sum(int(stat.read_text().split()[0]) for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"))


def rss_bytes(pid):
    """Memory that a process has resident."""
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def raise_file_limit():
    """For all that is started; some servers grow with the limit, so not to whatever is allowed."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, FILES), limit))


def load(mode, server, **options):
    """Runs the load generator against a server, and returns what it measured."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit < options["conns"] + OWN_FILES:
        raise Absent(f"{options['conns']} connections need more than {limit} open files: ulimit -Hn")
    argv = [HERE / "load", mode, server.port, "--pids", ",".join(map(str, server.pids))]
    cores = options.pop("cores", None)
    for name, value in options.items():
        if isinstance(value, (list, tuple)):
            value = ",".join(map(str, value))
        argv += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    return measure(argv, cores)


def _cpu_times():
    """Of all cores together: what they have worked, and had."""
    line = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0]
    times = list(map(int, line.split()[1:9]))  # of proc(5): idle and iowait are the fourth and fifth
    return sum(times) - times[3] - times[4], sum(times)


def busy():
    """How much of the machine others use, in a second."""
    worked, had = _cpu_times()
    time.sleep(1)
    then_worked, then_had = _cpu_times()
    return (then_worked - worked) / max(then_had - had, 1)


def describe():
    """The machine, in a line."""
    model = re.search(r"^model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text(), re.M)
    return (f"{len(_cores)} cores of {model[1] if model else 'an unknown processor'}, "
            f"{system[1] if system else 'an unknown system'}, Linux {os.uname().release}")
