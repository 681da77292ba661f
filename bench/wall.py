#!/usr/bin/python3
"""Question: does a museum's wall come back by itself, and does its page stay as small as it was?

Nine tiles in Chromium for half an hour. The server is killed (SIGKILL) three times and started
again after two seconds, as systemd would; the network between is cut once for 20 s. Goal: all tiles
move again within 15 s of each; the heap at most 1.1 times what it was after five minutes.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import threading
import time

import measure
from support.ports import free_port
from support.program import Oriel, feed_toml
from support.waiting import wait_until

PLACES = (
    "eling-lake", "yuzhu-peak", "wudaoliang-north-bridge", "longbao-wetland", "angsai-canyon",
    "haergai-grassland", "nianbaoyuze", "zhaqu-river", "yemathan",
)  # fmt: skip
TILES = len(PLACES)
STEADY_S = 5  # all tiles move for this long: they are back


class Watch:
    """bench/wall.mjs and what it has seen."""

    def __init__(self, base, path):
        self.seen = []
        self.process = subprocess.Popen(
            ["node", str(measure.ROOT / "bench" / "wall.mjs"), path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "ORIEL_URL": base},
        )  # fmt: skip
        self.reader = threading.Thread(target=self.read, name="watch")
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.seen.append(json.loads(line))

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def all_move(self):
        return bool(self.seen) and self.seen[-1]["moving"] == TILES

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.reader.join()

    def back_after_s(self, begin_s):
        """Seconds from `begin_s` until all tiles move and go on for a while; None: never."""
        back = None
        for line in self.seen:
            if line["at"] / 1000 < begin_s + 1:
                continue  # counts frames shown before
            if line["moving"] < TILES:
                back = None
            elif back is None:
                back = line["at"] / 1000
            elif line["at"] / 1000 - back >= STEADY_S:
                return back - begin_s
        return None


def kill_and_start(server, _watch):
    server.kill()
    time.sleep(2)
    server.start()
    return time.time()


def cut_and_mend(_server, watch):
    watch.say("cut")
    time.sleep(20)
    watch.say("mend")
    return time.time()


@contextlib.contextmanager
def plateau(folder, places):
    """A server that records these simulated places, with their sub-streams."""
    port = free_port()
    cameras = [measure.PROGRAM, "camera", "--listen", f"127.0.0.1:{port}"]
    with measure.Running(cameras, folder / "cameras.log"):
        measure.wait_for_port(port)
        source = f"rtsp://127.0.0.1:{port}"
        feeds = "".join(
            feed_toml(place, f"{source}/{place}", sub_source=f"{source}/{place}/sub")
            for place in places
        )
        server = Oriel(folder, feeds=feeds).start()
        try:
            yield server
        finally:
            server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    place = measure.where()
    folder = measure.WORK / "wall"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    cut = options.minutes * 60 / 5
    events = [("killed", kill_and_start), ("killed", kill_and_start),
              ("network cut for 20 s", cut_and_mend), ("killed", kill_and_start)]  # fmt: skip
    rows = []
    with plateau(folder, PLACES) as server:
        watch = Watch(server.base, f"/wall?feeds={','.join(PLACES)}&layout=9")
        try:
            wait_until(watch.all_move, 60, "nine tiles that move")
            begin = time.time()
            for number, (what, happen) in enumerate(events):
                time.sleep(max(0.0, begin + cut * (number + 1) - time.time()))
                rows.append([what, (time.time() - begin) / 60, happen(server, watch)])
                print(f"{what} after {rows[-1][1]:.1f} minutes", flush=True)
            time.sleep(max(0.0, begin + options.minutes * 60 - time.time()))
        finally:
            watch.close()
    for row in rows:
        row[2] = watch.back_after_s(row[2])
    heaps = [line["heap"] for line in watch.seen if "heap" in line]
    first = heaps[min(5, len(heaps) - 1)]
    print("heap by minute, MB:", " ".join(f"{heap / 1e6:.2f}" for heap in heaps))
    measure.report("A wall of nine tiles", ["what", "after minutes", "all move again after s"],
                   [[what, at, back if back is not None else "never"] for what, at, back in rows],
                   place)  # fmt: skip
    moving = sum(line["moving"] == TILES for line in watch.seen) / len(watch.seen)
    print(f"heap after five minutes {first / 1e6:.1f} MB, then at most "
          f"{max(heaps[5:] or heaps) / first:.2f} times that, at the end {heaps[-1] / first:.2f}; "
          f"all tiles moved in {moving:.1%} of {len(watch.seen)} seconds")  # fmt: skip


if __name__ == "__main__":
    main()
