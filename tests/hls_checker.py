"""A strict checker of live LL-HLS after RFC 8216bis (draft 15; section numbers are its own).

As a program: hls_checker.py URL [--seconds 20] follows the multivariant or media playlist at URL
with blocking reloads, fetches what it lists, and prints each broken rule; exit status 1 when there
was one. As a module: `check_playlist`, `check_succession` and `check_delta` judge texts, `Follower`
a server. Stricter than the RFC where hls.js or a CDN would suffer: SHOULDs that concern Oriel are
rules here.
"""

import argparse
import datetime
import sys
import time
import urllib.parse

import requests

from support import mp4, playlist
from support.playlist import parse_media, parse_multivariant

ROUNDING_S = 0.002  # of decimal durations in a playlist
PART_MIN_RATIO = 0.85  # of PART-TARGET, 4.4.4.9
HOLD_BACK_MIN_TARGETS = 3  # 4.4.3.8
PART_HOLD_BACK_MIN_PARTS = 3  # 4.4.3.8: MUST be 2, SHOULD be 3
SKIP_MIN_TARGETS = 6  # 4.4.3.8
WINDOW_MIN_TARGETS = 3  # 6.2.2
TIME_DRIFT_S = 0.1  # of PROGRAM-DATE-TIME against the sum of durations
FAR_SEGMENTS = 3  # a request more than two segments ahead is refused, 6.2.5.2


def check_playlist(found):
    """The rules one media playlist breaks by itself, as texts."""
    return [*_check_head(found), *_check_segments(found), *_check_parts(found)]


def _check_head(found):
    for name in found.doubles:
        yield f"{name} stands twice"
    target = found.target_duration
    if target is None:
        yield "EXT-X-TARGETDURATION is missing (4.4.3.1)"
        return
    if found.segments and found.version < 6:
        yield f"EXT-X-VERSION {found.version}: EXT-X-MAP needs 6 (8)"
    if found.skipped is not None and found.version < 9:
        yield f"EXT-X-VERSION {found.version}: EXT-X-SKIP needs 9 (8)"
    control = found.control
    if "HOLD-BACK" in control and float(control["HOLD-BACK"]) < HOLD_BACK_MIN_TARGETS * target:
        yield f"HOLD-BACK {control['HOLD-BACK']} is below 3 target durations (4.4.3.8)"
    if "CAN-SKIP-UNTIL" in control:
        if float(control["CAN-SKIP-UNTIL"]) < SKIP_MIN_TARGETS * target:
            yield f"CAN-SKIP-UNTIL {control['CAN-SKIP-UNTIL']} is below 6 targets (4.4.3.8)"
    elif found.skipped is not None:
        yield "EXT-X-SKIP without CAN-SKIP-UNTIL (4.4.5.2)"
    if found.part_target is None:
        if any(segment.parts for segment in found.segments):
            yield "EXT-X-PART without EXT-X-PART-INF (4.4.3.7)"
        return
    if found.ended:
        return
    if control.get("CAN-BLOCK-RELOAD") != "YES":
        yield "CAN-BLOCK-RELOAD=YES is missing (4.4.3.8, B.1)"
    hold_back = control.get("PART-HOLD-BACK")
    if hold_back is None:
        yield "PART-HOLD-BACK is missing (4.4.3.8)"
    elif float(hold_back) + ROUNDING_S < PART_HOLD_BACK_MIN_PARTS * found.part_target:
        yield f"PART-HOLD-BACK {hold_back} is below 3 part targets (4.4.3.8)"


def _check_segments(found):
    expected = None  # when the next segment begins
    for segment in found.segments:
        name = f"segment {segment.msn}"
        if not segment.map_uri:
            yield f"{name} has no EXT-X-MAP before it (4.4.4.5)"
        if segment.complete:
            if found.target_duration is not None and (
                int(segment.duration + 0.5) > found.target_duration
            ):
                yield (
                    f"{name} lasts {segment.duration} s, target duration is"
                    f" {found.target_duration} (4.4.3.1)"
                )
            if segment.parts:
                total = sum(part.duration for part in segment.parts)
                if abs(total - segment.duration) > ROUNDING_S * (len(segment.parts) + 1):
                    yield f"{name} lasts {segment.duration} s, its parts {total:.3f} s (4.4.4.9)"
        if segment.gap and any(not part.gap for part in segment.parts):
            yield f"{name} is a gap, a part of it is not (4.4.4.7)"
        expected, problem = _check_time(expected, segment)
        if problem:
            yield problem
    if found.segments and found.segments[0].time is None and found.skipped is None:
        yield "the first segment has no EXT-X-PROGRAM-DATE-TIME (4.4.4.6)"


