#!/usr/bin/python3
"""Question: how far behind the camera is what a visitor sees, and how soon does the past appear?

Simulated cameras, whose frames carry the time they were made at; Chromium on Oriel's own page
(the part socket) and with hls.js (LL-HLS); ten starts somewhere in the past. Goal: 1.2 s median by
the socket, 2.2 s by LL-HLS, first picture of the past within 300 ms.
"""

import argparse
import json
import shutil
import subprocess
import time

import measure
from wall import PLACES, plateau


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--feed", default=PLACES[0])
    parser.add_argument("--settle", type=float, default=45, help="seconds of past to begin with")
    options = parser.parse_args()
    place = measure.where()
    folder = measure.WORK / "delay"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with plateau(folder, PLACES) as server:
        time.sleep(options.settle)
        result = subprocess.run(
            ["node", str(measure.ROOT / "bench" / "delay.mjs"), server.base, options.feed,
             str(options.seconds)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if result.returncode != 0:
            raise SystemExit(result.stderr)
    found = json.loads(result.stdout.strip().split("\n")[-1])
    rows = []
    for name, key in (("page, part socket", "socket"), ("hls.js, LL-HLS", "llhls")):
        delays = found[key]["delays"]
        rows.append([name, len(delays), found[key]["unread"], measure.median(delays) / 1000,
                     measure.p99(delays) / 1000])  # fmt: skip
    past = found["past"]
    rows.append(["hls.js, first picture of the past", len(past), 0, measure.median(past) / 1000,
                 measure.p99(past) / 1000])  # fmt: skip
    measure.report("Delay from the clock in the picture",
                   ["what", "frames", "unread", "median s", "p99 s"], rows, place)  # fmt: skip


if __name__ == "__main__":
    main()
