"""The programs that are thrown at each other, unless TINA4_BUILD says where they are."""

import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]


def build():
    if "TINA4_BUILD" not in os.environ:
        subprocess.run([TOP / "deploy" / "install-missing", "build", "nginx", "redis", "test"], check=True)
        subprocess.run([TOP / "deploy" / "build", TOP / "build" / "test", "check", "TESTS=", "--",
                        "--enable-sanitizers", "--disable-shared", "--enable-static", "CFLAGS=-g -O1"], check=True)
