"""The style of docs and sources, as far as a program can see it.

Limits that old code exceeds stand in RATCHET with their present number: they may fall, never rise.
"""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINE_COLUMNS_MAX = 100
FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70

# "path": lines of a file over the limit, "path:function": lines of a function over the limit.
RATCHET = {
    "src/base/json.h:from_json": 99,
}

# A sleep is allowed where it is no way of ordering things; each with the reason.
MAY_SLEEP = {
    "src/base/time.cpp": "the clock itself",
    "src/archive/recovery_test.cpp": "a random moment to kill at; nothing is ordered by it",
    "src/demo/": "a simulated camera sends frames at their time",
}

BANNED = {
    r"\.detach\(": "a thread nobody joins; use NamedThread",
    r"\bsleep_for\(|\bsleep_until\(|\busleep\(|\bnanosleep\(": "sleeping to order things",
    r"catch \(\.\.\.\)": "an error without a name; catch what is thrown and map it",
    r"\b(?:TODO|FIXME|XXX|HACK)\b": "unfinished work belongs into an issue",
    r"using namespace std;": "names out of nowhere",
    r"\bstd::(?:cout|cerr)\b": "use the log; a subcommand prints with fmt::print",
    r"std::regex": "slow and without a bound on its stack",
    r"\bsystem_clock::now\(": "time comes from the injected clock",
}
MAY = {
    # A name that is looked up cannot be interrupted, and whoever asked must not wait for it.
    r"\.detach\(": ("src/base/host_lookup.cpp",),
    r"\bsystem_clock::now\(": ("src/base/",),
    r"\b(?:TODO|FIXME|XXX|HACK)\b": ("tests/tidy_test.py",),
}

ABSOLUTE_PATH = re.compile(r"/(?:home|work|Users|root)/[A-Za-z0-9_.]")
PACKAGE_HOST = re.compile(
    r"https?://(?:[a-z0-9.-]*\.)?(?:deb\.debian\.org|registry\.npmjs\.org|npmjs\.com|pypi\.org"
    r"|registry\.yarnpkg\.com|unpkg\.com|jsdelivr\.net)"
)
TEXT_SUFFIXES = {
    ".cpp", ".h", ".py", ".sh", ".md", ".txt", ".cmake", ".ts", ".svelte", ".js", ".mjs", ".css",
    ".html", ".conf", ".service", ".toml", ".example", ".json", ".ini", ".yml",
}  # fmt: skip


def listed(*patterns):
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", *patterns],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout  # fmt: skip
    return sorted({ROOT / name for name in out.decode().split("\0") if name})


def texts(*patterns):
    for path in listed(*patterns):
        if path.is_file() and (path.suffix in TEXT_SUFFIXES or path.name == "run"):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def functions(text):
    """(name, first line, lines) of each C++ function body; relies on the enforced format: a body
    opens at the end of a line and closes with a brace at the indentation of its head."""
    lines = text.split("\n")
    head = re.compile(
        r"^(?!namespace|struct|class|enum|union|extern|\s*//)(\S.*[)\w]|\S.*\)[^;]*) {$"
    )
    found = []
    index = 0
    while index < len(lines):
        if head.match(lines[index]) and "=" not in lines[index].split("(")[0]:
            end = index
            while end < len(lines) and lines[end] != "}":
                end += 1
            start = index
            while start > 0 and lines[start - 1].strip() and not re.match(
                r"^[}#/]|.*[;{}]$", lines[start - 1]
            ):
                start -= 1
            signature = " ".join(line.strip() for line in lines[start : index + 1])
            name = re.search(r"([~\w:]+)\s*\(", signature)
            found.append((name.group(1) if name else "?", index + 1, end - index + 1))
            index = end
        index += 1
    return found


def test_no_line_is_too_wide():
    wrong = []
    for name, text in texts("*.cpp", "*.h", "*.py", "*.sh", "run"):
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > LINE_COLUMNS_MAX:
                wrong.append(f"{name}:{number}: {len(line)} columns")
    assert not wrong, "\n".join(wrong)


def test_nothing_banned_in_the_sources():
    wrong = []
    for name, text in texts("src/*.cpp", "src/*.h", "web/*.ts", "web/*.svelte", "bench/*.cpp"):
        for number, line in enumerate(text.split("\n"), 1):
            for pattern, why in BANNED.items():
                if not re.search(pattern, line):
                    continue
                allowed = MAY.get(pattern, ())
                if "sleep" in pattern:
                    allowed = tuple(MAY_SLEEP)
                if not name.startswith(tuple(allowed)):
                    wrong.append(f"{name}:{number}: {line.strip()}  ({why})")
    assert not wrong, "\n".join(wrong)


def test_files_and_functions_stay_readable():
    wrong = []
    for name, text in texts("src/*.cpp", "src/*.h"):
        lines = text.count("\n")
        if lines > RATCHET.get(name, FILE_LINES_MAX):
            wrong.append(f"{name}: {lines} lines")
        for function, line, length in functions(text):
            if length > RATCHET.get(f"{name}:{function}", FUNCTION_LINES_MAX):
                wrong.append(f"{name}:{line}: {function} has {length} lines")
    assert not wrong, "\n".join(wrong)


def test_nothing_names_a_machine_or_a_package_host():
    wrong = []
    for name, text in texts():
        if name in ("tests/tidy_test.py", "web/package-lock.json"):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if ABSOLUTE_PATH.search(line) or PACKAGE_HOST.search(line):
                wrong.append(f"{name}:{number}: {line.strip()[:120]}")
    assert not wrong, "\n".join(wrong)


def test_links_in_the_documents_lead_somewhere():
    wrong = []
    for name, text in texts("*.md"):
        if name.startswith("web/node_modules"):
            continue
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:|#", target):
                continue
            path = (ROOT / name).parent / target.split("#")[0]
            if not path.exists():
                wrong.append(f"{name}: {target}")
    assert not wrong, "\n".join(wrong)


def test_every_fuzz_target_has_a_corpus():
    wrong = [
        path.stem
        for path in listed("src/*_fuzz.cpp")
        if not any((ROOT / "tests/fuzz" / path.stem).glob("*"))
    ]
    assert not wrong, f"no file in tests/fuzz/<name>/ for: {', '.join(wrong)}"


def test_a_header_is_included_once_and_says_what_it_is():
    wrong = []
    for name, text in texts("src/*.h"):
        lines = text.split("\n")
        if "#pragma once" not in lines:
            wrong.append(f"{name}: no #pragma once")
        if not lines[0].startswith("// "):
            wrong.append(f"{name}: does not begin with what it is")
    assert not wrong, "\n".join(wrong)


def test_the_package_list_is_sorted_and_without_doubles():
    names = (ROOT / "packaging/debian-packages.txt").read_text().split()
    assert names == sorted(set(names))


def test_the_finder_of_functions_sees_a_long_one():
    body = "\n".join("  x();" for _ in range(80))
    assert functions(f"void Writer::close() {{\n{body}\n}}\n") == [("Writer::close", 1, 82)]
