"""A short run of tests/hostile: spoiled heads and frames, while others want to talk."""

import os
import subprocess

import pytest

from stack import BUILD
from web import TOP


@pytest.mark.parametrize("way", ["direct", "nginx"])
def test_nothing_that_is_thrown_costs_others_a_message(way):
    """Another seed each time: what fails says how to throw it again."""
    done = subprocess.run([TOP / "tests" / "hostile" / "run", "--heads", "3000", "--frames", "600",
                           *(["--nginx"] if way == "nginx" else [])],
                          env={**os.environ, "TINA4_BUILD": str(BUILD)}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-20000:]
