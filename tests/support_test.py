"""The tests' own instruments, seen to notice what they are for."""

import pathlib

import pytest

from support import count_cases, media, mp4, stamped_camera, stamps

JUNIT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure/></testcase>
<testcase name="c"><skipped/></testcase><testcase name="d" status="notrun"/>
<testcase name="e"><error/></testcase></testsuite></testsuites>"""


@pytest.mark.parametrize(
    "text, counts",
    [
        ("TAP version 13\nok 1 - a\n# tests 3\n# pass 2\n# fail 1\n# skipped 0\n", (2, 1, 0)),
        ("ℹ tests 4\nℹ pass 3\nℹ fail 0\nℹ skipped 1\n", (3, 0, 1)),
        ("\x1b[2m      Tests \x1b[22m 1 failed | 5 passed (6)\n", (5, 1, 0)),
        ("ok boxes_fuzz (1000 inputs)\n# #0 abort\nnot ok names_fuzz\n", (1, 1, 0)),
        ("4 passed, 1 failed\n2 passed, 0 failed\n", (6, 1, 0)),
    ],
)
def test_counts_of_a_log(text, counts):
    assert count_cases.count_log(text) == counts


def test_counts_of_a_junit_file(tmp_path):
    path = tmp_path / "x.xml"
    path.write_text(JUNIT)
    assert count_cases.count("junit", 1, "", path) == (1, 2, 2)


def test_a_suite_that_dies_is_a_failure_however_it_counted(tmp_path):
    path = tmp_path / "x.xml"
    assert count_cases.count("junit", 139, "", path) == (0, 1, 0)
    path.write_text(JUNIT.replace("<failure/>", "").replace("<error/>", ""))
    assert count_cases.count("junit", 139, "", path)[1] == 1
    assert count_cases.count("one", 1, "", path) == (0, 1, 0)


def test_stamps_are_found_wherever_they_lie_and_a_torn_one_is_not():
    first, second = stamps.make_nal(3, 77, 1_790_000_000_000_000), stamps.make_nal(3, 79, 5)
    assert len(first) == 48
    data = b"\0\0\0\x30" + first + b"media" + second
    assert [(s.camera, s.frame) for s in stamps.scan(data)] == [(3, 77), (3, 79)]
    assert [s.frame for s in stamps.scan(data[:-10])] == [77]
    assert stamps.missing([77, 79], 77, 79) == [78]
    assert stamps.doubled([1, 2, 2, 3, 3, 3]) == [2, 3]


def test_boxes_that_do_not_fit_are_an_error():
    box = (16).to_bytes(4, "big") + b"free" + bytes(8)
    assert [b.kind for b in mp4.boxes(box + box)] == ["free", "free"]
    for wrong in (box + b"\0\0", box[:-1], (4).to_bytes(4, "big") + b"free", bytes(7)):
        with pytest.raises(ValueError):
            mp4.boxes(wrong)


def test_a_clip_becomes_frames_that_begin_with_a_key_frame():
    clip = media.clip("tiny", width=64, height=48, seconds=2, gop=12)
    frames = stamped_camera.access_units(pathlib.Path(clip).read_bytes())
    assert len(frames) == 50
    assert [i for i, (_, key) in enumerate(frames) if key] == [0, 12, 24, 36, 48]
    kinds = [unit[0] & 31 for unit in frames[0][0]]
    assert kinds[:2] == [7, 8] and kinds[-1] == 5


def test_a_large_unit_is_cut_into_fragments_that_make_it_again():
    unit = b"\x65" + bytes(range(256)) * 20
    packets = list(stamped_camera.rtp_packets([unit], 7, 9000, 1))
    assert all(len(packet) <= 12 + 1400 for packet in packets)
    assert [packet[1] & 0x80 for packet in packets] == [0] * (len(packets) - 1) + [0x80]
    payloads = [packet[12:] for packet in packets]
    assert payloads[0][1] & 0x80 and payloads[-1][1] & 0x40
    head = bytes((payloads[0][0] & 0x60 | payloads[0][1] & 31,))
    assert head + b"".join(payload[2:] for payload in payloads) == unit
