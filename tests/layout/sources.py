"""What the layout tests share: the C sources of the tree, and results as TAP."""

import os
import re
import sys
from pathlib import Path

TOP = Path(os.environ.get("srcdir", Path(__file__).parents[2]))
FOLDERS = ("shared", "sidecar", "fcgi", "tests")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def sources(folders=FOLDERS):
    """The paths of all C files below the folders, relative to the top, in order."""
    return sorted(path.relative_to(TOP) for folder in folders for path in (TOP / folder).rglob("*.[ch]"))


def text(path):
    return (TOP / path).read_text()


def includes(path):
    """Our own files that a file includes."""
    return [Path(name) for name in INCLUDE.findall(text(path)) if name != "config.h"]


class Tap:
    """Counts claims, and says of a broken one what breaks it."""

    def __init__(self):
        self.n = 0

    def holds(self, claim, faults):
        self.n += 1
        print(f"{'not ok' if faults else 'ok'} {self.n} - {claim}")
        for fault in faults:
            print(f"# {fault}")

    def done(self):
        print(f"1..{self.n}")


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)
