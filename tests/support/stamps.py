"""Frame stamps: which frames that a camera sent are in the bytes that were recorded.

A stamp is an H.264 SEI (user_data_unregistered) in every frame: 16 bytes of UUID, then 28 hex
digits: 4 camera, 8 frame number, 16 wall clock in microseconds. It survives any remux, and as
ASCII needs no emulation prevention.
"""

import dataclasses
import pathlib
import re

UUID = b"BENCHSTAMPv1-sei"
DIGITS = 28
WHOLE = re.compile(rb"[0-9a-f]{28}")


@dataclasses.dataclass(frozen=True)
class Stamp:
    camera: int
    frame: int
    us: int  # wall clock, microseconds since 1970


def make_nal(camera, frame, us):
    """The SEI NAL unit without a start code."""
    return b"\x06\x05\x2c" + UUID + b"%04x%08x%016x" % (camera, frame, us) + b"\x80"


def scan(data):
    """The stamps in `data`, in the order they lie."""
    found = []
    at = data.find(UUID)
    while at >= 0:
        digits = bytes(data[at + 16 : at + 16 + DIGITS])
        if WHOLE.fullmatch(digits):  # else cut short by the end of a torn file
            found.append(Stamp(int(digits[:4], 16), int(digits[4:12], 16), int(digits[12:], 16)))
        at = data.find(UUID, at + 16)
    return found


def scan_files(paths):
    """{camera: sorted frame numbers}, doubles kept."""
    frames = {}
    for path in paths:
        for stamp in scan(pathlib.Path(path).read_bytes()):
            frames.setdefault(stamp.camera, []).append(stamp.frame)
    return {camera: sorted(numbers) for camera, numbers in frames.items()}


def missing(frames, first, last):
    """The numbers of [first, last] that are not in `frames`."""
    return sorted(set(range(first, last + 1)) - set(frames))


def doubled(frames):
    seen = set()
    return sorted({number for number in frames if number in seen or seen.add(number)})
