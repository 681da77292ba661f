"""HLS playlists as RFC 8216bis writes them, parsed strictly: what is not understood is an error."""

import dataclasses
import datetime
import re

ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
KNOWN = {
    "#EXTM3U", "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-PART-INF",
    "#EXT-X-SERVER-CONTROL", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE",
    "#EXT-X-DISCONTINUITY", "#EXT-X-MAP", "#EXT-X-PROGRAM-DATE-TIME", "#EXTINF", "#EXT-X-PART",
    "#EXT-X-PRELOAD-HINT", "#EXT-X-SKIP", "#EXT-X-GAP", "#EXT-X-ENDLIST", "#EXT-X-PLAYLIST-TYPE",
    "#EXT-X-RENDITION-REPORT", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-STREAM-INF", "#EXT-X-MEDIA",
    "#EXT-X-BYTERANGE", "#EXT-X-START", "#EXT-X-DATERANGE", "#EXT-X-DEFINE", "#EXT-X-BITRATE",
    "#EXT-X-I-FRAMES-ONLY",
}  # fmt: skip


class NotAPlaylist(ValueError):
    pass


@dataclasses.dataclass(frozen=True)
class Part:
    uri: str
    duration: float
    independent: bool = False
    gap: bool = False
    byterange: str = ""


@dataclasses.dataclass
class Segment:
    msn: int
    discontinuity_number: int
    map_uri: str
    map_byterange: str
    discontinuity: bool = False
    gap: bool = False
    time: datetime.datetime = None
    duration: float = None  # None while it is still growing
    uri: str = ""
    byterange: str = ""
    parts: list = dataclasses.field(default_factory=list)

    @property
    def complete(self):
        return self.duration is not None

    def identity(self):
        """What may never change once it was listed."""
        return (self.uri, self.byterange, self.duration, self.gap, self.discontinuity_number,
                self.map_uri, self.map_byterange)  # fmt: skip


@dataclasses.dataclass
class MediaPlaylist:
    version: int = 1
    target_duration: int = None
    part_target: float = None
    control: dict = dataclasses.field(default_factory=dict)
    media_sequence: int = 0
    discontinuity_sequence: int = 0
    independent_segments: bool = False
    playlist_type: str = ""
    ended: bool = False
    skipped: int = None
    hints: list = dataclasses.field(default_factory=list)  # of attribute dicts
    reports: list = dataclasses.field(default_factory=list)
    segments: list = dataclasses.field(default_factory=list)  # the growing one last
    doubles: list = dataclasses.field(default_factory=list)  # tags that may stand only once

    @property
    def complete_segments(self):
        return [segment for segment in self.segments if segment.complete]

    def find(self, msn):
        return next((segment for segment in self.segments if segment.msn == msn), None)

    def next_part(self):
        """(msn, part) that comes after all that is listed."""
        if not self.segments:
            return self.media_sequence, 0
        last = self.segments[-1]
        if last.complete:
            return last.msn + 1, 0
        return last.msn, len(last.parts)

    def span(self):
        return sum(s.duration if s.complete else sum(p.duration for p in s.parts)
                   for s in self.segments)  # fmt: skip


@dataclasses.dataclass
class Variant:
    uri: str
    attributes: dict


@dataclasses.dataclass
class Multivariant:
    version: int = 1
    independent_segments: bool = False
    variants: list = dataclasses.field(default_factory=list)
    media: list = dataclasses.field(default_factory=list)


def attributes(text):
    found = {}
    at = 0
    while at < len(text):
        match = ATTRIBUTE.match(text, at)
        if not match:
            raise NotAPlaylist(f"attribute list is wrong at {text[at : at + 40]!r}")
        name, value = match.groups()
        if name in found:
            raise NotAPlaylist(f"attribute {name} twice")
        found[name] = value[1:-1] if value.startswith('"') else value
        at = match.end()
    return found


def lines_of(text):
    if text.startswith("\ufeff"):
        raise NotAPlaylist("a byte order mark")
    lines = text.split("\n")
    if lines[0].rstrip("\r") != "#EXTM3U":
        raise NotAPlaylist(f"the first line is {lines[0]!r}, not #EXTM3U")
    for line in lines:
        line = line.rstrip("\r")
        if not line or (line.startswith("#") and not line.startswith("#EXT")):
            continue
        if line.startswith("#"):
            name, _, value = line.partition(":")
            if name not in KNOWN:
                raise NotAPlaylist(f"unknown tag {name}")
            yield name, value
        else:
            yield "", line


def time_of(text):
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    if not match:
        raise NotAPlaylist(f"PROGRAM-DATE-TIME {text!r} is not ISO 8601 with a zone")
    zone = match.group(3).replace("Z", "+00:00")
    fraction = (match.group(2) or ".0")[:7].ljust(7, "0")
    return datetime.datetime.fromisoformat(match.group(1) + fraction + zone)


