"""A camera comes in, is recorded, shown, rewound; the program is killed and nothing is lost."""

import csv
import datetime
import io
import subprocess
import urllib.parse

from support import archive, media, program
from support.playlist import parse_media
from support.program import feed_toml
from support.waiting import wait_until


def rfc3339(time):
    return time.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def day_around(now):
    hour = datetime.timedelta(hours=1)
    return {"start": rfc3339(now - hour), "end": rfc3339(now + hour)}


def timeline(server, feed, **span):
    if not span:
        span = day_around(datetime.datetime.now(datetime.timezone.utc))
    return server.api(f"/feeds/{feed}/timeline", params=span)


def recorded_seconds(spans):
    return sum(
        (parse_time(span["end"]) - parse_time(span["start"])).total_seconds()
        for span in spans
        if span["state"] == "recorded"
    )


def wait_recorded(server, feed, seconds, timeout_s=60):
    return wait_until(
        lambda: recorded_seconds(timeline(server, feed)["spans"]) >= seconds,
        timeout_s,
        f"{seconds} s recorded of {feed}",
    )


def test_the_smallest_configuration_records_and_shows(oriel, camera, tmp_path):
    """The three-line file of the design, but for the address of its own."""
    server = oriel(feeds=feed_toml("lake", camera.url()))
    feed = server.wait_live("lake")
    assert feed["renditions"][0]["codecs"].startswith("avc1.")
    assert feed["renditions"][0]["tracks"][0]["width"] == 320
    wait_recorded(server, "lake", 6)

    # Live, for any player.
    assert "#EXT-X-STREAM-INF" in server.get("/live/lake/index.m3u8").text
    live = server.base + "/live/lake/index.m3u8"
    found = wait_until(lambda: (probed := media.probe(live))["streams"] and probed)
    assert found["streams"][0]["codec_name"] == "h264"

    # Rewound.
    spans = timeline(server, "lake")["spans"]
    first = next(span for span in spans if span["state"] == "recorded")
    start = parse_time(first["start"]) + datetime.timedelta(seconds=1)
    end = start + datetime.timedelta(seconds=3)
    query = f"start={rfc3339(start)}&end={rfc3339(end)}"
    answer = server.get(f"/playback/lake/index.m3u8?{query}")
    assert answer.ok, answer.text
    past = wait_until(lambda: media.probe(f"{server.base}/playback/lake/index.m3u8?{query}"))
    assert float(past["format"]["duration"]) >= 2.5

    # A file to take home, and a still.
    clip = server.get(f"/clip/lake.mp4?{query}")
    assert clip.ok and clip.headers["Content-Type"] == "video/mp4"
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip.content)
    assert 2.5 <= float(media.probe(path)["format"]["duration"]) <= 6
    still = server.get(f"/snapshot/lake.jpg?at={rfc3339(start)}&width=160")
    assert still.ok and still.content[:3] == b"\xff\xd8\xff"


def test_killed_and_started_again_nothing_durable_is_lost(oriel, camera):
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    wait_recorded(server, "lake", 8)
    playlist = parse_media(server.get("/live/lake/media.m3u8").text)
    listed = [segment.uri for segment in playlist.complete_segments]
    assert listed
    base = server.base + "/live/lake/media.m3u8"
    before = {uri: server.session.get(urllib.parse.urljoin(base, uri), timeout=30).content
              for uri in listed}  # fmt: skip
    assert all(before.values())
    kept = recorded_seconds(timeline(server, "lake")["spans"])
    server.kill()

    server.start()
    # Recovery is done before the address is printed: what was recorded is there at once.
    again = timeline(server, "lake")["spans"]
    assert recorded_seconds(again) >= kept - 1
    for uri, content in before.items():
        found = server.session.get(urllib.parse.urljoin(base, uri), timeout=30)
        assert found.content == content, f"{uri} has other bytes after the restart"
    server.wait_live("lake", 15)
    wait_recorded(server, "lake", kept + 3)
    reasons = {span["reason"] for span in timeline(server, "lake")["spans"]}
    assert "server_crashed" in reasons, "the time of the crash is accounted for"


def test_the_timeline_accounts_for_every_second(oriel, camera):
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    wait_recorded(server, "lake", 3)
    span = day_around(datetime.datetime.now(datetime.timezone.utc))
    found = timeline(server, "lake", **span)
    at = parse_time(found["start"])
    for piece in found["spans"]:
        assert parse_time(piece["start"]) == at, piece
        assert parse_time(piece["end"]) > at
        assert piece["state"] in ("recorded", "missing"), piece
        at = parse_time(piece["end"])
    assert at == parse_time(found["end"])


