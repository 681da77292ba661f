"""ISO base media files, read strictly: a size that does not fit is an error.

A recording is one `ftyp` and `moov`, then parts: `prft`, `moof` with a `traf` per track, `mdat`.
"""

import dataclasses
import struct

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf", b"edts"}


@dataclasses.dataclass
class Box:
    kind: str
    start: int  # of the header, in the bytes given
    size: int  # header included
    body: int  # offset of what follows the header
    children: list

    @property
    def end(self):
        return self.start + self.size

    def find(self, *path):
        """The first box at this path below, or None."""
        box = self
        for kind in path:
            box = next((child for child in box.children if child.kind == kind), None)
            if box is None:
                return None
        return box

    def all(self, kind):
        return [child for child in self.children if child.kind == kind]


def boxes(data, begin=0, end=None):
    """All boxes of data[begin:end]. ValueError when they do not fill it exactly."""
    end = len(data) if end is None else end
    found = []
    while begin < end:
        if end - begin < 8:
            raise ValueError(f"{end - begin} bytes left over at {begin}")
        size, kind = struct.unpack_from(">I4s", data, begin)
        body = begin + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        elif size == 0:
            size = end - begin
        if size < body - begin or begin + size > end:
            raise ValueError(f"box {kind!r} at {begin} has size {size}, {end - begin} are left")
        children = boxes(data, body, begin + size) if kind in CONTAINERS else []
        found.append(Box(kind.decode("latin-1"), begin, size, body, children))
        begin += size
    return found


@dataclasses.dataclass
class Track:
    track_id: int
    timescale: int
    handler: str  # vide or soun


@dataclasses.dataclass
class Run:
    """What one part holds of one track."""

    track_id: int
    decode_time: int
    durations: list  # of its samples, in the track's timescale
    sizes: list
    first_is_sync: bool

    @property
    def duration(self):
        return sum(self.durations)


@dataclasses.dataclass
class Part:
    start: int  # of its first byte (prft, or moof)
    end: int  # behind its mdat
    sequence: int
    utc_ntp: int  # of its prft, 0 without one
    runs: list


def tracks(data):
    """The tracks of the moov in an initialisation segment or a whole file."""
    found = []
    for box in boxes(data):
        if box.kind != "moov":
            continue
        for trak in box.all("trak"):
            tkhd = trak.find("tkhd")
            mdhd = trak.find("mdia", "mdhd")
            hdlr = trak.find("mdia", "hdlr")
            track_id = _u32(data, tkhd.body + (20 if data[tkhd.body] == 1 else 12))
            timescale = _u32(data, mdhd.body + (20 if data[mdhd.body] == 1 else 12))
            handler = bytes(data[hdlr.body + 8 : hdlr.body + 12]).decode()
            found.append(Track(track_id, timescale, handler))
    return found


def defaults(data):
    """{track id: (duration, size, flags)} of the trex boxes."""
    found = {}
    for box in boxes(data):
        if box.kind == "moov" and box.find("mvex"):
            for trex in box.find("mvex").all("trex"):
                values = struct.unpack_from(">5I", data, trex.body + 4)
                found[values[0]] = values[2:5]
    return found


def parts(data, trex=None):
    """The parts of a file, or of the bytes of a segment (then `trex` is that of its init)."""
    trex = dict(trex or {})
    trex.update(defaults(data))
    found = []
    start = utc = None
    for box in boxes(data):
        if box.kind == "prft":
            start = box.start
            utc = struct.unpack_from(">Q", data, box.body + 8)[0]
        elif box.kind == "moof":
            if start is None:
                start = box.start
            sequence = _u32(data, box.find("mfhd").body + 4)
            runs = [_run(data, traf, trex) for traf in box.all("traf")]
            found.append(Part(start, box.end, sequence, utc or 0, runs))
            start = utc = None
        elif box.kind == "mdat" and found:
            found[-1].end = box.end
    return found


def _run(data, traf, trex):
    tfhd = traf.find("tfhd")
    flags = _u32(data, tfhd.body) & 0xFFFFFF
    track_id = _u32(data, tfhd.body + 4)
    duration, size, sample_flags = trex.get(track_id, (0, 0, 0))
    at = tfhd.body + 8
    at += 8 if flags & 0x01 else 0
    at += 4 if flags & 0x02 else 0
    if flags & 0x08:
        duration = _u32(data, at)
        at += 4
    if flags & 0x10:
        size = _u32(data, at)
        at += 4
    if flags & 0x20:
        sample_flags = _u32(data, at)
    tfdt = traf.find("tfdt")
    wide = data[tfdt.body] == 1
    decode_time = struct.unpack_from(">Q" if wide else ">I", data, tfdt.body + 4)[0]
    run = Run(track_id, decode_time, [], [], False)
    for trun in traf.all("trun"):
        _samples(data, trun, run, duration, size, sample_flags)
    return run


def _samples(data, trun, run, duration, size, sample_flags):
    flags = _u32(data, trun.body) & 0xFFFFFF
    count = _u32(data, trun.body + 4)
    at = trun.body + 8
    at += 4 if flags & 0x001 else 0
    first_flags = None
    if flags & 0x004:
        first_flags = _u32(data, at)
        at += 4
    for index in range(count):
        values = [duration, size, sample_flags]
        for place, bit in enumerate((0x100, 0x200, 0x400)):
            if flags & bit:
                values[place] = _u32(data, at)
                at += 4
        at += 4 if flags & 0x800 else 0
        if index == 0 and first_flags is not None:
            values[2] = first_flags
        if not run.durations:
            run.first_is_sync = not values[2] & 0x10000  # sample_is_non_sync_sample
        run.durations.append(values[0])
        run.sizes.append(values[1])


def _u32(data, at):
    return struct.unpack_from(">I", data, at)[0]