class MediaParser:
    def __init__(self):
        self.playlist = MediaPlaylist()
        self.map = ("", "")
        self.msn = None
        self.discontinuities = 0
        self.current = None
        self.seen = set()

    def parse(self, text):
        for name, value in lines_of(text):
            if name in ("#EXT-X-TARGETDURATION", "#EXT-X-PART-INF", "#EXT-X-SERVER-CONTROL",
                        "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE",
                        "#EXT-X-VERSION", "#EXT-X-SKIP", "#EXT-X-ENDLIST"):  # fmt: skip
                if name in self.seen:
                    self.playlist.doubles.append(name)
                self.seen.add(name)
            self.line(name, value)
        if self.current is not None and (self.current.parts or self.current.complete):
            if self.current.complete:
                raise NotAPlaylist("EXTINF without a URI")
            self.playlist.segments.append(self.current)
        return self.playlist

    def line(self, name, value):
        playlist = self.playlist
        if name == "#EXT-X-VERSION":
            playlist.version = int(value)
        elif name == "#EXT-X-TARGETDURATION":
            playlist.target_duration = int(value)
        elif name == "#EXT-X-PART-INF":
            playlist.part_target = float(attributes(value)["PART-TARGET"])
        elif name == "#EXT-X-SERVER-CONTROL":
            playlist.control = attributes(value)
        elif name in ("#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE"):
            if self.current is not None or playlist.segments:
                raise NotAPlaylist(f"{name} after the first segment")
            if name == "#EXT-X-MEDIA-SEQUENCE":
                playlist.media_sequence = int(value)
            else:
                playlist.discontinuity_sequence = self.discontinuities = int(value)
        elif name == "#EXT-X-INDEPENDENT-SEGMENTS":
            playlist.independent_segments = True
        elif name == "#EXT-X-PLAYLIST-TYPE":
            playlist.playlist_type = value
        elif name == "#EXT-X-ENDLIST":
            playlist.ended = True
        elif name == "#EXT-X-SKIP":
            playlist.skipped = int(attributes(value)["SKIPPED-SEGMENTS"])
        elif name == "#EXT-X-PRELOAD-HINT":
            playlist.hints.append(attributes(value))
        elif name == "#EXT-X-RENDITION-REPORT":
            playlist.reports.append(attributes(value))
        else:
            self.segment_line(name, value)

    def segment(self):
        if self.current is None:
            if self.msn is None:
                self.msn = self.playlist.media_sequence + (self.playlist.skipped or 0)
            self.current = Segment(self.msn, self.discontinuities, *self.map)
            self.msn += 1
        return self.current

    def segment_line(self, name, value):
        if name == "#EXT-X-MAP":
            found = attributes(value)
            self.map = (found["URI"], found.get("BYTERANGE", ""))
            if self.current is not None:
                if self.current.parts:
                    raise NotAPlaylist("EXT-X-MAP between the parts of a segment")
                self.current.map_uri, self.current.map_byterange = self.map
        elif name == "#EXT-X-DISCONTINUITY":
            segment = self.segment()
            if segment.parts:
                raise NotAPlaylist("EXT-X-DISCONTINUITY between the parts of a segment")
            segment.discontinuity = True
            self.discontinuities += 1
            segment.discontinuity_number = self.discontinuities
        elif name == "#EXT-X-GAP":
            self.segment().gap = True
        elif name == "#EXT-X-PROGRAM-DATE-TIME":
            self.segment().time = time_of(value)
        elif name == "#EXT-X-BYTERANGE":
            self.segment().byterange = value
        elif name == "#EXTINF":
            self.segment().duration = float(value.split(",")[0])
        elif name == "#EXT-X-PART":
            found = attributes(value)
            segment = self.segment()
            if segment.complete:
                raise NotAPlaylist("EXT-X-PART between EXTINF and its URI")
            segment.parts.append(
                Part(found["URI"], float(found["DURATION"]), found.get("INDEPENDENT") == "YES",
                     found.get("GAP") == "YES", found.get("BYTERANGE", ""))
            )  # fmt: skip
        elif name == "":
            segment = self.segment()
            if not segment.complete:
                raise NotAPlaylist(f"URI {value} without EXTINF")
            segment.uri = value
            self.playlist.segments.append(segment)
            self.current = None


def parse_media(text):
    """NotAPlaylist (a ValueError) for what is not one."""
    try:
        return MediaParser().parse(text)
    except (KeyError, ValueError) as error:
        raise NotAPlaylist(str(error)) from error


def parse_multivariant(text):
    playlist = Multivariant()
    pending = None
    for name, value in lines_of(text):
        if name == "#EXT-X-VERSION":
            playlist.version = int(value)
        elif name == "#EXT-X-INDEPENDENT-SEGMENTS":
            playlist.independent_segments = True
        elif name == "#EXT-X-MEDIA":
            playlist.media.append(attributes(value))
        elif name == "#EXT-X-STREAM-INF":
            pending = attributes(value)
        elif name == "" and pending is not None:
            playlist.variants.append(Variant(value, pending))
            pending = None
        elif name == "":
            raise NotAPlaylist(f"URI {value} without EXT-X-STREAM-INF")
    if pending is not None:
        raise NotAPlaylist("EXT-X-STREAM-INF without a URI")
    return playlist