def _check_time(expected, segment):
    """(when the segment after this one begins, what is wrong or None)"""
    begin, problem = expected, None
    if segment.time is not None:
        begin = segment.time
        off_s = (begin - expected).total_seconds() if expected else 0
        # Behind a discontinuity time may have passed, but not backwards.
        if off_s < -TIME_DRIFT_S or (off_s > TIME_DRIFT_S and not segment.discontinuity):
            problem = f"segment {segment.msn} begins {off_s:+.3f} s from where it should (4.4.4.6)"
    elif segment.discontinuity:
        begin = None
    if begin is None or not segment.complete:
        return None, problem
    return begin + datetime.timedelta(seconds=segment.duration), problem


def _check_parts(found):
    if found.part_target is None:
        return
    target = found.part_target
    for segment in found.segments:
        for index, part in enumerate(segment.parts):
            name = f"part {segment.msn}.{index}"
            if part.duration > target + ROUNDING_S / 2:
                yield f"{name} lasts {part.duration} s, PART-TARGET is {target} (4.4.3.7)"
            # Which part of a growing segment is its last is known when the next one is there.
            last = index == len(segment.parts) - 1
            if part.duration < PART_MIN_RATIO * target - ROUNDING_S / 2 and not (last or part.gap):
                yield f"{name} lasts {part.duration} s, less than 85 % of {target} (4.4.4.9)"
        if segment.parts and not segment.gap and found.independent_segments:
            if not segment.parts[0].independent:
                yield f"segment {segment.msn} does not begin with an independent part (4.4.2.1)"
    if found.ended:
        if found.hints:
            yield "EXT-X-PRELOAD-HINT in an ended playlist (4.4.5.3)"
        return
    kinds = [hint.get("TYPE") for hint in found.hints]
    if len(kinds) != len(set(kinds)):
        yield "two EXT-X-PRELOAD-HINT of one type (4.4.5.3)"
    for hint in found.hints:
        if hint.get("TYPE") not in ("PART", "MAP"):
            yield f"EXT-X-PRELOAD-HINT of type {hint.get('TYPE')} (4.4.5.3)"
        if hint.get("TYPE") == "PART" and any(
            part.uri == hint["URI"] and not part.byterange
            for segment in found.segments
            for part in segment.parts
        ):
            yield f"EXT-X-PRELOAD-HINT names {hint['URI']}, which is listed already (4.4.5.3)"
    target_s = found.target_duration
    far = 0.0
    for segment in reversed(found.segments):
        if segment.complete:
            if segment.parts and target_s and far > (WINDOW_MIN_TARGETS + 1) * target_s:
                yield f"segment {segment.msn} still lists parts, {far:.1f} s from the end (4.4.4.9)"
                break
            far += segment.duration


def check_succession(before, after, restarted=False):
    """The rules broken between two loads of one live playlist, `before` expanded when it was a
    delta; `restarted`: the server died in between."""
    return list(_succession(before, after, restarted))


def _succession(before, after, restarted):
    if after.media_sequence < before.media_sequence:
        yield f"media sequence fell from {before.media_sequence} to {after.media_sequence} (6.2.1)"
    if after.discontinuity_sequence < before.discontinuity_sequence:
        yield "discontinuity sequence fell (6.2.1)"
    if after.target_duration != before.target_duration:
        yield (
            f"target duration changed from {before.target_duration} to"
            f" {after.target_duration} (4.4.3.1)"
        )
    if after.part_target != before.part_target:
        yield f"PART-TARGET changed from {before.part_target} to {after.part_target} (4.4.3.7)"
    if before.segments and after.segments and after.segments[-1].msn < before.segments[-1].msn:
        if not restarted:
            yield "the newest segment was taken back (6.2.1)"
    for old in before.segments:
        new = after.find(old.msn)
        if new is None:
            # What was still growing when the server died may come back as something else.
            if after.media_sequence <= old.msn and not restarted:
                yield f"segment {old.msn} was removed from the middle (6.2.1)"
            continue
        if old.complete and old.identity() != new.identity():
            yield f"segment {old.msn} changed: {old.identity()} became {new.identity()} (6.2.1)"
        if not (restarted and not old.complete):
            for index, (a, b) in enumerate(zip(old.parts, new.parts)):
                if a != b:
                    yield f"part {old.msn}.{index} changed: {a} became {b} (4.4.4.9)"
            if new.parts and len(new.parts) < len(old.parts):
                yield f"segment {old.msn} lost parts (4.4.4.9)"
    yield from _discontinuities(before, after)
    if not restarted:
        yield from _hint_kept(before, after)


