#!/usr/bin/python3
"""Question: what does a delivered Gbit cost, and does anyone stall?

Ten cameras live in Oriel. Thousands of HLS viewers, on Oriel and, turn and turn about, on nginx
serving the same segments from files; then LL-HLS viewers, then viewers of the part socket. Goal: at
most 1.2 times nginx at 500, 1,000 and 2,000 viewers; 2,000 LL-HLS and 2,000 socket viewers on one
core without a stall. What Oriel needs with no viewer (taking in, recording) is taken off.
"""

import argparse
import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse

import cameras as camera_bench
import measure
import requests
from support.playlist import parse_media
from support.ports import free_port
from support.program import Oriel, feed_toml
from support.waiting import wait_until

DELIVERS = ("http-", "offload-")


class Mirror(threading.Thread):
    """Keeps a plain HLS copy of live playlists as files, as a packager for nginx would."""

    def __init__(self, base, feeds, folder):
        super().__init__(name="mirror")
        self.base = base
        self.feeds = feeds
        self.folder = folder
        self.ending = threading.Event()
        # Oriel's own turn: it must not pay for what the mirror fetches.
        self.resting = threading.Event()
        self.session = requests.Session()

    def run(self):
        while not self.ending.wait(0.7):
            for feed in self.feeds:
                if not self.resting.is_set():
                    self.copy(feed)

    def copy(self, feed):
        place = self.folder / feed
        place.mkdir(parents=True, exist_ok=True)
        url = f"{self.base}/live/{feed}/media.m3u8"
        found = parse_media(self.session.get(url, timeout=20).text)
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{found.target_duration}",
                 f"#EXT-X-MEDIA-SEQUENCE:{found.media_sequence}"]  # fmt: skip
        kept, init = set(), None
        for segment in found.complete_segments:
            if segment.map_uri != init:
                init = segment.map_uri
                lines.append(f'#EXT-X-MAP:URI="{self.file(url, init, place, kept)}"')
            name = self.file(url, segment.uri, place, kept)
            lines += [f"#EXTINF:{segment.duration:.3f},", name]
        part = place / "index.part"
        part.write_text("\n".join(lines) + "\n")
        part.rename(place / "index.m3u8")
        for path in place.iterdir():
            if path.suffix in (".m4s", ".mp4") and path.name not in kept:
                # A viewer may still be behind: kept for a while, as every packager does.
                if time.time() - path.stat().st_mtime > 120:
                    path.unlink()

    def file(self, base, uri, place, kept):
        name = "-".join(uri.split("/")[-2:])
        kept.add(name)
        if not (place / name).exists():
            content = self.session.get(urllib.parse.urljoin(base, uri), timeout=20).content
            (place / "new").write_bytes(content)
            (place / "new").rename(place / name)
        return name

    def stop(self):
        self.ending.set()
        self.join()


def nginx(folder, port):
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    conf = folder / "nginx.conf"
    conf.write_text(
        f"user root;\nworker_processes 1;\ndaemon off;\npid {folder}/nginx.pid;\n"
        f"error_log {folder}/logs/error.log warn;\nworker_rlimit_nofile 65536;\n"
        "events { worker_connections 20000; }\nhttp {\n access_log off; sendfile on;\n"
        " tcp_nopush on; keepalive_requests 1000000;\n"
        " types { application/vnd.apple.mpegurl m3u8; video/mp4 mp4 m4s; }\n"
        f" server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/root; }}\n}}\n"
    )
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    return measure.Running([program, "-p", folder, "-c", conf], folder / "nginx.log")


