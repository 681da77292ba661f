#!/usr/bin/python3
"""Question: what does it cost to record and offer N cameras, and is a frame lost?

76 cameras of about 2 Mbit/s over RTSP/TCP, every frame stamped, taken in and recorded by Oriel;
then by one `ffmpeg -c copy` each, in the same run. Goal: at most 0.42 CPU-seconds a camera-minute,
3 MB resident a feed, each byte written once, no frame lost.
"""

import argparse
import json
import shutil
import subprocess
import time

import measure
from support.ports import free_port
from support.program import Oriel, feed_toml
from support.waiting import wait_until


def farm(port, cameras):
    command = [measure.harness("camfarm"), "--proto", "rtsp-serve", "--port", port, "--cams",
               cameras, "--media", measure.camera_media(), "--report", 1]  # fmt: skip
    return measure.Running(command, measure.WORK / "camfarm.log")


def farm_state():
    lines = (measure.WORK / "camfarm.log").read_text().split("\n")
    lines = [line for line in lines if line.endswith("}")]
    return json.loads(lines[-1]) if lines else {}


def scan(folder):
    names = "\n".join(str(path) for path in folder.rglob("*.mp4"))
    result = subprocess.run([measure.harness("stampscan"), "-"], input=names, text=True,
                            capture_output=True, check=True)  # fmt: skip
    return json.loads(result.stdout)


def row(name, cameras, samples, folder, tail_bytes):
    cpu = [rate * 60 / cameras for rate in measure.rates(samples, "cpu_s")]
    found = scan(folder)
    written = samples[-1]["written_bytes"] - samples[0]["written_bytes"]
    return [
        name, cameras, measure.median(cpu), measure.p99(cpu),
        samples[-1]["rss_bytes"] / 2**20 / cameras, written / max(1, tail_bytes),
        found["frames"], found["missing"], found["doubled"],
    ]  # fmt: skip


def folder_bytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*.mp4"))


def with_oriel(options):
    port = free_port()
    folder = measure.WORK / "oriel"
    shutil.rmtree(folder, ignore_errors=True)
    with farm(port, options.cameras):
        measure.wait_for_port(port)
        feeds = "".join(
            feed_toml(f"cam{i}", f"rtsp://127.0.0.1:{port}/cam{i}") for i in range(options.cameras)
        )
        server = Oriel(folder, feeds=feeds).start()
        try:
            wait_until(
                lambda: all(feed["state"] == "live" for feed in server.api("/feeds")["items"])
                and len(server.api("/feeds")["items"]) == options.cameras,
                120, "all cameras live",
            )  # fmt: skip
            time.sleep(options.settle)
            before = folder_bytes(server.data / "archive")
            samples = measure.watch([server.process.pid], options.seconds)
            grown = folder_bytes(server.data / "archive") - before
            late = farm_state().get("late_100ms", 0)
        finally:
            server.stop()
    if late:
        print(f"note: the cameras themselves sent {late} frames late; the machine is full")
    found = row("oriel", options.cameras, samples, server.data / "archive", grown)
    shutil.rmtree(folder)
    return found


def with_ffmpeg(options):
    port = free_port()
    folder = measure.WORK / "ffmpeg"
    shutil.rmtree(folder, ignore_errors=True)
    running = []
    with farm(port, options.peer_cameras):
        measure.wait_for_port(port)
        try:
            for i in range(options.peer_cameras):
                place = folder / f"cam{i}"
                place.mkdir(parents=True)
                running.append(measure.Running(
                    ["ffmpeg", "-v", "error", "-nostdin", "-rtsp_transport", "tcp", "-i",
                     f"rtsp://127.0.0.1:{port}/cam{i}", "-c", "copy", "-f", "segment",
                     "-segment_time", "300", "-segment_format_options",
                     "movflags=+frag_keyframe+empty_moov+default_base_moof",
                     place / "%d.mp4"], place / "log"))  # fmt: skip
            wait_until(
                lambda: farm_state().get("streaming", 0) >= options.peer_cameras,
                120, "all cameras taken",
            )  # fmt: skip
            time.sleep(options.settle)
            before = folder_bytes(folder)
            samples = measure.watch([one.pid for one in running], options.seconds)
            grown = folder_bytes(folder) - before
        finally:
            for one in running:
                one.stop()
    found = row("ffmpeg -c copy, one each", options.peer_cameras, samples, folder, grown)
    shutil.rmtree(folder)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cameras", type=int, default=76)
    parser.add_argument("--peer-cameras", type=int, default=20, help="0: no peer")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--settle", type=float, default=20)
    options = parser.parse_args()
    place = measure.where()
    rows = [with_oriel(options)]
    if options.peer_cameras:
        rows.append(with_ffmpeg(options))
    measure.report(
        f"Cameras over RTSP/TCP, recorded for {options.seconds:.0f} s",
        ["who", "cameras", "CPU-s/camera-min median", "p99", "MiB resident/camera",
         "bytes written/bytes kept", "frames kept", "missing", "doubled"],
        rows, place,
    )  # fmt: skip


if __name__ == "__main__":
    main()
