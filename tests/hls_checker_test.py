"""The checker itself: it accepts a right playlist and sees each rule broken in a doctored one."""

import pytest

import hls_checker
from support.playlist import NotAPlaylist, parse_media, parse_multivariant

HEAD = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-PART-INF:PART-TARGET=0.333
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0,HOLD-BACK=12,CAN-SKIP-UNTIL=24
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:2
#EXT-X-MAP:URI="init-3.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T08:00:00.000Z
#EXTINF:4.000,
7.m4s
#EXTINF:4.000,
8.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T08:00:08.000Z
"""
PARTS = """#EXT-X-PART:URI="9.0.m4s",DURATION=0.333,INDEPENDENT=YES
#EXT-X-PART:URI="9.1.m4s",DURATION=0.320
#EXT-X-PART:URI="9.2.m4s",DURATION=0.200
"""
LIVE = (
    HEAD
    + PARTS
    + """#EXTINF:0.853,
9.m4s
#EXT-X-PART:URI="10.0.m4s",DURATION=0.333,INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="10.1.m4s"
"""
)
NEXT = LIVE.replace(
    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="10.1.m4s"',
    '#EXT-X-PART:URI="10.1.m4s",DURATION=0.333\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="10.2.m4s"',
)


def problems(text):
    return hls_checker.check_playlist(parse_media(text))


def test_a_right_playlist_passes():
    assert problems(LIVE) == []
    assert hls_checker.check_succession(parse_media(LIVE), parse_media(NEXT)) == []


@pytest.mark.parametrize(
    "old, new, rule",
    [
        ('9.1.m4s",DURATION=0.320', '9.1.m4s",DURATION=0.270', "85 %"),
        ('9.1.m4s",DURATION=0.320', '9.1.m4s",DURATION=0.350', "PART-TARGET is"),
        ("#EXTINF:4.000,\n8", "#EXTINF:4.500,\n8", "target duration is"),
        ("PART-HOLD-BACK=1.0", "PART-HOLD-BACK=0.9", "PART-HOLD-BACK"),
        ("HOLD-BACK=12", "HOLD-BACK=11", "HOLD-BACK 11"),
        ("CAN-SKIP-UNTIL=24", "CAN-SKIP-UNTIL=20", "CAN-SKIP-UNTIL"),
        ("CAN-BLOCK-RELOAD=YES,", "", "CAN-BLOCK-RELOAD"),
        ("#EXT-X-PART-INF:PART-TARGET=0.333\n", "", "EXT-X-PART-INF"),
        ('#EXT-X-MAP:URI="init-3.mp4"\n', "", "EXT-X-MAP"),
        ("T08:00:08.000Z", "T08:00:09.000Z", "begins"),
        ("#EXT-X-PROGRAM-DATE-TIME:2026-11-20T08:00:00.000Z\n", "", "PROGRAM-DATE-TIME"),
        ('URI="10.1.m4s"', 'URI="10.0.m4s"', "listed already"),
        ("#EXT-X-TARGETDURATION:4\n", "", "TARGETDURATION"),
        ('9.0.m4s",DURATION=0.333,INDEPENDENT=YES', '9.0.m4s",DURATION=0.333', "independent"),
        ("EXTINF:0.853", "EXTINF:1.200", "its parts"),
        ("#EXT-X-VERSION:9", "#EXT-X-VERSION:4", "EXT-X-VERSION"),
    ],
)
def test_a_broken_rule_is_seen(old, new, rule):
    assert old in LIVE
    found = problems(LIVE.replace(old, new))
    assert any(rule in text for text in found), found


@pytest.mark.parametrize(
    "old, new, rule",
    [
        ("MEDIA-SEQUENCE:7", "MEDIA-SEQUENCE:6", "media sequence fell"),
        ("DISCONTINUITY-SEQUENCE:2", "DISCONTINUITY-SEQUENCE:1", "discontinuity sequence fell"),
        ("TARGETDURATION:4", "TARGETDURATION:5", "target duration changed"),
        ("PART-TARGET=0.333", "PART-TARGET=0.34", "PART-TARGET changed"),
        ("8.m4s", "8b.m4s", "segment 8 changed"),
        ('URI="9.0.m4s"', 'URI="9.0b.m4s"', "part 9.0 changed"),
        ('PART:URI="10.1.m4s"', 'PART:URI="10.7.m4s"', "the hint was"),
        ("#EXTINF:4.000,\n7.m4s\n", "", "changed"),
        ("#EXTINF:4.000,\n8", "#EXT-X-DISCONTINUITY\n#EXTINF:4.000,\n8", "changed"),
    ],
)
def test_a_broken_succession_is_seen(old, new, rule):
    assert old in NEXT
    found = hls_checker.check_succession(parse_media(LIVE), parse_media(NEXT.replace(old, new)))
    assert any(rule in text for text in found), found


def test_a_removed_discontinuity_must_be_counted():
    before = LIVE.replace("#EXTINF:4.000,\n8", "#EXT-X-DISCONTINUITY\n#EXTINF:4.000,\n8")
    left = "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T08:00:00.000Z\n#EXTINF:4.000,\n7.m4s\n"
    right = before.replace(left, "").replace("MEDIA-SEQUENCE:7", "MEDIA-SEQUENCE:8")
    assert hls_checker.check_succession(parse_media(before), parse_media(right)) == []
    gone = right.replace("#EXT-X-DISCONTINUITY\n#EXTINF:4.000,\n8.m4s\n", "")
    gone = gone.replace("MEDIA-SEQUENCE:8", "MEDIA-SEQUENCE:9")
    assert hls_checker.check_succession(parse_media(right), parse_media(gone))
    counted = gone.replace("DISCONTINUITY-SEQUENCE:2", "DISCONTINUITY-SEQUENCE:3")
    assert hls_checker.check_succession(parse_media(right), parse_media(counted)) == []


def test_what_was_growing_when_the_server_died_may_come_back_otherwise():
    after = HEAD + (
        "#EXT-X-DISCONTINUITY\n"
        '#EXT-X-MAP:URI="init-4.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T08:01:00.000Z\n"
        '#EXT-X-PART:URI="x.m4s",DURATION=0.333,INDEPENDENT=YES\n'
    ).replace("#EXT-X-PROGRAM-DATE-TIME:2026-11-20T08:00:08.000Z\n", "")
    growing = HEAD + PARTS
    before, after = parse_media(growing), parse_media(after)
    assert hls_checker.check_succession(before, after)
    assert hls_checker.check_succession(before, after, restarted=True) == []


def full_and_delta(skipped):
    lines = [f"#EXTINF:4.000,\n{msn}.m4s\n" for msn in range(100, 112)]
    head = HEAD[: HEAD.index("#EXT-X-MAP")].replace("SEQUENCE:7", "SEQUENCE:100")
    start = '#EXT-X-MAP:URI="i.mp4"\n#EXT-X-PROGRAM-DATE-TIME:2026-11-20T08:00:00Z\n'
    full = head + start + "".join(lines)
    delta = head + f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n" + "".join(lines[skipped:])
    return parse_media(full), parse_media(delta)


def test_a_delta_update_is_the_full_playlist():
    assert hls_checker.check_delta(*full_and_delta(6)) == []


def test_a_delta_update_that_skips_too_much_or_the_wrong_is_seen():
    assert any("end are skipped" in text for text in hls_checker.check_delta(*full_and_delta(9)))
    full, delta = full_and_delta(6)
    delta.segments[0].uri = "other.m4s"
    assert hls_checker.check_delta(full, delta)
    full, delta = full_and_delta(6)
    delta.skipped = 20
    assert hls_checker.check_delta(full, delta)


@pytest.mark.parametrize(
    "text",
    [
        "", "<html>", "#EXTM3U\n#EXT-X-NONSENSE:1\n", "#EXTM3U\nsegment.m4s\n",
        '#EXTM3U\n#EXT-X-PART-INF:PART-TARGET="0.3\n', "#EXTM3U\n#EXTINF:4,\n",
        "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:yesterday\n",
    ],
)  # fmt: skip
def test_what_is_no_playlist_is_refused(text):
    with pytest.raises(NotAPlaylist):
        parse_media(text)


def test_a_multivariant_playlist_must_say_what_it_offers():
    right = (
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,"
        'CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=25.000\nmedia.m3u8\n'
    )
    assert hls_checker.check_multivariant(parse_multivariant(right)) == []
    for gone in ("BANDWIDTH=2000000,", 'CODECS="avc1.640028,mp4a.40.2",', "RESOLUTION=1280x720,"):
        assert hls_checker.check_multivariant(parse_multivariant(right.replace(gone, "", 1)))
    assert hls_checker.check_multivariant(
        parse_multivariant(right.replace("AGE-BANDWIDTH=1", "AGE-BANDWIDTH=9"))
    )


def test_the_codec_of_an_initialisation_segment_is_read():
    assert hls_checker.codec_of(b"....avcC\x01\x64\x00\x28\xff") == "avc1.640028"
