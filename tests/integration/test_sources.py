"""Cameras of every kind and every mood, as real programs on the other end."""

import http.server
import pathlib
import subprocess
import threading
import time

import pytest

from support import archive, cameras, media, mp4, stamps
from support.ports import free_port
from support.program import feed_toml
from support.waiting import wait_until

ANSWERS_WITHIN_S = 20  # until a feed that cannot work says why


def last_recorded_frame(server, feed, number=0):
    frames = archive.frames_of_feed(server.data / "archive", feed, strict=False).get(number, [])
    return frames[-1] if frames else -1


@pytest.fixture
def web(tmp_path):
    """A web server: (base URL, folder it shows)."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *arguments):
            """Nothing: the tests' output is the program's."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()
        thread.join()


def test_a_camera_that_comes_back_is_recorded_within_ten_seconds(oriel, start):
    camera = start(cameras.StampedCameras())
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    camera.stop()
    found = wait_until(
        lambda: (feed := server.feed("lake"))["state"] in ("connecting", "failed") and feed,
        what="a state that says the camera is away",
    )
    assert found["reason"] == "link_down"
    time.sleep(8)  # long enough for the back-off to have grown
    before = archive.recordings(server.data / "archive", "lake")
    camera.start()
    # The frames of the restarted camera count from 0 again.
    wait_until(
        lambda: (now := archive.recordings(server.data / "archive", "lake")) > before
        and archive.frames_of(now[-1], strict=False),
        10 + 1,  # a part must be whole to be seen
        "a recording of the camera that came back",
    )


def test_a_half_open_connection_is_noticed(oriel, start):
    camera = start(cameras.StampedCameras())
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    camera.freeze()
    try:
        found = wait_until(
            lambda: (feed := server.feed("lake"))["state"] != "live" and feed, 30, "not live"
        )
        assert found["reason"] in ("silent", "link_down")
    finally:
        camera.thaw()
    server.wait_live("lake", 30)


def test_new_parameters_begin_a_new_recording_and_nothing_is_lost(oriel, start):
    clips = [media.clip("plain"), media.clip("big", width=640, height=360)]
    switch_after = 25 * 12
    camera = start(cameras.StampedCameras(clips=clips, switch_after=switch_after))
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    wait_until(lambda: last_recorded_frame(server, "lake") > switch_after + 100, 60)
    feed = server.wait_live("lake")
    assert feed["renditions"][0]["tracks"][0]["width"] == 640
    assert server.stop() == 0
    sizes = []
    for path in archive.recordings(server.data / "archive", "lake"):
        sizes.append(media.probe(path)["streams"][0]["width"])
    assert sizes == sorted(sizes) and set(sizes) == {320, 640}, sizes
    frames = archive.frames_of_feed(server.data / "archive", "lake")[0]
    assert not stamps.missing(frames, frames[0], frames[-1]), "frames lost at the change"
    assert not stamps.doubled(frames)


@pytest.mark.parametrize("options, codec", [
    (["--codec", "h264", "--audio", "aac", "--auth", "digest"], "avc1"),
    (["--codec", "h264", "--audio", "pcma", "--auth", "basic"], "avc1"),
    (["--codec", "h264", "--bframes", "2", "--sets", "sdp"], "avc1"),
    (["--codec", "h265"], "hvc1"),
    (["--codec", "none", "--audio", "opus"], "opus"),
], ids=["digest-aac", "basic-g711", "b-frames", "h265", "sound-only"])  # fmt: skip
def test_a_gstreamer_camera_is_recorded(oriel, start, options, codec):
    camera = start(cameras.GstCamera(*options))
    login = "user:secret@" if "--auth" in options else ""
    server = oriel(feeds=feed_toml("lake", camera.url(login=login), public_audio=True))
    feed = server.wait_live("lake", 45)
    assert any(codec in one["codecs"].lower() for one in feed["renditions"]), feed["renditions"]
    if "--audio" in options and codec == "avc1":
        kinds = {track["kind"] for track in feed["renditions"][0]["tracks"]}
        assert kinds == {"video", "audio"}
    wait_until(lambda: archive.recordings(server.data / "archive", "lake"))
    # Parts, not only a head.
    newest = archive.recordings(server.data / "archive", "lake")[-1]
    wait_until(lambda: newest.stat().st_size > 20_000)
    assert server.stop() == 0
    for path in archive.recordings(server.data / "archive", "lake"):
        if archive.parts_of(path):
            media.probe(path)


def ffmpeg_source(kind, folder, port):
    """(the peer, the source's URL) of an ffmpeg that serves one protocol."""
    words = cameras.test_picture()
    if kind == "http-mpegts":
        url = f"http://127.0.0.1:{port}/live.ts"
        return cameras.Ffmpeg(*words, "-f", "mpegts", "-listen", "1", url), url
    if kind == "srt":
        url = f"srt://127.0.0.1:{port}"
        peer = cameras.Ffmpeg(*words, "-f", "mpegts", f"{url}?mode=listener")
        return peer, url
    folder.mkdir(exist_ok=True)
    return cameras.Ffmpeg(
        *words, "-f", "hls", "-hls_time", "1", "-hls_list_size", "6",
        "-hls_flags", "delete_segments+temp_file", str(folder / "live.m3u8"),
    ), None  # fmt: skip


