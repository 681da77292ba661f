"""Volumes come, are emptied and go while recording goes on."""

import os
import signal

from support import archive, stamps
from support.program import feed_toml
from support.waiting import wait_until

WORD = "a long enough word"


def volume(path, name):
    return f'[[volume]]\nid = "{name}"\npath = "{path}"\nreserve_bytes = 0\n'


def volumes(server, session):
    answer = session.get(server.base + "/api/v1/desk/volumes", timeout=30)
    return {item["id"]: item for item in answer.json()["items"]}


def drain(server, session, name, method="POST"):
    return session.request(
        method, f"{server.base}/api/v1/desk/volumes/{name}/drain", timeout=30
    ).status_code


def test_a_volume_is_added_while_recording_and_the_first_is_emptied_into_it(
    oriel, camera, tmp_path
):
    first, second = tmp_path / "v1", tmp_path / "v2"
    feed = feed_toml("lake", camera.url())
    server = oriel(feeds=volume(first, "v1") + feed)
    server.add_user("warden", "operator", WORD)
    session = server.login("warden", WORD)
    server.wait_live("lake")
    before = wait_until(lambda: archive.recordings(first, "lake"), 30, "a recording")
    assert drain(server, session, "v1") == 409, "the last volume cannot be emptied"
    server.write_config(feeds=volume(first, "v1") + volume(second, "v2") + feed)
    os.kill(server.process.pid, signal.SIGHUP)
    wait_until(lambda: volumes(server, session).get("v2", {}).get("ready"), 60, "the volume used")
    assert drain(server, session, "v1") == 204
    assert drain(server, session, "v9") == 404
    assert volumes(server, session)["v1"]["draining"]
    # A pause ends the open recording; the next one begins on the other volume.
    assert session.post(server.base + "/api/v1/feeds/lake/pause", json={"note": ""}).ok
    wait_until(lambda: archive.recordings(second, "lake"), 60, "the first recording moved")
    wait_until(lambda: not before[0].exists(), 60, "its file gone from the first")
    assert session.post(server.base + "/api/v1/feeds/lake/resume").ok
    wait_until(lambda: len(archive.recordings(second, "lake")) == 2, 60, "recording on the second")
    assert not archive.recordings(first, "lake")
    now = server.api("/about")["now"]
    day = {"start": now[:10] + "T00:00:00Z", "end": now}
    spans = server.api("/feeds/lake/timeline", params=day)["spans"]
    moved = next(span for span in spans if span["state"] == "recorded")
    clip = server.get("/clip/lake.mp4", params={"start": moved["start"], "end": moved["end"]})
    assert clip.status_code == 200 and len(clip.content) > 10_000, "what was moved is still found"
    assert server.stop() == 0
    server.start()
    session = server.login("warden", WORD)
    assert volumes(server, session)["v1"]["draining"], "it stays so over a restart"
    assert drain(server, session, "v1", "DELETE") == 204
    assert not volumes(server, session)["v1"]["draining"]
    assert server.stop() == 0
    frames = archive.frames_of_feed(second, "lake")[0]
    assert frames and not stamps.doubled(frames)


def test_a_volume_that_appears_after_the_start_is_recovered_and_used(oriel, camera, tmp_path):
    path = tmp_path / "v1"
    server = oriel(feeds=volume(path, "v1") + feed_toml("lake", camera.url()))
    server.add_user("warden", "operator", WORD)
    server.wait_live("lake")
    wait_until(lambda: archive.recordings(path, "lake"), 30, "a recording")
    server.kill()
    away = tmp_path / "away"
    path.rename(away)
    server.start()
    server.wait_live("lake")
    session = server.login("warden", WORD)
    assert volumes(server, session)["v1"]["state"] == "missing"
    if path.exists():
        path.rmdir()
    away.rename(path)
    wait_until(lambda: volumes(server, session)["v1"]["ready"], 60, "the volume used again")
    wait_until(lambda: len(archive.recordings(path, "lake")) == 2, 60, "recording on it")
    assert "recordings closed" in server.output()
    assert server.stop() == 0
