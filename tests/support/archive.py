"""What lies on a volume, read with our own eyes and not the program's."""

import pathlib
import re

from support import mp4, stamps


def recordings(volume, feed, rendition=""):
    """The files of a feed's main (or `rendition`: "sub") recordings, in the order of their ids."""
    suffix = f".{rendition}.mp4" if rendition else ".mp4"
    found = []
    for path in pathlib.Path(volume).glob(f"{feed}/*/*/*/*.mp4"):
        match = re.fullmatch(r"(\d+)" + re.escape(suffix), path.name)
        if match:
            found.append((int(match.group(1)), path))
    return [path for _, path in sorted(found)]


def parts_of(path):
    """The parts of a closed recording; ValueError when a byte is left over or a box is torn."""
    return mp4.parts(path.read_bytes())


def frames_of(path, strict=True):
    """The stamps in the whole parts of a recording. strict=False also reads a file that ends in a
    torn part, up to it."""
    data = path.read_bytes()
    if strict:
        held = mp4.parts(data)
    else:
        held = mp4.parts(data[: whole_length(data)])
    return [stamp for part in held for stamp in stamps.scan(data[part.start : part.end])]


def whole_length(data):
    """How far the bytes are whole boxes that end with a mdat (or the moov)."""
    at = good = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8 or at + size > len(data):
            break
        kind = data[at + 4 : at + 8]
        at += size
        if kind in (b"mdat", b"moov"):
            good = at
    return good


def frames_of_feed(volume, feed, strict=True):
    """{camera: frame numbers in the order of the files}"""
    found = {}
    for path in recordings(volume, feed):
        for stamp in frames_of(path, strict):
            found.setdefault(stamp.camera, []).append(stamp.frame)
    return found