def _discontinuities(before, after):
    """EXT-X-DISCONTINUITY-SEQUENCE rises by the tags that left (6.2.2): the numbers of segments
    that stand in both are the same."""
    for old in before.segments:
        new = after.find(old.msn)
        if new and old.complete and new.discontinuity_number != old.discontinuity_number:
            yield (
                f"discontinuity number of segment {old.msn} went from {old.discontinuity_number}"
                f" to {new.discontinuity_number} (6.2.2)"
            )
            return


def _hint_kept(before, after):
    hint = next((hint for hint in before.hints if hint.get("TYPE") == "PART"), None)
    if hint is None:
        return
    msn, index = before.next_part()
    for wanted_msn, wanted in ((msn, index), (msn + 1, 0)):
        segment = after.find(wanted_msn)
        if segment is None:
            continue
        if len(segment.parts) > wanted:
            if segment.parts[wanted].uri != hint["URI"] and not segment.discontinuity:
                yield (
                    f"the hint was {hint['URI']}, part {wanted_msn}.{wanted} is"
                    f" {segment.parts[wanted].uri} (4.4.5.3)"
                )
            return
        if not segment.complete:
            return


def expand_delta(full, delta):
    """The playlist that `delta` stands for, given an earlier full one; ValueError when it cannot be
    put together (6.2.5.1)."""
    if delta.skipped is None:
        return delta
    first = delta.media_sequence
    kept = [full.find(msn) for msn in range(first, first + delta.skipped)]
    if any(segment is None for segment in kept):
        raise ValueError(f"{delta.skipped} segments from {first} are skipped, not all were known")
    segments = kept + delta.segments
    shift = kept[-1].discontinuity_number - delta.discontinuity_sequence if kept else 0
    for segment in delta.segments:
        segment.discontinuity_number += shift
        if kept and not segment.map_uri:
            segment.map_uri, segment.map_byterange = kept[-1].map_uri, kept[-1].map_byterange
    delta.segments = segments
    return delta


def check_delta(full, delta):
    """Whether `delta`, loaded right after `full`, is the same with its old segments left out."""
    if delta.skipped is None:
        return ["a delta update was asked for and a full playlist came (6.2.5.1)"]
    problems = []
    if "CAN-SKIP-UNTIL" not in full.control:
        problems.append("EXT-X-SKIP without CAN-SKIP-UNTIL (4.4.5.2)")
        return problems
    boundary = float(full.control["CAN-SKIP-UNTIL"])
    last_kept = sum(
        s.duration if s.complete else sum(p.duration for p in s.parts) for s in delta.segments
    )
    # A skipped segment begins further from the end than the skip boundary.
    if delta.skipped and last_kept + ROUNDING_S * len(delta.segments) < boundary - max(
        (s.duration or 0 for s in full.segments), default=0
    ):
        problems.append(f"segments within {boundary} s of the end are skipped (6.2.5.1)")
    try:
        expanded = expand_delta(full, delta)
    except ValueError as error:
        return [*problems, str(error)]
    return problems + check_succession(full, expanded)


def check_multivariant(found):
    """The rules a multivariant playlist breaks by itself."""
    problems = []
    if not found.variants:
        problems.append("no EXT-X-STREAM-INF")
    for variant in found.variants:
        for name in ("BANDWIDTH", "CODECS"):
            if name not in variant.attributes:
                problems.append(f"{variant.uri}: {name} is missing (4.4.6.2)")
        codecs = variant.attributes.get("CODECS", "")
        video = any(c.startswith(("avc", "hvc", "hev", "av01", "vp09")) for c in codecs.split(","))
        for name in ("RESOLUTION", "FRAME-RATE"):
            if video and name not in variant.attributes:
                problems.append(f"{variant.uri}: {name} is missing (4.4.6.2)")
        if int(variant.attributes.get("AVERAGE-BANDWIDTH", 0)) > int(
            variant.attributes.get("BANDWIDTH", 0)
        ):
            problems.append(f"{variant.uri}: AVERAGE-BANDWIDTH exceeds BANDWIDTH (4.4.6.2)")
    return problems


