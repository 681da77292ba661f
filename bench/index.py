#!/usr/bin/python3
"""Does the index of a ten-year archive answer as fast as a small one, on both databases?

Fills a database through the schema, asks what visitors ask, of the catalogue and over HTTP, weighs
it, and starts the program on it. The small archive, 80 thousand recordings, is the peer of each
large one. What does a recording weigh as the program writes it, a row that opens and one that
closes? And: does recording for a week need more memory at its end than after its first day?
"""

import argparse
import http.client
import json
import random
import re
import shlex
import shutil
import subprocess
import time

from measure import PROGRAM, ROOT, WORK, Running, median, p99, report, where

from support import postgres
from support.waiting import wait_until

A_YEAR = 365 * 288  # recordings of five minutes
SIZES = {
    "80 thousand": (76, 1_053),
    "76 feeds, a year": (76, A_YEAR),
    "8 feeds, ten years": (8, 10 * A_YEAR),
}
PACKAGES = ["libavformat", "libavcodec", "libavutil", "libswscale", "libswresample", "sqlite3",
            "libpq", "libsodium", "libcrypto", "spdlog", "zlib"]  # fmt: skip


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


DAY_S = 86_400
FILLED_TO = 1_798_761_600  # as in archive_index.cpp
HTTP_QUESTIONS = {
    "playlist of an hour": (3_600, 400, "/playback/{feed}/index.m3u8?start={start}&end={end}"),
    "timeline of a day": (DAY_S, 400, "/api/v1/feeds/{feed}/timeline?start={start}&end={end}"),
    "calendar of a year": (
        365 * DAY_S, 60, "/api/v1/feeds/{feed}/coverage?by=day&start={start}&end={end}"
    ),
}  # fmt: skip


def moment(second):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def over_http(url, folder, recordings, feeds=8):
    """{question: milliseconds}, as a page gets its answers, one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "oriel.toml"
    declared = "".join(
        f'[[feed]]\nid = "feed-{n}"\nsource = "rtsp://127.0.0.1:1/none"\nrecord = false\n'
        "public = true\n" for n in range(feeds)
    )  # fmt: skip
    config.write_text(
        f'data = "{folder}/data"\ndatabase = "{url}"\n[http]\nlisten = "127.0.0.1:0"\n{declared}'
    )
    chance = random.Random(11)
    end = min(int(time.time()) - DAY_S, FILLED_TO)
    begin = FILLED_TO - recordings * 300
    took = {}
    with Running([PROGRAM, "serve", "--config", config], folder / "log") as running:
        wait_until(lambda: "ready at" in running.log.read_text(), 300, "the start", every_s=0.01)
        port = int(re.search(r"http://[\w.]+:(\d+)", running.log.read_text())[1])
        link = http.client.HTTPConnection("127.0.0.1", port)
        for question, (length, times, path) in HTTP_QUESTIONS.items():
            if end - length <= begin:
                continue
            took[question] = []
            for number in range(times + times // 10):
                start = chance.randrange(begin, end - length)
                asked = path.format(
                    feed=f"feed-{chance.randrange(feeds)}", start=moment(start),
                    end=moment(start + length),
                )  # fmt: skip
                before = time.perf_counter()
                link.request("GET", asked)
                answer = link.getresponse()
                body = answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"{asked}: {answer.status} {body[:300]}")
                if number >= times // 10:  # the first warm up
                    took[question].append((time.perf_counter() - before) * 1000)
    return took


def weight_in_operation(url, weigh, tidy=None, feeds=76, recordings=2_016):
    """Bytes a recording, as the program writes it, with what is swept by itself in between; and
    after tidy()."""
    program = compiled("archive_index")
    subprocess.run([program, "empty", url, "0", "0"], check=True)
    empty = weigh()
    subprocess.run([program, "operate", url, str(feeds), str(recordings)], check=True)
    count = feeds * recordings
    weights = [f"{(weigh() - empty) / count:.0f}"]
    if tidy:
        tidy()
        weights.append(f"{(weigh() - empty) / count:.0f}")
    return weights


def run_one(name, database, url, bytes_of):
    feeds, recordings = SIZES[name]
    program = compiled("archive_index")
    begin = time.monotonic()
    subprocess.run([program, "fill", url, str(feeds), str(recordings)], check=True)
    filled_s = time.monotonic() - begin
    # What the program does by itself within minutes of its start.
    begin = time.monotonic()
    subprocess.run([program, "keep", url, str(feeds), str(recordings)], check=True)
    print(f"the days were laid in {time.monotonic() - begin:.0f} s", flush=True)
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
    # First, since the program that has been here misses the disk that the recordings name.
    visited = over_http(url, folder / "http", recordings)
    starts = [start_seconds(url, folder / str(n)) for n in range(3)]
    shutil.rmtree(folder, ignore_errors=True)
    count = feeds * recordings
    print(f"{name}, {database}: filled in {filled_s:.0f} s", flush=True)
    row = [name, database, f"{weight / count:.0f}"]
    for question in ("playlist of an hour", "timeline of a day", "calendar of a year",
                     "recording by number"):  # fmt: skip
        answer = answers.get(question)
        row.append(f"{answer['median_ms']:.2f} / {answer['p99_ms']:.2f}" if answer else "")
    row.append(f"{sorted(starts)[1]:.2f}")
    for question in HTTP_QUESTIONS:
        took = visited.get(question)
        row.append(f"{median(took):.1f} / {p99(took):.1f}" if took else "")
    return row


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


def run_weights(databases):
    rows = []
    path = WORK / "index" / "sqlite" / "oriel.db"
    if "sqlite" in databases:
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir(parents=True)
        weights = weight_in_operation(f"sqlite:{path}", lambda: weigh_sqlite(path))
        rows.append(["SQLite", *weights, ""])
        shutil.rmtree(path.parent)
    if "postgresql" in databases:
        server = postgres.Postgres().start()
        try:
            # A week goes by in three minutes, and what sweeps looks once a minute.
            server.ask("postgres", "ALTER SYSTEM SET autovacuum_naptime = '1s'")
            server.ask("postgres", "SELECT pg_reload_conf()")

            def weigh():
                return int(server.ask("archive", "SELECT pg_database_size('archive')")[0])

            def tidy():
                server.ask("archive", "REINDEX TABLE recording_2026")

            rows.append(["PostgreSQL", *weight_in_operation(server.url("archive"), weigh, tidy)])
        finally:
            server.remove()
    return rows


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
            "timeline of a day", "calendar of a year", "by number", "start, s",
            "playlist over HTTP", "timeline over HTTP", "calendar over HTTP"]  # fmt: skip
    report("The index of an archive", head, rows, where())
    report("What a recording of 76 feeds weighs, as the program writes it",
           ["database", "bytes each", "after REINDEX"],
           run_weights(arguments.databases), where())  # fmt: skip


if __name__ == "__main__":
    main()
