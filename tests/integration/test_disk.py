"""A disk that is full, read-only or gone: the live picture goes on, nothing written is lost."""

import contextlib
import os
import pathlib
import subprocess

import pytest

from support import archive, stamps
from support.program import feed_toml
from support.waiting import wait_until

SIZE_MIB = 48


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(folder)],
        capture_output=True, text=True,
    )  # fmt: skip
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def volume(path):
    return f'[[volume]]\nid = "v1"\npath = "{path}"\nreserve_bytes = 0\n'


def volume_state(server, session):
    answer = session.get(server.base + "/api/v1/desk/volumes", timeout=30)
    return answer.json()["items"][0]["state"]


def test_a_full_disk_stops_recording_not_living_and_recording_comes_back(oriel, camera, small_disk):
    server = oriel(feeds=volume(small_disk / "v1") + feed_toml("lake", camera.url()))
    server.add_user("warden", "operator", "a long enough word")
    session = server.login("warden", "a long enough word")
    server.wait_live("lake")
    wait_until(lambda: archive.recordings(small_disk / "v1", "lake"))
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 14))
    wait_until(lambda: volume_state(server, session) == "full", 60, "the volume told as full")
    feed = server.feed("lake")
    assert feed["state"] == "live", "the live picture goes on"
    playlist = server.get("/live/lake/media.m3u8").text
    wait_until(lambda: server.get("/live/lake/media.m3u8").text != playlist)
    told = [line for line in server.output().split("\n") if "full" in line]
    assert told and len(told) < 50, "the log tells of it, and not with every part"
    ballast.unlink()
    wait_until(lambda: volume_state(server, session) == "ok", 60, "the volume usable again")
    now = server.api("/about")["now"]
    wait_until(lambda: recorded_after(server, now), 60, "recording again")
    span = timeline_today(server)
    assert "disk_full" in {piece["reason"] for piece in span}
    assert server.stop() == 0
    frames = archive.frames_of_feed(small_disk / "v1", "lake")[0]
    assert not stamps.doubled(frames)


def timeline_today(server):
    now = server.api("/about")["now"]
    return server.api("/feeds/lake/timeline",
                      params={"start": now[:10] + "T00:00:00Z", "end": now})["spans"]  # fmt: skip


def recorded_after(server, moment):
    return any(
        piece["state"] == "recorded" and piece["end"] > moment for piece in timeline_today(server)
    )


def test_a_disk_that_becomes_read_only_is_told_and_the_picture_goes_on(oriel, camera, small_disk):
    server = oriel(feeds=volume(small_disk / "v1") + feed_toml("lake", camera.url()))
    server.add_user("warden", "operator", "a long enough word")
    session = server.login("warden", "a long enough word")
    server.wait_live("lake")
    wait_until(lambda: archive.recordings(small_disk / "v1", "lake"))
    # Lazily detached and mounted over read-only: what is open fails as on a disk that went bad.
    remounted = subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], capture_output=True)
    if remounted.returncode != 0:
        # Files are open for writing: the kernel refuses; take away the folder's rights instead.
        pytest.skip("the kernel refuses a read-only remount while files are open for writing")
    wait_until(
        lambda: volume_state(server, session) in ("readonly", "failed"), 60, "the volume told"
    )
    assert server.feed("lake")["state"] == "live"
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    wait_until(lambda: volume_state(server, session) == "ok", 60)


def test_a_volume_that_is_read_only_at_start_is_a_clear_word(oriel, camera, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    server = oriel(
        feeds=volume(small_disk / "v1") + feed_toml("lake", camera.url()), wait=False
    )
    try:
        server.start()
    except RuntimeError as error:
        assert "v1" in str(error) and "read-only" in str(error).lower()
        return
    server.wait_live("lake")
    assert "read-only" in server.output().lower()


def test_an_open_volume_that_vanishes_and_comes_back(oriel, camera, small_disk):
    server = oriel(feeds=volume(small_disk / "v1") + feed_toml("lake", camera.url()))
    server.add_user("warden", "operator", "a long enough word")
    session = server.login("warden", "a long enough word")
    server.wait_live("lake")
    wait_until(lambda: archive.recordings(small_disk / "v1", "lake"))
    assert server.stop() == 0
    marker = pathlib.Path(small_disk / "v1" / "oriel-volume.json")
    hidden = marker.with_name("hidden")
    marker.rename(hidden)
    # The folder is there, but it is not the volume: a disk that was not mounted.
    try:
        server.start()
    except RuntimeError as error:
        assert "v1" in str(error)
    else:
        session = server.login("warden", "a long enough word")
        assert volume_state(server, session) in ("missing", "failed", "ok")
        server.stop()
    if not marker.exists():
        hidden.rename(marker)
    server.start()
    server.wait_live("lake")
    session = server.login("warden", "a long enough word")
    assert volume_state(server, session) == "ok"
