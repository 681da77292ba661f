"""What recordings say of their clocks and rates, and that a lying rate makes no holes."""

import datetime

from support import cameras
from support.ports import free_port
from support.program import feed_toml
from support.waiting import wait_until


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def recordings(server, feed):
    now = datetime.datetime.now(datetime.timezone.utc)
    start = now - datetime.timedelta(hours=1)
    span = f"start={start:%Y-%m-%dT%H:%M:%SZ}&end={now:%Y-%m-%dT%H:%M:%SZ}"
    return server.api(f"/feeds/{feed}/recordings?{span}")["items"]


def test_a_camera_that_sends_reports_gives_the_clock(oriel, start):
    camera = start(cameras.StampedCameras())
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake", 30)
    found = wait_until(lambda: recordings(server, "lake"), 30)[0]
    assert found["clock"]["source"] == "rtcp_sender_report"
    # The camera runs on this computer: its clock is ours, and what it sends is here at once.
    assert -500 < found["clock"]["offset_ms"] <= 0
    error_ms = found["clock"]["error_ms"]  # null where nothing keeps this computer's clock
    assert error_ms is None or 0 < error_ms < 20_000
    assert found["frame_rate"]["declared"] is None  # it says nothing of it
    assert 24 < found["frame_rate"]["delivered"] < 26


def test_a_camera_that_writes_its_time_into_the_pictures_gives_the_clock(oriel, start):
    camera = start(cameras.StampedCameras(precise=True, ahead_ms=700))
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake", 30)
    found = wait_until(lambda: recordings(server, "lake"), 30)[0]
    assert found["clock"]["source"] == "camera"
    assert 300 < found["clock"]["offset_ms"] <= 700


def test_a_camera_that_stamps_25_and_sends_21_leaves_no_phantom_gap(oriel, start):
    port = free_port()
    url = f"srt://127.0.0.1:{port}"
    start(cameras.Ffmpeg(
        *cameras.test_picture(rate=21, gop=21, sound=False),
        "-enc_time_base", "1:90000", "-bsf:v", "setts=ts=N/(25*TB),h264_metadata=tick_rate=50",
        "-f", "mpegts", f"{url}?mode=listener",
    ))  # fmt: skip
    server = oriel(feeds=feed_toml("lake", url))
    server.wait_live("lake", 45)
    wait_until(lambda: "runs at a wrong rate" in server.output(), 60, "the rate to be found out")
    told = datetime.datetime.now(datetime.timezone.utc)

    def ten_seconds_more():
        found = recordings(server, "lake")
        return moment(found[-1]["end"]) > told + datetime.timedelta(seconds=10) and found

    found = wait_until(ten_seconds_more, 30, "ten seconds more")
    assert len(found) == 1 and found[0]["open"]
    spans = timeline(server, moment(found[0]["start"]), told)
    assert [span["state"] for span in spans] == ["recorded"]
    assert (told - moment(found[0]["start"])).total_seconds() > 15
    # 25 while the stamps were believed, 21 since.
    assert abs(found[0]["frame_rate"]["declared"] - 25) < 0.1
    assert 20.5 < found[0]["frame_rate"]["delivered"] < 23


def timeline(server, start, end):
    span = f"start={start:%Y-%m-%dT%H:%M:%S.%fZ}&end={end:%Y-%m-%dT%H:%M:%S.%fZ}"
    return server.api(f"/feeds/lake/timeline?{span}")["spans"]
