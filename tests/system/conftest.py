import pathlib
import re
import shutil
import tempfile

import pytest

from stack import Stack
from web import SERVERS, WAYS

_own_stacks = []  # of the test that runs


def _folder():
    # A unix socket's path holds 107 bytes: pytest's own folders may be longer.
    return pathlib.Path(tempfile.mkdtemp(prefix="tina4-"))


@pytest.fixture(scope="session")
def make_stack_for_session():
    yield from _maker([])


@pytest.fixture
def make_stack():
    """Makes stacks for this test alone: make_stack(program=..., setting=...); kind is a class like Stack."""
    yield from _maker(_own_stacks)


def _maker(made):
    def make(kind=Stack, **options):
        made.append(kind(_folder(), **options))
        return made[-1]

    yield make
    complaints = []
    while made:
        stack = made.pop()
        try:
            stack.stop()
        except AssertionError as error:
            complaints.append(str(error))
        shutil.rmtree(stack.dir, ignore_errors=True)
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="session", params=SERVERS)
def demo(request, make_stack_for_session):
    """The demo behind each web server, shared by the tests that leave it as it was."""
    return make_stack_for_session(program="fcgi/examples/demo", web=request.param).start()


@pytest.fixture(scope="session")
def lab(make_stack_for_session):
    """The tests' own app, shared by the tests that leave it as it was."""
    return make_stack_for_session().start()


@pytest.fixture(scope="session", params=WAYS)
def site(request, make_stack_for_session):
    """The tests' own app behind each web server in each of its ways, shared in the same manner."""
    return make_stack_for_session(web=request.param).start()


@pytest.fixture
def room(request):
    """A name that no other test uses for a room."""
    return re.sub("[^A-Za-z0-9]+", "-", request.node.name)[:80]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the programs said."""
    report = (yield).get_result()
    if report.failed:
        used = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Stack)]
        for stack in used + _own_stacks:
            for process in stack.processes:
                if tail := process.tail(15):
                    report.sections.append((f"log of {process.name} in {stack.dir}", tail))
