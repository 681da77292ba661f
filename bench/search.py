#!/usr/bin/python3
"""Does a search with all facets answer at once, however large the commons is?

Fills search indexes with made Works in four scripts and asks each: one frequent word, two words, a
phrase, a beginning, each in Latin and in Chinese. The small index is the peer of the large ones.
"""

import argparse
import json
import shlex
import shutil
import subprocess

from measure import ROOT, WORK, report, where

PACKAGES = ["xapian-core", "icu-i18n", "icu-uc", "spdlog"]


def compiled():
    source = ROOT / "bench" / "commons_search.cpp"
    program = WORK / "bin" / "commons_search"
    libraries = [ROOT / f"build/release/src/lib{name}.a" for name in ("commons", "base")]
    program.parent.mkdir(parents=True, exist_ok=True)
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", *PACKAGES], check=True, capture_output=True, text=True
    ).stdout
    subprocess.run(
        ["g++", "-O2", "-std=c++20", "-I", ROOT / "src", "-o", program, source, *libraries,
         *shlex.split(flags), "-lboost_json"],
        check=True,
    )  # fmt: skip
    return program


def lines(*command):
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--keep", action="store_true", help="fill no index that is there")
    options = parser.parse_args()
    program = compiled()
    fills, asked = [], []
    for works in options.works:
        folder = WORK / f"search-{works}"
        if not (options.keep and folder.exists()):
            shutil.rmtree(folder, ignore_errors=True)
            [made] = lines(program, "fill", folder, str(works))
            fills.append([works, made["fill_s"], round(made["bytes"] / works)])
        for line in lines(program, "ask", folder, str(options.rounds)):
            if line["question"] == "open":
                fills.append([f"{works}, opened", line["seconds"], None])
            else:
                asked.append([works, *line.values()])
    report("The index made and opened", ["works", "seconds", "bytes a work"], fills, where())
    report("Searches with all facets, one client", ["works", "question", "hits", "median ms",
           "p95 ms"], asked, where())  # fmt: skip


if __name__ == "__main__":
    main()
