#!/usr/bin/python3
"""Question: how many 512-px IIIF tiles a second, passed through and made again?

One picture of 8000 x 6000 with its pyramid. Clients that keep their connection ask for its tiles at
full size in turn: as they lie in the pyramid, then in grey (decoded, converted and coded by the
workers), then at half their size. Goal: 2,000/s passed through, 100/s per core made again.
"""

import argparse
import json
import os
import shutil
import subprocess

from measure import ROOT, WORK, compiled, report, usage, where
from support import pictures, works
from support.program import Oriel
from support.waiting import wait_until

WORD = "a word long enough"
SIZE = 8000, 6000


def tiles(service, size, quality):
    paths = []
    for y in range(0, SIZE[1] - 512, 512):
        for x in range(0, SIZE[0] - 512, 512):
            paths.append(f"{service}/{x},{y},512,512/{size},{size}/0/{quality}.jpg")
    return paths


def ask(server, paths, options):
    """What the loader found, and the CPU-seconds of the server with its workers and of it alone."""
    plan = WORK / "tiles.txt"
    plan.write_text("\n".join(paths) + "\n")
    program = compiled(ROOT / "bench" / "keep_alive_load.cpp")
    before = usage([server.process.pid])["cpu_s"]
    done = subprocess.run(
        [program, str(server.port), str(plan), str(options.clients), str(options.seconds)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout), usage([server.process.pid])["cpu_s"] - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    folder = WORK / "pictures"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    data = pictures.synthetic_jpeg(*SIZE, folder / "large.jpg")
    server = Oriel(folder / "server").start()
    rows = []
    try:
        server.add_user("the-curator", "curator", WORD)
        _, sha256 = works.publish(server, server.login("the-curator", WORD), data, "large.jpg")
        wait_until(
            lambda: server.get(f"/api/v1/files/{sha256}/picture").json()["state"] == "ready", 300
        )
        service = f"/iiif/image/3/{sha256}"
        for name, size, quality in (
            ("passed through", 512, "default"),
            ("made again, grey", 512, "gray"),
            ("made again, half", 256, "default"),
        ):
            found, cpu_s = ask(server, tiles(service, size, quality), options)
            rate = found["answers"] / options.seconds
            rows.append([name, options.clients, rate, found["median_ms"], found["p99_ms"],
                         found["answers"] / cpu_s if cpu_s else None, found["errors"]])  # fmt: skip
    finally:
        server.stop()
    report(
        f"IIIF tiles of 512 px, {os.cpu_count()} cores shared with the loader",
        ["tiles", "clients", "a second", "median ms", "p99 ms", "a CPU-second", "errors"],
        rows, where(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
