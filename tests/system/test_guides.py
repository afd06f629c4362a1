"""The deployment guides: their commands make sites that the web servers accept."""

import re
import subprocess

import pytest

from stack import free_ports
from web import TOP

GUIDES = sorted((TOP / "deploy").glob("*.md"))
COMMAND = re.compile(r"sed -e (?:.*\\\n)*.*/usr/local/share/tina4/deploy/([a-z-]+)\.conf\.in \| sudo tee \S+ >/dev/null")
CHECK = {"nginx": ["-t"], "apache": ["-t"], "lighttpd": ["-tt"]}


def commands():
    """The web server and a command, of each that makes a site."""
    for guide in GUIDES:
        text = re.sub(r"(?m)^    ", "", guide.read_text())
        for i, found in enumerate(COMMAND.finditer(text)):
            yield pytest.param(found[1].split("-")[0], found[0].partition(" | sudo")[0], id=f"{guide.stem}-{i}")


@pytest.mark.parametrize("server, command", commands())
def test_a_site_of_a_guide_is_accepted(make_stack, server, command):
    site = subprocess.run(["sh", "-c", command.replace("/usr/local/share/tina4", str(TOP))
                           .replace("|*:80", "|*:@PORT@").replace("|80; listen [::]:80", "|@PORT@; listen [::]:@PORT@")],
                          check=True, capture_output=True, text=True).stdout
    assert set(re.findall("@[A-Z]+@", re.sub("(?m)^#.*", "", site))) <= {"@PORT@", "@SCRIPT@"}
    stack = make_stack(web=server)
    stack.way.site = site
    stack.way.configure(free_ports())
    argv = [str(word) for word in stack.way.argv if word not in ("-D", "FOREGROUND")] + CHECK[server]
    checked = subprocess.run(argv, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_every_server_has_a_guide():
    assert {param.values[0] for param in commands()} == set(CHECK)
    assert {f"{param.values[0]}.md" for param in commands()} | {"containers.md", "handlers.md", "install.md", "php.md", "redis.md", "tutorial.md"} == {guide.name for guide in GUIDES}