def codec_of(init):
    """The avc1 entry of CODECS that the avcC of an initialisation segment means (RFC 6381)."""
    at = init.find(b"avcC")
    return "avc1." + init[at + 5 : at + 8].hex() if at > 0 else None


class Follower:
    """Follows one live media playlist of a server and gathers what it breaks."""

    def __init__(self, url, headers=None):
        self.url = url
        self.session = requests.Session()
        self.session.headers.update(headers or {})
        self.problems = []
        self.playlist = None
        self.inits = {}
        self.waits_s = []  # how long each blocking reload took
        self.segment_rates = []  # (duration, bytes)
        self.segments_compared = 0

    def problem(self, text):
        if text not in self.problems:
            self.problems.append(text)

    def load(self, **query):
        """(status, playlist or None, seconds)"""
        begin = time.monotonic()
        query = {f"_HLS_{name}": value for name, value in query.items()}
        answer = self.session.get(self.url, params=query, timeout=60)
        took = time.monotonic() - begin
        if answer.status_code != 200:
            return answer.status_code, None, took
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if kind not in ("application/vnd.apple.mpegurl", "audio/mpegurl"):
            self.problem(f"Content-Type of a playlist is {kind!r} (4)")
        try:
            return 200, parse_media(answer.text), took
        except playlist.NotAPlaylist as error:
            self.problem(str(error))
            raise

    def fetch(self, uri, byterange=""):
        headers = {}
        if byterange:
            length, _, offset = byterange.partition("@")
            begin = int(offset or 0)
            headers["Range"] = f"bytes={begin}-{begin + int(length) - 1}"
        url = urllib.parse.urljoin(self.url, uri)
        answer = self.session.get(url, headers=headers, timeout=60)
        if answer.status_code != (206 if byterange else 200):
            self.problem(f"{uri}: status {answer.status_code}")
            return b""
        if byterange and len(answer.content) != int(byterange.partition("@")[0]):
            self.problem(f"{uri}: {len(answer.content)} bytes for the range {byterange}")
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if kind not in ("video/mp4", "audio/mp4", "video/iso.segment", "audio/iso.segment"):
            self.problem(f"{uri}: Content-Type is {kind!r}")
        return answer.content

    def init(self, segment):
        key = segment.map_uri, segment.map_byterange
        if key not in self.inits:
            self.inits[key] = self.fetch(segment.map_uri, segment.map_byterange)
        return self.inits[key]

    def start(self):
        status, found, _ = self.load()
        if status != 200:
            self.problem(f"{self.url}: status {status}")
            raise AssertionError(f"{self.url}: status {status}")
        for text in check_playlist(found):
            self.problem(text)
        if self.playlist is not None:
            for text in check_succession(self.playlist, found, restarted=True):
                self.problem(text)
        self.playlist = found
        return found

    def step(self):
        """One blocking reload for the next part; True when something came."""
        msn, part = self.playlist.next_part()
        status, found, took = self.load(msn=msn, part=part)
        self.waits_s.append(took)
        bound = 3 * self.playlist.target_duration
        if took > bound + 1:
            self.problem(f"a blocking reload took {took:.1f} s, the bound is {bound} s (6.2.5.2)")
        if status == 503:
            return False
        if found is None:
            self.problem(f"_HLS_msn={msn}&_HLS_part={part}: status {status} (6.2.5.2)")
            return False
        for text in [*check_playlist(found), *check_succession(self.playlist, found)]:
            self.problem(text)
        if found.next_part() <= (msn, part) and not found.ended:
            self.problem(
                f"asked for part {msn}.{part}, answered a playlist before it (6.2.5.2)"
            )
            time.sleep(0.05)
        self.playlist = found
        return True

    def follow(self, seconds, fetch=True):
        if self.playlist is None:
            self.start()
        end = time.monotonic() + seconds
        done = {segment.msn for segment in self.playlist.complete_segments}
        while time.monotonic() < end:
            self.step()
            if not fetch:
                continue
            for segment in self.playlist.complete_segments:
                if segment.msn not in done and not segment.gap:
                    done.add(segment.msn)
                    self.compare(segment)
        return self

    def compare(self, segment):
        """A segment's bytes are its parts in order, and they hold what the playlist says."""
        whole = self.fetch(segment.uri, segment.byterange)
        self.segment_rates.append((segment.duration, len(whole)))
        if not segment.parts:
            return
        pieces = [self.fetch(part.uri, part.byterange) for part in segment.parts]
        if b"".join(pieces) != whole:
            self.problem(f"segment {segment.msn} is not its parts put together (4.4.4.9)")
            return
        self.segments_compared += 1
        init = self.init(segment)
        tracks = {track.track_id: track for track in mp4.tracks(init)}
        trex = mp4.defaults(init)
        ends = {}
        for index, (part, piece) in enumerate(zip(segment.parts, pieces)):
            name = f"part {segment.msn}.{index}"
            try:
                held = mp4.parts(piece, trex)
            except ValueError as error:
                self.problem(f"{name} is no whole media: {error}")
                return
            for run in (run for one in held for run in one.runs):
                track = tracks.get(run.track_id)
                if track is None:
                    self.problem(f"{name} has track {run.track_id}, the init does not (3.1.2)")
                    return
                expected = ends.get(run.track_id, run.decode_time)
                if run.decode_time != expected:
                    self.problem(f"{name}: track {run.track_id} jumps by"
                                 f" {run.decode_time - expected} ticks (3)")  # fmt: skip
                ends[run.track_id] = run.decode_time + run.duration
            self.check_part(name, part, held, tracks)

    def check_part(self, name, part, held, tracks):
        video = [run for one in held for run in one.runs
                 if tracks[run.track_id].handler == "vide"]  # fmt: skip
        if not video:
            return
        lasts = sum(run.duration / tracks[run.track_id].timescale for run in video)
        if abs(lasts - part.duration) > 0.011:
            self.problem(f"{name} is listed with {part.duration} s and holds {lasts:.3f} s")
        if part.independent and not video[0].first_is_sync:
            self.problem(f"{name} is marked independent and begins with no key frame (4.4.4.9)")

    def check_requests(self):
        """The requests a server must refuse, and the delta update."""
        self.start()
        msn, _ = self.playlist.next_part()
        for query, why in (
            ({"msn": msn + FAR_SEGMENTS + 100}, "a sequence number far ahead"),
            ({"part": 0}, "_HLS_part without _HLS_msn"),
            ({"msn": "x"}, "a sequence number that is no number"),
        ):
            status, _, _ = self.load(**query)
            if status != 400:
                self.problem(f"{why}: status {status} instead of 400 (6.2.5.2)")
        if self.playlist.control.get("CAN-SKIP-UNTIL"):
            boundary = float(self.playlist.control["CAN-SKIP-UNTIL"])
            _, full, _ = self.load()
            _, delta, _ = self.load(skip="YES")
            if full.span() > boundary + 2 * full.target_duration:
                for text in check_delta(full, delta):
                    self.problem(text)
                return delta
        return None

    def peak_bits_per_second(self):
        """The highest rate over contiguous segments of 0.5 to 1.5 target durations (4.4.6.2)."""
        target = self.playlist.target_duration
        peak = 0
        for first in range(len(self.segment_rates)):
            duration = size = 0
            for seconds, count in self.segment_rates[first:]:
                duration += seconds
                size += count
                if duration > 1.5 * target:
                    break
                if duration >= 0.5 * target:
                    peak = max(peak, size * 8 / duration)
        return peak


