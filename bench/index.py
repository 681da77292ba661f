#!/usr/bin/python3
"""Does the index of a ten-year archive answer as fast as a small one, on both databases?

Fills a database through the schema, asks what visitors ask, weighs it, and starts the program on
it. The small archive, 80 thousand recordings, is the peer of each large one. And: does recording
for a week need more memory at its end than after its first day?
"""

import argparse
import json
import re
import shlex
import shutil
import subprocess
import time

from measure import PROGRAM, ROOT, WORK, Running, report, where

from support import postgres
from support.waiting import wait_until

A_YEAR = 365 * 288  # recordings of five minutes
SIZES = {
    "80 thousand": (76, 1_053),
    "76 feeds, a year": (76, A_YEAR),
    "8 feeds, ten years": (8, 10 * A_YEAR),
}
PACKAGES = ["libavformat", "libavcodec", "libavutil", "libswscale", "libswresample", "sqlite3",
            "libpq", "libsodium", "spdlog"]  # fmt: skip


def compiled(name, *more):
    """A program of this folder with the libraries of the release build."""
    source = ROOT / "bench" / f"{name}.cpp"
    program = WORK / "bin" / name
    libraries = [ROOT / f"build/release/src/lib{name}.a" for name in
                 ("archive", "media", "store", "base")]  # fmt: skip
    newest = max(path.stat().st_mtime for path in [source, *libraries])
    if program.exists() and program.stat().st_mtime > newest:
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", *PACKAGES], check=True, capture_output=True, text=True
    ).stdout
    subprocess.run(
        ["g++", "-O2", "-std=c++20", "-I", ROOT / "src", "-o", program, source,
         *more, *libraries,
         *shlex.split(flags), "-lboost_json", "-lprometheus-cpp-core"],
        check=True,
    )  # fmt: skip
    return program


def start_seconds(url, folder):
    """Of `oriel serve` on this database, from the call to the line with its address."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "oriel.toml"
    config.write_text(f'data = "{folder}/data"\ndatabase = "{url}"\n[http]\nlisten = "[::1]:0"\n')
    begin = time.monotonic()
    with Running([PROGRAM, "serve", "--config", config], folder / "log") as running:
        wait_until(lambda: "ready at" in running.log.read_text(), 300, "the start", every_s=0.01)
        return time.monotonic() - begin


def weigh_sqlite(path):
    return sum(piece.stat().st_size for piece in path.parent.glob(path.name + "*"))


def run_one(name, database, url, bytes_of):
    feeds, recordings = SIZES[name]
    program = compiled("archive_index")
    begin = time.monotonic()
    subprocess.run([program, "fill", url, str(feeds), str(recordings)], check=True)
    filled_s = time.monotonic() - begin
    if database.startswith("PostgreSQL"):
        server, schema = bytes_of
        server.ask(schema, "VACUUM ANALYZE")
        weight = int(server.ask(schema, f"SELECT pg_database_size('{schema}')")[0])
    else:
        weight = weigh_sqlite(bytes_of)
    out = subprocess.run(
        [program, "measure", url, str(feeds), str(recordings)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    answers = {line["question"]: line for line in map(json.loads, out.splitlines())}
    folder = WORK / "index" / re.sub(r"\W+", "-", f"{name} {database}")
    starts = [start_seconds(url, folder / str(n)) for n in range(3)]
    shutil.rmtree(folder, ignore_errors=True)
    count = feeds * recordings
    print(f"{name}, {database}: filled in {filled_s:.0f} s", flush=True)
    row = [name, database, f"{weight / count:.0f}"]
    for question in ("playlist of an hour", "timeline of a day", "calendar of a year",
                     "recording by number"):  # fmt: skip
        answer = answers.get(question)
        row.append(f"{answer['median_ms']:.2f} / {answer['p99_ms']:.2f}" if answer else "")
    return [*row, f"{sorted(starts)[1]:.2f}"]


def run_week(feeds=2, days=7):
    """The heap at each midnight of a week of recording."""
    folder = WORK / "week"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    program = compiled("archive_week", ROOT / "src/archive/testing_test.cpp", "-lgtest")
    out = subprocess.run(
        [program, f"sqlite:{folder}/oriel.db", folder, str(feeds), str(days)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    shutil.rmtree(folder)
    nights = list(map(json.loads, out.splitlines()))
    rows = [[night["day"], night["heap_bytes"] / 1e6, night["resident_kib"] / 1e3]
            for night in nights]  # fmt: skip
    report(f"A week of {feeds} feeds on an accelerated clock", ["day", "heap, MB", "resident, MB"],
           rows, where())  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", choices=SIZES, default=list(SIZES))
    parser.add_argument("--databases", nargs="*", choices=["sqlite", "postgresql"],
                        default=["sqlite", "postgresql"])  # fmt: skip
    parser.add_argument("--no-week", action="store_true", help="leave out the simulated week")
    arguments = parser.parse_args()
    if not arguments.no_week:
        run_week()
    rows = []
    folder = WORK / "index"
    for name in arguments.sizes:
        if "sqlite" in arguments.databases:
            path = folder / "sqlite" / "oriel.db"
            shutil.rmtree(path.parent, ignore_errors=True)
            path.parent.mkdir(parents=True)
            rows.append(run_one(name, "SQLite", f"sqlite:{path}", path))
            shutil.rmtree(path.parent)
        if "postgresql" in arguments.databases:
            server = postgres.Postgres().start()
            try:
                rows.append(run_one(name, "PostgreSQL", server.url("archive"),
                                    (server, "archive")))  # fmt: skip
            finally:
                server.remove()
    head = ["recordings", "database", "bytes each", "playlist of 1 h, ms (median / p99)",
            "timeline of a day", "calendar of a year", "by number", "start, s"]  # fmt: skip
    report("The index of an archive", head, rows, where())


if __name__ == "__main__":
    main()
