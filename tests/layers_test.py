"""The rank of the folders of src/: who may include whom, in the sources and in the build.

The table is the one of ARCHITECTURE.md. A folder may include itself and what its row names; `api`
may include all above it, `app` everything. What a row names also stands in src/CMakeLists.txt.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

# Lowest first.
MAY_USE = {
    "base": [],
    "media": ["base"],
    "imprint": ["base", "media"],
    "store": ["base"],
    "archive": ["base", "media", "store"],
    "access": ["base", "store"],
    "ingest": ["base", "media"],
    "image": ["base", "ingest"],
    "live": ["base", "media"],
    "observe": ["base", "media", "store", "archive"],
    "commons": ["base", "store", "access"],
    "exchange": ["base", "store", "access", "commons"],
    "programme": ["base", "store", "access", "commons"],
    "notify": ["base", "store"],
    "relay": ["base", "media", "archive", "live"],
    "http": ["base"],
    "demo": ["base", "media"],
}
ABOVE_API = [folder for folder in MAY_USE if folder != "demo"]
MAY_USE["api"] = ABOVE_API
MAY_USE["app"] = ABOVE_API + ["demo", "api"]

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
USES = re.compile(r"oriel_folder\((\w+)((?:[^()]|\n)*)\)")


def wrong_includes(folder, text):
    """The includes of `text`, a source of `folder`, that the table does not allow."""
    wrong = []
    for included in INCLUDE.findall(text):
        owner = included.split("/")[0]
        if "/" not in included:
            wrong.append(f'"{included}" names no folder: write "{folder}/{included}"')
        elif owner not in MAY_USE:
            wrong.append(f'"{included}" is of no folder of the table')
        elif owner != folder and owner not in MAY_USE[folder]:
            allowed = ", ".join(MAY_USE[folder]) or "nothing"
            wrong.append(f'"{included}": {folder} may use {allowed}')
    return wrong


def test_sources_include_only_what_their_folder_may_use():
    wrong = []
    for path in sorted(SRC.rglob("*")):
        if path.suffix not in (".h", ".cpp") or path.parent == SRC:
            continue
        folder = path.relative_to(SRC).parts[0]
        for line in wrong_includes(folder, path.read_text()):
            wrong.append(f"{path.relative_to(ROOT)}: {line}")
    assert not wrong, "\n".join(wrong)


def test_every_folder_stands_in_the_table():
    unknown = [p.name for p in SRC.iterdir() if p.is_dir() and p.name not in MAY_USE]
    assert not unknown, unknown


def test_the_build_uses_only_what_the_table_allows():
    wrong = []
    for folder, body in USES.findall((SRC / "CMakeLists.txt").read_text()):
        words = body.split()
        if "USES" not in words:
            continue
        for word in words[words.index("USES") + 1 :]:
            if word in ("LINKS", "PCH"):
                break
            if word not in MAY_USE[folder]:
                wrong.append(f"{folder} uses {word}")
    assert not wrong, wrong


def test_no_beast_header_outside_the_server():
    """Beast costs seconds a file; endpoints see http's own Request and Response."""
    wrong = [
        str(path.relative_to(ROOT))
        for path in SRC.rglob("*.[ch]*")
        if path.relative_to(SRC).parts[0] != "http" and "boost/beast" in path.read_text()
    ]
    assert not wrong, wrong


def test_the_rule_sees_an_upward_include():
    assert wrong_includes("media", '#include "archive/writer.h"\n')
    assert wrong_includes("media", '#include "part.h"\n')
    assert wrong_includes("live", '#include "ingest/source.h"\n')
    assert not wrong_includes("archive", '#include "media/part.h"\n#include "archive/x.h"\n')
