"""What is kept and what goes, on a running program with a real camera: rules, holds, thinning,
deletion by a person, dry run and forecast."""

import subprocess
from datetime import datetime, timedelta, timezone

import pytest

from support.program import feed_toml, run
from support.waiting import wait_until

WORD = "a word long enough"
SHORT = 2 / 86_400  # two seconds, in days


def rfc3339(time):
    return time.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


class Desk:
    """An administrator's session."""

    def __init__(self, server):
        self.server = server
        server.add_user("anna", "administrator", WORD)
        self.session = server.login("anna", WORD)

    def ask(self, method, path, body=None):
        return self.session.request(
            method, self.server.base + "/api/v1" + path, json=body, timeout=60
        )

    def ok(self, method, path, body=None):
        answer = self.ask(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.text else None

    def refused(self, method, path, body, status, word):
        answer = self.ask(method, path, body)
        assert answer.status_code == status, answer.text
        assert word in answer.json()["detail"], answer.text


def recorded_pieces(server, desk, count):
    """`count` recordings of some seconds each, all closed; then the feed is paused."""
    begin = datetime.now(timezone.utc) - timedelta(seconds=60)
    for index in range(count):
        before = server.feed("lake")["last_part_at"]
        wait_until(
            lambda before=before: (server.feed("lake")["last_part_at"] or "") > (before or "")
            and len(server.recordings()) > index,
            60,
        )
        moved = server.feed("lake")["last_part_at"]
        goal = datetime.fromisoformat(moved.replace("Z", "+00:00")) + timedelta(seconds=4)
        wait_until(lambda goal=goal: server.feed("lake")["last_part_at"] > rfc3339(goal), 60)
        desk.ok("POST", "/feeds/lake/pause", {"note": "between"})
        wait_until(lambda: server.feed("lake")["state"] == "paused", 30)
        if index + 1 < count:
            desk.ok("POST", "/feeds/lake/resume")
            server.wait_live("lake")
    return begin


def spans(server, begin):
    now = datetime.now(timezone.utc)
    return server.api(
        f"/feeds/lake/timeline?start={rfc3339(begin).replace('+', '%2B')}&end={rfc3339(now)}"
    )["spans"]


@pytest.fixture
def window(oriel, camera):
    server = oriel(feeds=feed_toml("lake", camera.url(0)))
    server.wait_live("lake")
    return server


def test_rules_holds_and_people(window):
    server, desk = window, Desk(window)
    begin = recorded_pieces(server, desk, 3)
    wait_until(lambda: sum(s["state"] == "recorded" for s in spans(server, begin)) == 3, 30)
    pieces = [s for s in spans(server, begin) if s["state"] == "recorded"]
    assert len(server.recordings()) == 3

    # What cannot be held is refused with the reason.
    first = {"feed": "lake", "start": pieces[0]["start"], "end": pieces[0]["end"]}
    desk.refused("POST", "/holds", first | {"reason": ""}, 400, "reason")
    future = rfc3339(datetime.now(timezone.utc) + timedelta(hours=1))
    later = rfc3339(datetime.now(timezone.utc) + timedelta(hours=2))
    gone = {"feed": "lake", "start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}
    desk.refused("POST", "/holds", first | {"start": future, "end": later, "reason": "r"}, 400,
                 "future")  # fmt: skip
    desk.refused("POST", "/holds", first | {"end": first["start"], "reason": "r"}, 400, "no length")
    desk.refused("POST", "/holds", gone | {"reason": "r"}, 404, "nothing was recorded")
    desk.refused("POST", "/holds", gone | {"feed": "moon", "reason": "r"}, 404, "no feed moon")
    hold = desk.ok("POST", "/holds", first | {"reason": "poaching"})
    journal = "".join(p.read_text() for p in server.data.rglob("journal/*.ndjson"))
    assert '"kind":"hold_made"' in journal and "poaching" in journal

    # A wrong rule says what is wrong; a dry run says what a right one would do.
    desk.refused("PUT", "/archive/retention", {"keep_days": -1}, 400, "keep_days")
    desk.refused("PUT", "/archive/retention", {"keep_weeks": 1}, 400, "keep_weeks")
    rule = {"keep_days": SHORT}
    tried = wait_until(
        lambda: (said := desk.ok("POST", "/archive/retention/dry-run", {"installation": rule}))
        and said["plan"]["deleted_recordings"] == 2 and said,
        30,
    )  # fmt: skip
    assert tried["plan"]["held"] == [
        {"hold": hold["id"], "recordings": 1, "bytes": tried["plan"]["held"][0]["bytes"]}
    ]
    assert len(tried["forecast"]["volumes"][0]["used_bytes"]) == 366
    assert len(server.recordings()) == 3, "a dry run changes nothing"

    # A person's deletion of what is held is refused whole; of another span it is done.
    order = {"feed": "lake", "start": pieces[0]["start"], "end": pieces[2]["end"], "reason": "x"}
    desk.refused("POST", "/archive/deletions", order, 409, "poaching")
    order["start"] = pieces[2]["start"]
    assert desk.ok("POST", "/archive/deletions", order)["recordings"] == 1
    wait_until(lambda: len(server.recordings()) == 2, 30)
    assert desk.ok("GET", "/archive/deletions")["items"][0]["made_by"] == "anna"

    desk.ok("PUT", "/archive/retention", rule)
    shown = run("archive", "retention", "--dry-run", "--config", server.config)
    assert shown.returncode == 0, shown.stderr
    wait_until(lambda: len(server.recordings()) == 1, 30)
    reasons = [(s["state"], s["reason"]) for s in spans(server, begin)]
    assert reasons.count(("missing", "deleted")) == 2
    assert reasons.count(("recorded", "none")) == 1

    # It stays so over a restart, and the release of the hold lets the rule go on.
    assert server.stop() == 0
    server.start()
    desk.session = server.login("anna", WORD)
    assert len(server.recordings()) == 1
    assert [s["reason"] for s in spans(server, begin)].count("deleted") == 2
    desk.ok("DELETE", f"/holds/{hold['id']}")
    wait_until(lambda: len(server.recordings()) == 0, 60)
    (item,) = desk.ok("GET", "/holds")["items"]
    assert (item["state"], item["released_by"]) == ("released", "anna")


def test_a_thinned_recording_plays_on_and_has_another_name(window, tmp_path):
    server, desk = window, Desk(window)
    begin = recorded_pieces(server, desk, 1)
    wait_until(lambda: sum(s["state"] == "recorded" for s in spans(server, begin)) == 1, 30)
    (piece,) = [s for s in spans(server, begin) if s["state"] == "recorded"]
    playback = f"/playback/lake/index.m3u8?start={piece['start']}&end={piece['end']}"
    before = server.get(playback).text
    (old,) = server.recordings()
    old_bytes = old.stat().st_size
    desk.ok("PUT", "/archive/retention/lake", {"key_frames_after_days": SHORT})
    wait_until(lambda: [f.name for f in server.recordings()] not in ([old.name], []), 60)
    wait_until(lambda: len(server.recordings()) == 1, 60)
    (new,) = server.recordings()
    assert new.stat().st_size < old_bytes
    (thinned,) = [s for s in spans(server, begin) if s["state"] == "recorded"]
    assert thinned["thinned"] == "key_frames"
    assert (thinned["start"], thinned["end"]) == (piece["start"], piece["end"])
    after = server.get(playback).text
    names = {line for line in after.splitlines() if line.endswith(".m4s")}
    assert names and not names & set(before.splitlines())
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(
        server.get(f"/clip/lake.mp4?start={piece['start']}&end={piece['end']}").content
    )
    probed = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
         "stream=nb_read_frames:format=duration", "-of", "default=nw=1:nk=1", str(clip)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert probed.stderr == ""
    frames, duration = probed.stdout.split()
    length = (
        datetime.fromisoformat(piece["end"].replace("Z", "+00:00"))
        - datetime.fromisoformat(piece["start"].replace("Z", "+00:00"))
    ).total_seconds()
    assert int(frames) < length * 3
    assert abs(float(duration) - length) < 0.1
    still = server.get(f"/snapshot/lake.jpg?at={piece['start']}")
    assert still.ok and still.content.startswith(b"\xff\xd8")