def test_the_coverage_adds_up_as_the_timeline_does(oriel, camera):
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    wait_recorded(server, "lake", 3)
    span = day_around(datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0))
    items = server.api("/feeds/lake/coverage", params={**span, "by": "hour"})["items"]
    at = parse_time(span["start"])
    for item in items:
        assert parse_time(item["start"]) == at
        at = parse_time(item["end"])
        length = at - parse_time(item["start"])
        told = item["recorded_ms"] + sum(item["missing_ms"].values())
        assert length == datetime.timedelta(milliseconds=told), item
    assert at == parse_time(span["end"])
    recorded = sum(item["recorded_ms"] for item in items)
    assert recorded >= 3000
    assert any("starting" in item["missing_ms"] or "none" in item["missing_ms"] for item in items)
    # The same until then, as a table.
    until = {**span, "end": items[0]["end"], "by": "hour"}
    table = server.get("/api/v1/feeds/lake/coverage.csv", params=until)
    assert table.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["start"] for row in rows] == [items[0]["start"]]
    numbers = [int(value) for key, value in rows[0].items() if key not in ("start", "end")]
    length = parse_time(items[0]["end"]) - parse_time(items[0]["start"])
    assert datetime.timedelta(milliseconds=sum(numbers)) == length


def test_a_file_says_by_itself_what_it_holds_and_whether_it_is_whole(oriel, camera, tmp_path):
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    wait_recorded(server, "lake", 4)
    assert server.stop() == 0
    path = next(iter(archive.recordings(server.data / "archive", "lake")))
    whole = program.run("archive", "inspect", path)
    assert whole.returncode == 0, whole.stderr
    said = dict(line.split(maxsplit=1) for line in whole.stdout.splitlines())
    assert said["state"] == "whole"
    assert said["recording"] == f"{path.stem}, main"
    assert int(said["bytes"]) == path.stat().st_size
    length = parse_time(said["end"]) - parse_time(said["start"])
    assert length >= datetime.timedelta(seconds=4)

    content = bytearray(path.read_bytes())
    (tmp_path / "torn.mp4").write_bytes(content[:-100])
    torn = program.run("archive", "inspect", tmp_path / "torn.mp4")
    assert torn.returncode == 1 and "damaged" in torn.stdout
    half = len(content) // 2
    content[half:] = bytes(len(content) - half)
    (tmp_path / "zeroed.mp4").write_bytes(content)
    zeroed = program.run("archive", "inspect", tmp_path / "zeroed.mp4")
    assert zeroed.returncode == 1 and "damaged" in zeroed.stdout
    (tmp_path / "note.mp4").write_text("no recording at all")
    foreign = program.run("archive", "inspect", tmp_path / "note.mp4")
    assert foreign.returncode == 2 and "does not begin with an init segment" in foreign.stdout
    for nothing in (tmp_path / "absent.mp4", tmp_path):
        told = program.run("archive", "inspect", nothing)
        assert told.returncode == 2 and told.stderr.startswith("oriel: "), told


def test_the_metrics_say_how_a_feed_is(oriel, camera):
    feeds = feed_toml("lake", camera.url()) + feed_toml("peak", "rtsp://127.0.0.1:1/none")
    server = oriel(feeds=feeds, http="public_metrics = true")
    server.wait_live("lake")

    def lines():
        return server.get("/metrics").text.splitlines()

    wait_until(lambda: 'oriel_feed_reason{feed="peak",reason="link_down"} 1' in lines())
    assert 'oriel_feed_state{feed="lake",state="live"} 1' in lines()
    assert 'oriel_feed_state{feed="lake",state="failed"} 0' in lines()
    assert 'oriel_feed_reason{feed="lake",reason="none"} 1' in lines()
    assert any(line.startswith('oriel_feed_reconnects_total{feed="peak"}') for line in lines())
    assert not any(line.startswith('oriel_feed_last_frame_seconds{feed="peak"') for line in lines())


def test_a_recording_is_one_file_any_player_opens(oriel, camera):
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    wait_recorded(server, "lake", 5)
    assert server.stop() == 0
    paths = archive.recordings(server.data / "archive", "lake")
    assert paths
    for path in paths:
        parts = archive.parts_of(path)
        assert parts[0].runs[0].decode_time == 0, "decode times count from the file's start"
        lasts = sum(part.runs[0].duration for part in parts) / 90_000
        assert abs(float(media.probe(path)["format"]["duration"]) - lasts) < 0.2
        subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"],
                       check=True, stdin=subprocess.DEVNULL)  # fmt: skip
    (frames,) = archive.frames_of_feed(server.data / "archive", "lake").values()
    assert frames == list(range(frames[0], frames[-1] + 1)), "a frame lost, doubled or displaced"


def test_stops_within_its_ten_seconds_and_says_why_it_stopped_recording(oriel, camera, blackhole):
    feeds = feed_toml("lake", camera.url()) + feed_toml("mute", f"rtsp://127.0.0.1:{blackhole}/x")
    server = oriel(feeds=feeds)
    server.wait_live("lake")
    wait_recorded(server, "lake", 2)
    assert server.stop(timeout_s=10) == 0
    server.start()
    server.wait_live("lake")
    reasons = {span["reason"] for span in timeline(server, "lake")["spans"]}
    assert "server_stopped" in reasons