@pytest.mark.parametrize("kind", ["http-mpegts", "srt", "hls"])
def test_an_ffmpeg_source_is_recorded(oriel, start, web, kind):
    base, folder = web
    peer, url = ffmpeg_source(kind, folder, free_port())
    start(peer)
    if kind == "hls":
        url = f"{base}/live.m3u8"
        wait_until((folder / "live.m3u8").exists)
    server = oriel(feeds=feed_toml("lake", url, public_audio=True))
    feed = server.wait_live("lake", 45)
    kinds = {track["kind"] for track in feed["renditions"][0]["tracks"]}
    assert kinds == {"video", "audio"}
    wait_until(
        lambda: (found := archive.recordings(server.data / "archive", "lake"))
        and len(mp4_parts_so_far(found[-1])) > 3
    )


def mp4_parts_so_far(path):
    data = path.read_bytes()
    return mp4.parts(data[: archive.whole_length(data)])


def test_a_file_is_a_source_only_from_the_configuration(oriel, tmp_path):
    clip = tmp_path / "clip.mp4"
    plain = media.clip("plain")
    subprocess.run(["ffmpeg", "-v", "error", "-r", "25", "-i", str(plain), "-c", "copy", str(clip)],
                   check=True, stdin=subprocess.DEVNULL)  # fmt: skip
    server = oriel(feeds=feed_toml("lake", f"file:{clip}"))
    server.wait_live("lake")
    server.add_user("warden", "operator", "a long enough word")
    session = server.login("warden", "a long enough word")
    wrong = (f"file:{clip}", str(clip), "concat:/etc/passwd", "pipe:0", "subfile,,:/etc/passwd")
    for source in wrong:
        body = {"id": "other", "name": {}, "site": None, "source": source, "sub_source": None,
                "record": True, "public": True, "public_audio": False, "delay_s": 0}  # fmt: skip
        answer = session.post(server.base + "/api/v1/desk/feeds", json=body, timeout=30)
        assert answer.status_code in (400, 403, 422), f"{source}: {answer.text}"


def test_what_is_no_stream_says_so_and_disturbs_nobody(oriel, start, web, blackhole):
    base, folder = web
    camera = start(cameras.StampedCameras(user="eye", password="right-word"))
    (folder / "page.html").write_text("<html><body>Welcome to your camera</body></html>")
    (folder / "nothing.ts").write_bytes(b"")
    (folder / "noise.ts").write_bytes(bytes(range(256)) * 400)
    (folder / "torn.m3u8").write_text("#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:")
    good = camera.url()
    wrong = {
        "unreachable": (f"rtsp://127.0.0.1:{free_port()}/x", {"link_down"}),
        "no-password": (good.replace("eye:right-word@", ""), {"refused"}),
        "wrong-password": (good.replace("right-word", "wrong-word"), {"refused"}),
        "no-such-path": (good.replace("cam0", "cam77"), {"refused"}),
        "web-page": (f"{base}/page.html", {"not_a_stream"}),
        "empty": (f"{base}/nothing.ts", {"not_a_stream"}),
        "noise": (f"{base}/noise.ts", {"not_a_stream", "faulty_picture"}),
        "torn-list": (f"{base}/torn.m3u8", {"not_a_stream", "silent", "link_down"}),
        "missing": (f"{base}/nowhere.ts", {"refused", "not_a_stream"}),
        "mute": (f"rtsp://127.0.0.1:{blackhole}/x", {"silent", "link_down"}),
    }
    feeds = feed_toml("good", good)
    feeds += "".join(feed_toml(name, url) for name, (url, _) in wrong.items())
    server = oriel(feeds=feeds)
    server.wait_live("good")
    seen = {}

    def all_told():
        for name, (_, reasons) in wrong.items():
            feed = server.feed(name)
            seen[name] = feed["state"], feed["reason"]
            if feed["state"] == "live" or feed["reason"] not in reasons:
                return False
        return True

    try:
        wait_until(all_told, 3 * ANSWERS_WITHIN_S, "a reason for each")
    except AssertionError as error:
        raise AssertionError(f"{error}; seen: {seen}") from error
    first = last_recorded_frame(server, "good")
    wait_until(lambda: last_recorded_frame(server, "good") > first + 50)
    (frames,) = archive.frames_of_feed(server.data / "archive", "good", strict=False).values()
    assert not stamps.missing(frames, frames[0], frames[-1]), "the good feed was disturbed"
    assert "right-word" not in server.output()


def test_a_stream_that_stops_in_the_middle_of_a_frame_loses_only_that(oriel, start, web):
    """A MPEG-TS over HTTP that ends somewhere: what came before is kept, and it is tried again."""
    _, folder = web
    whole = folder / "whole.ts"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-r", "25", "-i", str(media.clip("plain")), "-c", "copy",
         "-f", "mpegts", str(whole)], check=True, stdin=subprocess.DEVNULL)  # fmt: skip
    data = whole.read_bytes()
    torn = data[: len(data) * 2 // 3 - 77]
    step = len(data) // 100

    class Torn(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "video/mp2t")
            self.end_headers()
            # At a camera's pace: its ten seconds in hundred steps.
            for at in range(0, len(torn), step):
                self.wfile.write(torn[at : at + step])
                time.sleep(0.1)

        def log_message(self, *arguments):
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Torn) as peer:
        thread = threading.Thread(target=peer.serve_forever)
        thread.start()
        try:
            server = oriel(feeds=feed_toml("lake", f"http://127.0.0.1:{peer.server_port}/live.ts"))
            wait_until(lambda: len(archive.recordings(server.data / "archive", "lake")) >= 2, 60)
            assert server.stop() == 0
            first = archive.recordings(server.data / "archive", "lake")[0]
            assert archive.parts_of(first)
            assert pathlib.Path(first).stat().st_size > len(torn) // 3
        finally:
            peer.shutdown()
            thread.join()
