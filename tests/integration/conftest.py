"""Fixtures that end what they started."""

import pathlib
import socket

import pytest

from support import cameras as peers
from support.program import PROGRAM, Oriel


def pytest_sessionstart(session):
    if not PROGRAM.exists():
        pytest.exit(f"{PROGRAM} is not built: ./run build", returncode=3)


@pytest.fixture
def start(request):
    """start(process): starts anything with start() and stop(), and stops it after the test."""
    started = []

    def begin(process):
        started.append(process)
        return process.start()

    yield begin
    for process in reversed(started):
        process.stop()


@pytest.fixture
def camera(start):
    return start(peers.StampedCameras(cameras=4))


@pytest.fixture
def oriel(tmp_path):
    """oriel(feeds=…, http=…, extra=…): a running program, stopped after the test."""
    made = []

    def begin(folder="server", wait=True, **settings):
        server = Oriel(pathlib.Path(tmp_path) / folder, **settings)
        made.append(server)
        return server.start() if wait else server

    yield begin
    end(made)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """shared(make_feeds, http=…): a program and cameras for all tests of a file that only ask;
    make_feeds(cameras) gives the configuration's feeds."""
    started = []
    cameras = peers.StampedCameras(cameras=4)

    def begin(make_feeds, **settings):
        cameras.start()
        folder = tmp_path_factory.mktemp("shared") / "server"
        started.append(Oriel(folder, feeds=make_feeds(cameras), **settings))
        return started[0].start()

    yield begin
    try:
        end(started)
    finally:
        cameras.stop()


def end(made):
    """Stops the programs; AssertionError when one did not end well."""
    problems = []
    for server in made:
        if server.running():
            status = server.stop()
            if status != 0:
                problems.append(f"exit status {status} after SIGTERM")
        text = server.output()
        # Shown with a failing test only.
        print(f"--- {server.log}\n{text[-6000:]}")
        for word in ("AddressSanitizer", "check failed", "Assertion"):
            if word in text:
                problems.append(f"{word} in the output")
    assert not problems, problems


@pytest.fixture
def blackhole():
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]
