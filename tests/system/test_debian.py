"""deploy/debian agrees with the tree; tests/packages tries what is built of it."""

import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from stack import BUILD
from web import TOP

DEBIAN = TOP / "deploy" / "debian"
LISTS = sorted(DEBIAN.glob("*.install"))
FOREIGN = re.compile(rb"Copyright \(c\)|\xc2\xa9|\(c\) \d{4}|SPDX-License-Identifier", re.I)
# The licence itself, and what this file looks for.
OWN = {"LICENSE", "deploy/debian/copyright", "tests/system/test_debian.py"}


@pytest.fixture(scope="module")
def installed():
    """What make install puts below its prefix."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="tina4-debian-"))
    subprocess.run(["make", "-s", "-C", BUILD, "install", f"DESTDIR={root}"], check=True, capture_output=True)
    yield next(root.rglob("bin/tina4")).parents[1]
    shutil.rmtree(root)


def patterns(file):
    """The first words of a list, as they are below a prefix without Debian's folder for an architecture."""
    for line in file.read_text().splitlines():
        yield line.split()[0].removeprefix("usr/").replace("lib/*/", "lib/").replace("${env:UNITS}", "lib/systemd/system")


def files_of(folder, pattern):
    for path in folder.glob(pattern):
        yield from (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def is_library(name):
    """Which of them there are depends on the build: this one's is static."""
    return name.startswith("lib/libtina4.")


def test_each_file_is_in_one_package(installed):
    owners = {str(path.relative_to(installed)): [] for path in installed.rglob("*") if path.is_file()}
    for file in LISTS:
        for pattern in patterns(file):
            for path in files_of(installed, pattern):
                owners[str(path.relative_to(installed))].append(file.stem)
    assert len(owners) > 100
    assert {name: of for name, of in owners.items() if len(of) != 1 and not is_library(name)} == {}


def test_what_a_package_names_is_installed(installed):
    for file in LISTS:
        missing = [pattern for pattern in patterns(file) if not is_library(pattern) and not any(installed.glob(pattern))]
        assert missing == [], file.name


def test_each_list_is_that_of_a_package():
    packages = re.findall(r"^Package: (.*)$", (DEBIAN / "control").read_text(), re.M)
    assert sorted(packages) == sorted(file.stem for file in LISTS)


def test_versions_agree():
    version = re.search(r"AC_INIT\(\[tina4\], \[(.*?)\]", (TOP / "configure.ac").read_text())[1]
    assert re.match(r"tina4 \((.*)-\d+\) ", (DEBIAN / "changelog").read_text())[1] == version
    assert re.search(r"^## (\S+?)[,\n]", (TOP / "NEWS.md").read_text(), re.M)[1] == version


def test_the_package_is_named_after_the_soname():
    current, _, age = re.search(r"-version-info (\d+):(\d+):(\d+)", (TOP / "fcgi" / "local.mk").read_text()).groups()
    assert (DEBIAN / f"libtina4-{int(current) - int(age)}.install").exists()


def test_each_function_is_a_symbol_of_the_library():
    headers = "".join((TOP / "fcgi" / name).read_text() for name in ("tina4.h", "tina4_test.h"))
    functions = {name for name in re.findall(r"\b(tina4_[a-z0-9_]+)\(", headers) if not re.search("_(handler|hook)$", name)}
    symbols = re.findall(r"^ (\w+)@Base \d+\.\d+\.\d+$", next(DEBIAN.glob("*.symbols")).read_text(), re.M)
    assert symbols == sorted(functions)


def test_the_licence_is_the_trees():
    licence = (TOP / "LICENSE").read_text()
    words = " ".join(licence[licence.index("Permission"):].split())
    given = (DEBIAN / "copyright").read_text().split("License: Expat\n")[2].replace("\n .\n", "\n")
    assert " ".join(given.split()) == words
    holder, = re.findall(r"^Copyright \(c\) (.*)$", licence, re.M)
    assert f"Files: *\nCopyright: {holder}\n" in (DEBIAN / "copyright").read_text()


def test_no_file_has_another_holder():
    """One that has goes to deploy/debian/copyright, with its licence."""
    folders = ("deploy", "fcgi", "shared", "sidecar", "templates", "tests")
    files = [path for folder in folders for path in (TOP / folder).rglob("*") if path.is_file()]
    texts = {str(path.relative_to(TOP)): path.read_bytes() for path in files}
    found = {name for name, text in texts.items() if b"\0" not in text and FOREIGN.search(text)}
    assert found - OWN == set()
