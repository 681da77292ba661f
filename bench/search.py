#!/usr/bin/python3
"""Does a search with all facets answer at once, however large the commons is? And can a large one
be taken in, indexed and harvested in minutes?

Fills search indexes with made Works in four scripts and asks each: one frequent word, two words, a
phrase, a beginning, each in Latin and in Chinese. The small index is the peer of the large ones.
Then a commons of as many Works comes from a CSV table through the importer, is published, indexed
from nothing and harvested by OAI-PMH, the first pages against the last.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess

from measure import ROOT, WORK, report, where

PACKAGES = ["xapian-core", "icu-i18n", "icu-uc", "spdlog", "sqlite3", "libpq", "libsodium",
            "openssl"]  # fmt: skip
FOLDERS = ["exchange", "commons", "access", "store", "base"]


def compiled(name):
    source = ROOT / "bench" / f"{name}.cpp"
    program = WORK / "bin" / name
    libraries = [ROOT / f"build/release/src/lib{folder}.a" for folder in FOLDERS]
    program.parent.mkdir(parents=True, exist_ok=True)
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", *PACKAGES], check=True, capture_output=True, text=True
    ).stdout
    subprocess.run(
        ["g++", "-O2", "-std=c++20", "-I", ROOT / "src", "-o", program, source, *libraries,
         *shlex.split(flags), "-lboost_json", "-lprometheus-cpp-core"],
        check=True,
    )  # fmt: skip
    return program


def lines(*command):
    """What the program says, a JSON object a line; the load of the machine is that of its end."""
    done = subprocess.run(
        list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def load():
    return f"{os.getloadavg()[0]:.1f}"


def ask_indexes(options):
    program = compiled("commons_search")
    fills, asked = [], []
    for works in options.works:
        folder = WORK / f"search-{works}"
        if not (options.keep and folder.exists()):
            shutil.rmtree(folder, ignore_errors=True)
            [made] = lines(program, "fill", folder, works)
            fills.append([works, made["fill_s"], round(made["bytes"] / works)])
        for line in lines(program, "ask", folder, options.rounds):
            if line["question"] == "open":
                fills.append([f"{works}, opened", line["seconds"], None])
            else:
                asked.append([works, *line.values(), load()])
    report("The index filled and opened", ["works", "seconds", "bytes a work"], fills, where())
    report("Searches with all facets, one client", ["works", "question", "hits", "median ms",
           "p95 ms", "load"], asked, where())  # fmt: skip


def take_in(options):
    program = compiled("commons_load")
    rows, pages = [], []
    for works in options.works:
        data = WORK / f"commons-{works}"
        if not (options.keep and data.exists()):
            [done] = lines(program, "import", data, works)
            rows.append([works, "from a CSV table", done["import_s"], load()])
            [done] = lines(program, "publish", data)
            rows.append([works, "published", done["publish_s"], load()])
        [done] = lines(program, "rebuild", data)
        rows.append([works, "indexed from nothing", done["rebuild_s"], load()])
        for count in (100, 500):
            [done] = lines(program, "harvest", data, count)
            last = next(key for key in done if key.startswith("page_") and key != "page_1_ms")
            pages.append([works, count, done["records_per_s"], done["page_1_ms"],
                          f"{done[last]} (page {done['pages']})", done["first_ms"],
                          load()])  # fmt: skip
    report("Made Works taken in", ["works", "what", "seconds", "load"], rows, where())
    report("Harvested by OAI-PMH, oai_dc", ["works", "records a page", "records/s", "page 1 ms",
           "last page ms", "first answer ms", "load"], pages, where())  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--keep", action="store_true", help="fill nothing that is there")
    parser.add_argument("--only", choices=["ask", "take-in"], help="a half of it")
    options = parser.parse_args()
    if options.only != "take-in":
        ask_indexes(options)
    if options.only != "ask":
        take_in(options)


if __name__ == "__main__":
    main()
