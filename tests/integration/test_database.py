"""With PostgreSQL behind it, and with PostgreSQL gone: recording and the live picture go on, the
rows catch up, and what cannot be answered says so."""

import os
import signal
import time

import pytest

from support import postgres as databases
from support import program
from support.program import feed_toml
from support.waiting import wait_until

PASSWORD = "a long enough word"
# Ten minutes are measured by hand: ORIEL_OUTAGE_S=600.
OUTAGE_S = int(os.environ.get("ORIEL_OUTAGE_S", "8"))


@pytest.fixture
def postgres():
    server = databases.Postgres().start()
    yield server
    server.remove()


def timeline(server, begin, end):
    def text(moment):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))

    return server.get(f"/api/v1/feeds/lake/timeline?start={text(begin)}&end={text(end)}")


def live_goes_on(server):
    playlist = server.get("/live/lake/media.m3u8").text
    wait_until(lambda: server.get("/live/lake/media.m3u8").text != playlist, 30, "a newer part")


def bytes_recorded(server):
    return sum(path.stat().st_size for path in server.recordings())


def test_the_database_goes_away_and_comes_back(oriel, camera, postgres):
    server = oriel(
        extra=f'database = "{postgres.url("away")}"', feeds=feed_toml("lake", camera.url())
    )
    server.add_user("warden", "operator", PASSWORD)
    warden = server.login("warden", PASSWORD)
    server.wait_live("lake")
    begin = time.time()
    wait_until(lambda: postgres.ask("away", "SELECT id FROM recording"), 60, "the open row")

    postgres.stop(signal.SIGQUIT)
    gone = time.monotonic()
    wait_until(lambda: server.get("/readyz").status_code == 503, 30, "not ready")
    before = bytes_recorded(server)
    refused = timeline(server, begin - 60, time.time())
    assert refused.status_code == 503, refused.text
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert warden.get(server.base + "/api/v1/desk/volumes", timeout=30).status_code in (200, 503)
    assert server.post("/api/v1/login", {"name": "warden", "password": PASSWORD}).status_code == 503
    # The run ends and another begins while nobody can be told.
    camera.stop()
    wait_until(lambda: server.feed("lake")["state"] != "live", 60, "the feed seen as down")
    camera.start()
    server.wait_live("lake")
    while time.monotonic() - gone < OUTAGE_S:
        live_goes_on(server)
        assert server.get("/").status_code == 200
        assert server.get("/healthz").status_code == 200
        assert server.get("/readyz").status_code == 503
    wait_until(lambda: bytes_recorded(server) > before, 30, "more on the disk")
    told = [line for line in server.output().split("\n") if "the database is away" in line]
    assert len(told) == 1, told

    postgres.start()
    wait_until(lambda: server.get("/readyz").status_code == 200, 60, "ready again")
    wait_until(
        lambda: len(postgres.ask("away", "SELECT id FROM recording")) >= 2
        and len(postgres.ask("away", "SELECT id FROM recording WHERE ended IS NOT NULL")) >= 1,
        60, "the rows of the outage",
    )  # fmt: skip
    spans = timeline(server, begin, time.time()).json()["spans"]
    declared = spans[next(i for i, span in enumerate(spans) if span["state"] == "recorded") :]
    told = [(span["state"], span["reason"]) for span in declared]
    assert told == [("recorded", "none"), ("missing", "link_down"), ("recorded", "none")], spans
    assert server.login("warden", PASSWORD)
    assert server.stop() == 0
    assert not postgres.ask("away", "SELECT id FROM recording WHERE ended IS NULL")


def recorded_spans(server, begin, end):
    spans = timeline(server, begin, end).json()["spans"]
    return [span for span in spans if span["state"] == "recorded"]


def test_everything_goes_to_postgresql_and_back(oriel, camera, postgres, tmp_path):
    """By `oriel database copy`: what was recorded, who may log in, and new numbers after it."""
    feeds = feed_toml("lake", camera.url())
    files = [f"sqlite:{tmp_path}/{name}.db" for name in ("first", "second")]
    server = oriel(extra=f'database = "{files[0]}"', feeds=feeds)
    server.add_user("warden", "operator", PASSWORD)
    server.wait_live("lake")
    begin = time.time() - 60
    wait_until(lambda: recorded_spans(server, begin, time.time()), 30, "something recorded")

    def move(to):
        return program.run("database", "copy", "--config", server.config, "--to", to)

    address = tmp_path / "address"
    address.write_text(postgres.url("moved") + "\n")
    refused = move(f"@{address}")
    assert refused.returncode == 1, "while the program runs"
    assert server.stop() == 0
    end = time.time()
    for source, target in ((files[0], f"@{address}"), (postgres.url("moved"), files[1])):
        server.write_config(feeds=feeds, extra=f'database = "{source}"')
        copied = move(target)
        assert copied.returncode == 0, copied.stderr
        assert "are copied and counted" in copied.stdout
        again = move(target)
        assert again.returncode == 1
        assert "not empty" in again.stderr
        used = target if target.startswith("sqlite") else postgres.url("moved")
        server.write_config(feeds=feeds, extra=f'database = "{used}"')
        before = recorded_spans(server.start(), begin, end)
        assert before, "what was recorded before is found"
        assert server.login("warden", PASSWORD)
        server.add_user(f"visitor-{len(used)}", "viewer", PASSWORD)
        server.wait_live("lake")
        assert server.stop() == 0


def test_a_start_without_the_database_waits_for_it_and_says_so(oriel, camera, postgres):
    url = postgres.url("late")
    postgres.stop()
    server = oriel(wait=False, extra=f'database = "{url}"', feeds=feed_toml("lake", camera.url()))
    with pytest.raises(AssertionError):
        server.start(timeout_s=5)
    said = "nothing is recorded yet, since the database does not answer"
    assert server.output().count(said) == 1, server.output()
    postgres.start()
    server.start()
    server.wait_live("lake")


def test_a_start_that_waits_for_the_database_stops_when_asked_and_tells_no_password(oriel):
    server = oriel(
        wait=False, extra='database = "postgresql://oriel:hidden-word@127.0.0.1:1/oriel"'
    )
    with pytest.raises(AssertionError):
        server.start(timeout_s=3, kill=False)
    assert "does not answer" in server.output()
    assert server.stop() == 0
    assert "hidden-word" not in server.output()
