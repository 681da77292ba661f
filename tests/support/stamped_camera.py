"""Real-time RTSP cameras whose every frame carries a stamp (stamps.py), in one process.

    stamped_camera.py --port 8554 --media a.h264[,b.h264] [--cameras 4] [--fps 25]
                      [--user NAME --password WORD] [--switch-after FRAMES]

Serves rtsp://127.0.0.1:PORT/cam0 and so on over TCP (RFC 2326, RFC 6184). Media are Annex B files
that begin with a key frame; camera i plays file i modulo their number, over and over; with
--switch-after all of them go over to the second file after so many frames. Prints one JSON line
when it listens, and one for each connection that ended: the first and the last frame that was
written to it.
"""

import argparse
import asyncio
import base64
import itertools
import json
import pathlib
import re
import sys
import time

if __package__:
    from support import stamps
else:
    import stamps

RTP_PAYLOAD_BYTES = 1400
CLOCK_HZ = 90_000
QUEUE_BYTES_MAX = 8 << 20  # of a viewer who does not read; then frames are left out


def nal_units(data):
    return [unit.rstrip(b"\0") for unit in re.split(b"\0\0\0?\1", data) if unit]


def access_units(data):
    """[(units, is key frame)] of an Annex B stream without delimiters or SEI."""
    frames = []
    pending = []
    for unit in nal_units(data):
        kind = unit[0] & 31
        if kind in (6, 9):
            continue
        first_slice = kind in (1, 5) and unit[1] & 0x80  # first_mb_in_slice is 0
        if first_slice:
            frames.append([*pending, unit])
            pending = []
        elif kind in (1, 5):
            frames[-1].append(unit)
        else:
            pending.append(unit)
    return [(units, any(unit[0] & 31 == 5 for unit in units)) for units in frames]


def rtp_packets(units, sequence, timestamp, ssrc):
    """The RTP packets of one frame, single units or FU-A (RFC 6184 5.6, 5.8)."""
    payloads = []
    for unit in units:
        if len(unit) <= RTP_PAYLOAD_BYTES:
            payloads.append(unit)
            continue
        head, body = unit[0], unit[1:]
        step = RTP_PAYLOAD_BYTES - 2
        for at in range(0, len(body), step):
            mark = (0x80 if at == 0 else 0) | (0x40 if at + step >= len(body) else 0)
            payloads.append(bytes((head & 0x60 | 28, mark | head & 31)) + body[at : at + step])
    for index, payload in enumerate(payloads):
        last = 0x80 if index == len(payloads) - 1 else 0
        yield (
            bytes((0x80, last | 96))
            + ((sequence + index) & 0xFFFF).to_bytes(2, "big")
            + (timestamp & 0xFFFFFFFF).to_bytes(4, "big")
            + ssrc.to_bytes(4, "big")
            + payload
        )


class Viewer:
    def __init__(self, writer, channel):
        self.writer = writer
        self.channel = channel
        self.sequence = 0
        self.waits_for_key = True
        self.first = self.last = None
        self.next_report_s = 0.0

    def send(self, camera, units, key, frame, now_us):
        if self.writer.transport.get_write_buffer_size() > QUEUE_BYTES_MAX:
            self.waits_for_key = True
        if self.waits_for_key and not key:
            return
        self.waits_for_key = False
        timestamp = camera.timestamp(frame)
        out = bytearray()
        if now_us / 1e6 >= self.next_report_s:
            self.next_report_s = now_us / 1e6 + 5
            out += self.interleave(self.channel + 1, sender_report(now_us, timestamp, camera.ssrc))
        for packet in rtp_packets(units, self.sequence, timestamp, camera.ssrc):
            out += self.interleave(self.channel, packet)
            self.sequence += 1
        self.writer.write(bytes(out))
        self.first = frame if self.first is None else self.first
        self.last = frame

    @staticmethod
    def interleave(channel, packet):
        return b"$" + bytes((channel,)) + len(packet).to_bytes(2, "big") + packet


