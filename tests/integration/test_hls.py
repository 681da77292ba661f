"""LL-HLS against the strict checker and ffprobe, over the life of a server."""

import urllib.parse

import pytest

import hls_checker
from support import cameras, media
from support.playlist import parse_media, parse_multivariant
from support.program import feed_toml
from support.waiting import wait_until


def wait_listed(server, feed, segments, timeout_s=60):
    def listed():
        answer = server.get(f"/live/{feed}/media.m3u8")
        found = answer.ok and parse_media(answer.text)
        return found and len(found.complete_segments) >= segments and found

    return wait_until(listed, timeout_s, f"{segments} segments of {feed}")


@pytest.mark.parametrize("gop, name", [(25, "gop-1s"), (12, "gop-half"), (250, "gop-10s")])
def test_a_live_feed_keeps_every_rule(oriel, start, gop, name):
    camera = start(cameras.StampedCameras(clips=[media.clip(name, gop=gop, seconds=20)]))
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake", 40)
    wait_listed(server, "lake", 2)
    problems = hls_checker.check_live(server.base + "/live/lake/index.m3u8", 15)
    assert not problems, "\n".join(problems)


def test_sound_and_picture_keep_every_rule(oriel, start):
    camera = start(cameras.GstCamera("--codec", "h264", "--audio", "aac"))
    server = oriel(feeds=feed_toml("lake", camera.url(), public_audio=True))
    server.wait_live("lake", 40)
    wait_listed(server, "lake", 2)
    problems = hls_checker.check_live(server.base + "/live/lake/index.m3u8", 12)
    assert not problems, "\n".join(problems)


def test_the_playlist_goes_on_over_a_restart_and_a_crash(oriel, camera):
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    wait_listed(server, "lake", 2)
    follower = hls_checker.Follower(server.base + "/live/lake/media.m3u8")
    follower.follow(5)
    assert server.stop() == 0
    server.start()
    server.wait_live("lake")
    newest = follower.playlist.segments[-1].msn
    wait_until(lambda: follower.start().segments[-1].msn > newest)
    follower.follow(4)
    server.kill()
    server.start()
    server.wait_live("lake")
    newest = follower.playlist.segments[-1].msn
    wait_until(lambda: follower.start().segments[-1].msn > newest)
    follower.follow(4)
    assert not follower.problems, "\n".join(follower.problems)


def test_a_reload_that_waits_is_answered_when_the_camera_dies(oriel, start):
    camera = start(cameras.StampedCameras())
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    found = wait_listed(server, "lake", 1)
    camera.stop()
    follower = hls_checker.Follower(server.base + "/live/lake/media.m3u8")
    follower.start()
    for _ in range(12):  # parts on the way are told first
        if not follower.step():
            break
    # 503 within three target durations, or a playlist; never a hanging request.
    assert follower.waits_s[-1] <= 3 * found.target_duration + 2


def test_changed_parameters_are_a_discontinuity_with_a_map_of_their_own(oriel, start):
    clips = [media.clip("plain"), media.clip("big", width=640, height=360)]
    camera = start(cameras.StampedCameras(clips=clips, switch_after=25 * 14))
    server = oriel(feeds=feed_toml("lake", camera.url()))
    server.wait_live("lake")
    wait_listed(server, "lake", 1)
    follower = hls_checker.Follower(server.base + "/live/lake/media.m3u8")

    def changed():
        follower.follow(2)
        return len({segment.map_uri for segment in follower.playlist.complete_segments}) > 1

    wait_until(changed, 60, "the second initialisation segment")
    segments = follower.playlist.complete_segments
    for before, after in zip(segments, segments[1:]):
        if follower.init(before) != follower.init(after):
            assert after.discontinuity, f"segment {after.msn}"
    assert not follower.problems, "\n".join(follower.problems)


def test_the_past_plays_across_a_gap_and_a_change_of_size(oriel, start):
    clips = [media.clip("plain"), media.clip("big", width=640, height=360)]
    camera = start(cameras.StampedCameras(clips=clips[:1]))
    server = oriel(feeds=feed_toml("lake", camera.url()))
    first = server.wait_live("lake")["since"]
    wait_listed(server, "lake", 2)
    camera.stop()
    wait_until(lambda: server.feed("lake")["state"] != "live")
    other = cameras.StampedCameras(clips=clips[1:])
    other.command[other.command.index("--port") + 1] = str(camera.port)
    other.port = camera.port
    start(other)
    server.wait_live("lake", 30)
    wait_until(lambda: server.feed("lake")["renditions"][0]["tracks"][0]["width"] == 640)
    wait_until(lambda: len(wait_listed(server, "lake", 1).complete_segments) >= 4, 60)
    end = server.api("/about")["now"]
    query = urllib.parse.urlencode({"start": first, "end": end})
    answer = server.get(f"/playback/lake/index.m3u8?{query}")
    assert answer.ok, answer.text
    text = answer.text
    url = f"{server.base}/playback/lake/index.m3u8?{query}"
    if "#EXT-X-STREAM-INF" in text:
        master = parse_multivariant(text)
        url = urllib.parse.urljoin(url, master.variants[0].uri)
        text = server.session.get(url, timeout=30).text
    found = parse_media(text)
    assert found.ended
    problems = hls_checker.check_playlist(found)
    assert not problems, problems
    assert len({segment.map_uri for segment in found.segments}) >= 2
    assert any(segment.discontinuity for segment in found.segments)
    assert media.probe(url)["streams"]


def test_the_same_segment_has_one_url_live_and_past(oriel, camera):
    server = oriel(feeds=feed_toml("lake", camera.url()))
    since = server.wait_live("lake")["since"]
    live = wait_listed(server, "lake", 3)
    query = urllib.parse.urlencode({"start": since, "end": server.api("/about")["now"]})
    url = f"{server.base}/playback/lake/index.m3u8?{query}"
    answer = server.session.get(url, timeout=30)
    if "#EXT-X-STREAM-INF" in answer.text:
        url = urllib.parse.urljoin(url, parse_multivariant(answer.text).variants[0].uri)
        answer = server.session.get(url, timeout=30)
    past = parse_media(answer.text)

    def absolute(base, segments):
        return {urllib.parse.urljoin(base, segment.uri) for segment in segments}

    live_urls = absolute(server.base + "/live/lake/media.m3u8", live.complete_segments)
    past_urls = absolute(url, past.segments)
    assert live_urls & past_urls, (sorted(live_urls)[:2], sorted(past_urls)[:2])
