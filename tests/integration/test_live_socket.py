"""The part socket keeps its document, docs/reference/live-socket.md."""

import asyncio
import json
import pathlib
import signal

import pytest
import websockets

from support import cameras, media, mp4, part_socket, stamps
from support.part_socket import INDEPENDENT, NEW_RUN, SKIPPED, Init, parts_of, subscription
from support.program import feed_toml
from support.waiting import wait_until


@pytest.fixture(scope="module")
def server(shared):
    made = shared(lambda all: feed_toml("lake", all.url(0)) + feed_toml("peak", all.url(1)))
    made.wait_live("lake")
    made.wait_live("peak")
    return made


def watch(server, messages, enough, timeout_s=30):
    return asyncio.run(part_socket.watch(server.port, messages, enough, timeout_s))


def test_an_init_then_every_part_without_a_hole(server):
    got = watch(server, [subscription(3, "lake")], lambda got: len(parts_of(got)) >= 30)
    kinds = [type(one).__name__ for one in got]
    assert kinds.index("Init") < kinds.index("Part")
    init = next(one for one in got if isinstance(one, Init))
    assert init.slot == 3 and init.told["mime"].startswith('video/mp4; codecs="avc1.')
    assert (init.told["width"], init.told["height"]) == (320, 180)
    (track,) = mp4.tracks(init.data)
    assert track.timescale == 90_000
    parts = parts_of(got)
    assert parts[0].flags & INDEPENDENT, "the first part can be decoded alone"
    frames = [stamp.frame for part in parts for stamp in stamps.scan(part.data)]
    assert frames == list(range(frames[0], frames[0] + len(frames)))
    trex = mp4.defaults(init.data)
    for before, after in zip(parts, parts[1:]):
        assert not after.flags & (SKIPPED | NEW_RUN)
        assert after.media_90k == before.media_90k + before.duration_90k
        assert abs(after.utc_us - before.utc_us - before.duration_90k * 100 / 9) < 50_000
        if before.recording == after.recording:
            assert after.number == before.number + 1
    for part in parts:
        (held,) = mp4.parts(part.data, trex)
        assert held.runs[0].decode_time == part.media_90k
        assert held.runs[0].duration == part.duration_90k
        assert held.runs[0].first_is_sync == bool(part.flags & INDEPENDENT)
        # Stamped when it was sent; its time is that of its first frame, as well as we know it.
        assert abs(stamps.scan(part.data)[0].us - part.utc_us) < 3_000_000


def test_many_feeds_on_one_connection(server):
    messages = [subscription(0, "lake"), subscription(1, "peak"), subscription(2, "lake")]
    got = watch(
        server, messages, lambda got: all(len(parts_of(got, slot)) > 8 for slot in range(3))
    )
    for slot, camera_number in ((0, 0), (1, 1), (2, 0)):
        cameras_seen = {
            stamp.camera for part in parts_of(got, slot) for stamp in stamps.scan(part.data)
        }
        assert cameras_seen == {camera_number}
    states = {one["state"]["slot"]: one["state"] for one in got
              if isinstance(one, dict) and "state" in one}  # fmt: skip
    assert states[1]["feed"] == "peak" and states[1]["state"] == "live"


def test_a_viewer_who_lost_the_network_goes_on_where_it_was(server):
    first = parts_of(
        watch(server, [subscription(1, "lake")], lambda got: len(parts_of(got)) >= 8)
    )
    last = first[-1]
    resume = {"resume": {"slot": 1, "recording": last.recording, "part": last.number}}
    second = parts_of(
        watch(server, [subscription(1, "lake"), resume],
              lambda got: any(part.number > last.number + 2 for part in parts_of(got)))
    )  # fmt: skip
    # What was on its way when `resume` was read may come first; then it goes on behind `last`.
    numbers = [(part.recording, part.number) for part in second]
    if second[0].recording == last.recording:
        assert (last.recording, last.number + 1) in numbers
    frames = {stamp.frame for part in first + second for stamp in stamps.scan(part.data)}
    assert frames == set(range(min(frames), max(frames) + 1)), "a hole where the network was lost"


def test_unsubscribed_and_unknown(server):
    got = watch(
        server, [subscription(1, "nowhere"), {"ping": 17}],
        lambda got: any("pong" in one for one in got if isinstance(one, dict)),
    )  # fmt: skip
    errors = [one["error"] for one in got if isinstance(one, dict) and "error" in one]
    assert errors and errors[0]["slot"] == 1 and errors[0]["kind"] == "not_found"
    pong = next(one for one in got if isinstance(one, dict) and "pong" in one)
    assert pong["pong"] == 17 and pong["now"].endswith("Z")

    async def leave():
        url = f"ws://127.0.0.1:{server.port}/live/socket"
        async with websockets.connect(url, max_size=None) as socket:
            await socket.send(json.dumps(subscription(1, "lake")))
            while not isinstance(part_socket.parse(await socket.recv()), part_socket.Part):
                pass
            await socket.send(json.dumps({"unsubscribe": {"slot": 1}}))
            await socket.send(json.dumps({"ping": 1}))
            behind = 0
            while True:
                one = part_socket.parse(await asyncio.wait_for(socket.recv(), 10))
                if isinstance(one, dict) and "pong" in one:
                    break
            try:
                while True:
                    one = part_socket.parse(await asyncio.wait_for(socket.recv(), 1.5))
                    behind += isinstance(one, part_socket.Part)
            except asyncio.TimeoutError:
                return behind

    assert asyncio.run(leave()) <= 1