def sender_report(now_us, timestamp, ssrc):
    ntp = ((now_us // 1_000_000 + 2_208_988_800) << 32) | ((now_us % 1_000_000 << 32) // 1_000_000)
    return (
        b"\x80\xc8\x00\x06"
        + ssrc.to_bytes(4, "big")
        + ntp.to_bytes(8, "big")
        + (timestamp & 0xFFFFFFFF).to_bytes(4, "big")
        + bytes(8)
    )


def precision_time_stamp(now_us):
    """MISB ST 0604.6: an SEI unit with the locked time of the picture."""
    pairs = [now_us.to_bytes(8, "big")[at : at + 2] for at in (0, 2, 4, 6)]
    return b"\x06\x05\x1cMISPmicrosectime\x1f" + b"\xff".join(pairs) + b"\x80"


class Camera:
    def __init__(self, number, clips, fps, switch_after, ahead_us=0, precise=False):
        self.ahead_us = ahead_us  # its clock, against this computer's
        self.precise = precise
        self.number = number
        self.clips = clips  # of access units
        self.fps = fps
        self.switch_after = switch_after
        self.ssrc = 0x0C0FFEE0 + number
        self.viewers = set()

    def timestamp(self, frame):
        return 1_000_000 + frame * CLOCK_HZ // self.fps

    def frames(self):
        first = self.clips[self.number % len(self.clips)]
        if self.switch_after:
            for index in range(self.switch_after):
                yield self.clips[0][index % len(self.clips[0])]
            first = self.clips[1]
        yield from itertools.cycle(first)

    async def run(self):
        start = time.monotonic()
        for frame, (units, key) in enumerate(self.frames()):
            wait = start + frame / self.fps - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            now_us = time.time_ns() // 1000 + self.ahead_us
            stamp = stamps.make_nal(self.number, frame, now_us)
            at = next(i for i, unit in enumerate(units) if unit[0] & 31 in (1, 5))
            precise = [precision_time_stamp(now_us)] if self.precise else []
            stamped = [*units[:at], *precise, stamp, *units[at:]]
            for viewer in list(self.viewers):
                viewer.send(self, stamped, key, frame, now_us)

    def sdp(self):
        clip = self.clips[0 if self.switch_after else self.number % len(self.clips)]
        parameters = [unit for unit in clip[0][0] if unit[0] & 31 in (7, 8)]
        sets = ",".join(base64.b64encode(unit).decode() for unit in parameters)
        level = parameters[0][1:4].hex()
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=stamped\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
            f"a=fmtp:96 packetization-mode=1;profile-level-id={level};"
            f"sprop-parameter-sets={sets}\r\n"
            "a=control:trackID=0\r\n"
        )


class Server:
    def __init__(self, cameras, credentials):
        self.cameras = cameras
        self.credentials = credentials  # "name:word", or empty

    async def serve(self, reader, writer):
        viewer = camera = None
        try:
            while True:
                request = await self.read_request(reader)
                if request is None:
                    break
                method, url, headers = request
                match = re.search(r"/cam(\d+)", url)
                number = int(match.group(1)) if match else -1
                camera = self.cameras[number] if 0 <= number < len(self.cameras) else None
                status, extra, body = self.answer(method, url, headers, camera)
                if status == "200 OK" and method == "SETUP":
                    found = re.search(r"interleaved=(\d+)", headers.get("transport", ""))
                    viewer = Viewer(writer, int(found.group(1)) if found else 0)
                lines = [f"RTSP/1.0 {status}", f"CSeq: {headers.get('cseq', '0')}", *extra]
                if body:
                    lines.append(f"Content-Length: {len(body)}")
                writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
                await writer.drain()
                if status == "200 OK" and method == "PLAY" and viewer:
                    camera.viewers.add(viewer)
                if method == "TEARDOWN":
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the viewer went away: told below like any end
        finally:
            if viewer and camera:
                camera.viewers.discard(viewer)
                if viewer.first is not None:
                    tell(camera=camera.number, first=viewer.first, last=viewer.last)
            writer.close()

    def answer(self, method, url, headers, camera):
        if method == "OPTIONS":
            return "200 OK", ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"], ""
        if self.credentials:
            wanted = "Basic " + base64.b64encode(self.credentials.encode()).decode()
            if headers.get("authorization") != wanted:
                return "401 Unauthorized", ['WWW-Authenticate: Basic realm="camera"'], ""
        if camera is None:
            return "404 Not Found", [], ""
        if method == "DESCRIBE":
            extra = [f"Content-Base: {url}/", "Content-Type: application/sdp"]
            return "200 OK", extra, camera.sdp()
        if method == "SETUP":
            transport = headers.get("transport", "")
            if "TCP" not in transport:
                return "461 Unsupported Transport", [], ""
            return "200 OK", [f"Transport: {transport}", "Session: 1;timeout=60"], ""
        if method in ("PLAY", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN"):
            return "200 OK", ["Session: 1"], ""
        return "405 Method Not Allowed", [], ""

    @staticmethod
    async def read_request(reader):
        while True:
            first = await reader.readexactly(1)
            if first == b"$":  # RTCP of the viewer
                head = await reader.readexactly(3)
                await reader.readexactly(int.from_bytes(head[1:], "big"))
                continue
            text = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            start, *lines = text.strip().split("\r\n")
            headers = {}
            for line in lines:
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            if "content-length" in headers:
                await reader.readexactly(int(headers["content-length"]))
            words = start.split()
            return (words[0], words[1], headers) if len(words) == 3 else None


def tell(**values):
    print(json.dumps(values), flush=True)


async def run(options):
    clips = [access_units(pathlib.Path(path).read_bytes()) for path in options.media.split(",")]
    cameras = [
        Camera(
            number, clips, options.fps, options.switch_after, options.ahead_ms * 1000,
            options.precise,
        )  # fmt: skip
        for number in range(options.cameras)
    ]
    credentials = f"{options.user}:{options.password}" if options.user else ""
    server = Server(cameras, credentials)
    async with await asyncio.start_server(server.serve, "127.0.0.1", options.port):
        tell(listening=options.port)
        await asyncio.gather(*(camera.run() for camera in cameras))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--media", required=True)
    parser.add_argument("--cameras", type=int, default=1)
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--switch-after", type=int, default=0)
    parser.add_argument("--ahead-ms", type=int, default=0)
    parser.add_argument("--precise", action="store_true")
    try:
        asyncio.run(run(parser.parse_args()))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