def check_live(url, seconds, headers=None):
    """Follows all variants of a multivariant playlist, one after the other; the problems."""
    session = requests.Session()
    session.headers.update(headers or {})
    answer = session.get(url, timeout=60)
    answer.raise_for_status()
    if "#EXT-X-STREAM-INF" not in answer.text:
        follower = Follower(url, headers)
        follower.check_requests()
        return follower.follow(seconds).problems
    master = parse_multivariant(answer.text)
    problems = check_multivariant(master)
    for variant in master.variants:
        follower = Follower(urllib.parse.urljoin(url, variant.uri), headers)
        follower.check_requests()
        follower.follow(seconds / len(master.variants))
        problems += [f"{variant.uri}: {text}" for text in follower.problems]
        peak = follower.peak_bits_per_second()
        if peak > int(variant.attributes.get("BANDWIDTH", 0)):
            problems.append(
                f"{variant.uri}: BANDWIDTH {variant.attributes['BANDWIDTH']}, measured {peak:.0f}"
            )
        for init in follower.inits.values():
            codec = codec_of(init)
            if codec and codec not in variant.attributes.get("CODECS", "").lower():
                problems.append(f"{variant.uri}: CODECS does not name {codec} (4.4.6.2)")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    problems = check_live(options.url, options.seconds)
    for text in problems:
        print(text)
    print(f"{len(problems)} rules broken")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