def test_a_change_of_parameters_brings_a_new_init_and_a_new_run(oriel, start):
    clips = [media.clip("plain"), media.clip("big", width=640, height=360)]
    camera = start(cameras.StampedCameras(clips=clips, switch_after=25 * 15))
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    got = watch(
        server, [subscription(1, "lake")],
        lambda got: sum(isinstance(one, Init) for one in got) >= 2 and isinstance(
            got[-1], part_socket.Part), 60,
    )  # fmt: skip
    widths = [one.told["width"] for one in got if isinstance(one, Init)]
    assert widths[0] == 320 and widths[-1] == 640
    behind = got[max(i for i, one in enumerate(got) if isinstance(one, Init)) + 1]
    assert behind.flags & NEW_RUN and behind.flags & INDEPENDENT


def test_the_socket_outlives_the_camera(oriel, start):
    camera = start(cameras.StampedCameras())
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")

    async def through():
        url = f"ws://127.0.0.1:{server.port}/live/socket"
        async with websockets.connect(url, max_size=None) as socket:
            await socket.send(json.dumps(subscription(1, "lake")))
            seen = []

            async def until(enough, timeout_s=40):
                while not enough():
                    seen.append(part_socket.parse(await asyncio.wait_for(socket.recv(), timeout_s)))

            await until(lambda: len(parts_of(seen)) > 3)
            await asyncio.to_thread(camera.stop)
            await until(lambda: any(
                isinstance(one, dict) and one.get("state", {}).get("state") in
                ("connecting", "failed", "stalled") for one in seen))  # fmt: skip
            await asyncio.to_thread(camera.start)
            count = len(parts_of(seen))
            await until(lambda: len(parts_of(seen)) > count + 3)
            return parts_of(seen)[count:]

    parts = asyncio.run(through())
    assert any(part.flags & NEW_RUN for part in parts)


def test_a_viewer_of_the_small_stream_stays_with_it_when_the_feed_is_set_up_anew(oriel, camera):
    def feeds(**settings):
        return feed_toml("lake", camera.url(0), sub_source=camera.url(1), **settings)

    server = oriel(feeds=feeds())
    server.wait_live("lake")
    wait_until(lambda: len(server.feed("lake")["renditions"]) == 2, 30)

    async def through():
        url = f"ws://127.0.0.1:{server.port}/live/socket"
        async with websockets.connect(url, max_size=None) as socket:
            await socket.send(json.dumps(subscription(1, "lake", rendition="sub")))
            seen = []

            async def until(enough):
                while not enough():
                    seen.append(part_socket.parse(await asyncio.wait_for(socket.recv(), 40)))

            await until(lambda: len(parts_of(seen)) > 3)
            server.write_config(feeds(part_ms=500))
            server.process.send_signal(signal.SIGHUP)
            await until(lambda: any(part.flags & NEW_RUN for part in parts_of(seen)[4:]))
            await until(lambda: len(parts_of(seen)) > 10)
            return seen

    seen = asyncio.run(through())
    assert {one.told["rendition"] for one in seen if isinstance(one, Init)} == {"sub"}
    cameras_seen = {stamp.camera for part in parts_of(seen) for stamp in stamps.scan(part.data)}
    assert cameras_seen == {1}


def test_h265_is_given_as_h264_while_somebody_watches(oriel, start):
    camera = start(cameras.GstCamera("--codec", "h265"))
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake", 40)
    got = watch(server, [subscription(1, "lake")], lambda got: len(parts_of(got)) >= 6, 40)
    init = next(one for one in got if isinstance(one, Init))
    assert init.told["rendition"] == "made" and "avc1" in init.told["mime"]
    # One who can play it gets the camera's own.
    own = [subscription(1, "lake", codecs=("avc1", "hvc1", "hev1"))]
    got = watch(server, own, lambda got: len(parts_of(got)) >= 2, 40)
    init = next(one for one in got if isinstance(one, Init))
    assert init.told["rendition"] == "main" and "hvc1" in init.told["mime"]
    found = wait_until(
        lambda: "avc1" in (text := server.get("/live/lake/index.m3u8").text) and text, 30
    )
    assert "hvc1" in found
    # A plain player needs a whole segment of it.
    made = server.base + "/live/lake/made/media.m3u8"
    streams = wait_until(lambda: media.probe(made)["streams"])
    assert streams[0]["codec_name"] == "h264"
    # Its worker ends after the last viewer has gone.
    wait_until(lambda: not workers(server), 90, "the end of the worker")


def test_of_h264_nothing_is_made_whatever_a_client_says(server):
    """Or a few visitors could take all the encoders from those who need one."""
    odd = [subscription(1, "lake", codecs=("nothing",))]
    got = watch(server, odd, lambda got: len(parts_of(got)) >= 2)
    init = next(one for one in got if isinstance(one, Init))
    assert init.told["rendition"] == "main"
    assert server.get("/live/lake/made/media.m3u8").status_code == 503
    assert not workers(server)


def workers(server):
    """Child processes of the server."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        fields = text[text.rindex(")") + 2 :].split()
        if int(fields[1]) == server.process.pid and fields[0] != "Z":
            found.append(path.parent.name)
    return found