def load(command, pid, threads=("",)):
    """Runs a loader to its end; (its last line, the CPU-s of the server's threads of these names
    between its marks, seconds)."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    before = after = None
    found = {}
    for line in process.stdout:
        mark = json.loads(line)
        if mark["mark"] == "begin":
            before = time.monotonic(), measure.thread_cpu_s([pid], threads)
        else:
            after = time.monotonic(), measure.thread_cpu_s([pid], threads)
            found = mark
    process.wait()
    if before is None or after is None:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return found, after[1] - before[1], after[0] - before[0]


def hls(url, cameras, viewers, options, low_latency=False):
    return [measure.harness("hlsload"), "--url", url, "--cams", cameras, "--viewers", viewers,
            "--secs", options.seconds, "--ramp", options.ramp, "--warm", options.warm, "--sample",
            64, "--ll", int(low_latency)]  # fmt: skip


def viewing_row(name, viewers, readings):
    """readings: [(found, cpu_s, seconds)] of the rounds."""
    costs = []
    for found, cpu_s, _ in readings:
        gbit = found["bytes"] * 8 / 1e9
        costs.append(cpu_s / gbit if gbit else float("nan"))
    last = [found for found, *_ in readings]
    return [
        name, viewers, measure.median([one["bytes"] * 8 / 1e9 / s for one, _, s in readings]),
        measure.median(costs), max(costs),
        sum(one.get("stalled_viewers", 0) for one in last),
        sum(sum(one["errors"].values()) for one in last),
        max(one["segment_ms"][2] for one in last if "segment_ms" in one),
    ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cameras", type=int, default=10)
    parser.add_argument("--viewers", default="500,1000,2000")
    parser.add_argument("--seconds", type=int, default=12)
    parser.add_argument("--ramp", type=int, default=4)
    parser.add_argument("--warm", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip", default="", help="hls, llhls or socket, with commas")
    options = parser.parse_args()
    skip = set(options.skip.split(","))
    counts = [int(word) for word in options.viewers.split(",")]
    place = measure.where()
    port = free_port()
    folder = measure.WORK / "delivery"
    shutil.rmtree(folder, ignore_errors=True)
    feeds = [f"cam{i}" for i in range(options.cameras)]
    rows, ratios = [], []
    with camera_bench.farm(port, options.cameras):
        measure.wait_for_port(port)
        text = "".join(feed_toml(feed, f"rtsp://127.0.0.1:{port}/{feed}") for feed in feeds)
        server = Oriel(folder, feeds=text).start()
        try:
            wait_until(lambda: all(segments(server, feed) >= 6 for feed in feeds), 120)
            pid = server.process.pid
            if "hls" not in skip:
                rows, ratios = against_nginx(options, counts, server, feeds, folder)
            if "llhls" not in skip:
                url = server.base + "/live/cam{i}/media.m3u8"
                for viewers in counts:
                    reading = load(hls(url, options.cameras, viewers, options, True), pid, DELIVERS)
                    rows.append(viewing_row("oriel, LL-HLS", viewers, [reading]))
            if "socket" not in skip:
                program = measure.compiled(measure.ROOT / "bench" / "socket_load.cpp")
                for viewers in counts:
                    reading = load([program, server.port, options.cameras, viewers, options.ramp
                                    + options.warm, options.seconds], pid, DELIVERS)  # fmt: skip
                    rows.append(viewing_row("oriel, socket", viewers, [reading]))
        finally:
            server.stop()
    measure.report(
        f"Delivery of {options.cameras} cameras, {options.rounds} rounds of {options.seconds} s",
        ["who", "viewers", "Gbit/s", "CPU-s/Gbit median", "most", "stalled viewers", "errors",
         "p99 ms"],
        rows, place,
    )  # fmt: skip
    for viewers, disk, memory in ratios:
        print(f"{viewers} viewers: {disk:.2f} x nginx on the same segments on disk, "
              f"{memory:.2f} x in memory")  # fmt: skip


def segments(server, feed):
    answer = server.get(f"/live/{feed}/media.m3u8")
    return len(parse_media(answer.text).complete_segments) if answer.ok else 0


@contextlib.contextmanager
def static_copy(server, feeds, folder):
    """An nginx that serves a copy of the live playlists from files in `folder`; (its pid, its port,
    the mirror that feeds it)."""
    mirror = Mirror(server.base, feeds, folder / "root")
    mirror.start()
    try:
        port = free_port()
        with nginx(folder, port) as peer:
            lists = [folder / "root" / feed / "index.m3u8" for feed in feeds]
            wait_until(lambda: all(path.exists() for path in lists))
            yield peer.pid, port, mirror
    finally:
        mirror.stop()


def against_nginx(options, counts, server, feeds, folder):
    """Rows of Oriel and both nginx a number of viewers, and (viewers, ratio, ratio)."""
    rows, ratios = [], []
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm") as memory,
        static_copy(server, feeds, folder / "static") as disk_peer,
        static_copy(server, feeds, pathlib.Path(memory)) as memory_peer,
    ):
        who = [
            ("oriel, HLS", f"{server.base}/live/cam{{i}}/media.m3u8", server.process.pid, DELIVERS),
            *(
                (name, f"http://127.0.0.1:{port}/cam{{i}}/index.m3u8", pid, ("",))
                for name, (pid, port, _) in [("nginx", disk_peer), ("nginx, tmpfs", memory_peer)]
            ),
        ]
        for viewers in counts:
            readings = {name: [] for name, *_ in who}
            for turn in range(options.rounds):
                for name, url, pid, threads in who if turn % 2 == 0 else who[::-1]:
                    for _, _, mirror in (disk_peer, memory_peer):
                        if pid == server.process.pid:
                            mirror.resting.set()
                        else:
                            mirror.resting.clear()
                    time.sleep(3)  # the mirrors catch up, or end what they were at
                    command = hls(url, options.cameras, viewers, options)
                    readings[name].append(load(command, pid, threads))
            rows += [viewing_row(name, viewers, readings[name]) for name, *_ in who]
            ours, disk, in_memory = [row[3] for row in rows[-3:]]
            ratios.append((viewers, ours / disk, ours / in_memory))
    return rows, ratios


if __name__ == "__main__":
    main()
