"""Counts the cases of one suite for ./run: prints "passed failed skipped".

count_cases.py KIND STATUS LOG XML, where KIND is
  junit  the suite wrote a JUnit file (GoogleTest, pytest)
  log    the suite printed its counts (TAP of node --test, vitest, "N passed, N failed")
  one    the whole command is one case
A suite that ended with an error but counted no failure (a crash, a build that broke) is one
failure: silence never passes.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree


def count_junit(path):
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def count_log(text):
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)

    def numbers(*patterns):
        for pattern in patterns:
            found = re.findall(pattern, text, re.MULTILINE)
            if found:
                return sum(int(number) for number in found)
        return None

    # The summaries of node's test runner in its TAP and its spec form.
    passed = numbers(r"^[#ℹ] pass (\d+)$")
    if passed is not None:
        return passed, numbers(r"^[#ℹ] fail (\d+)$") or 0, numbers(r"^[#ℹ] skipped (\d+)$") or 0
    # vitest
    tests = re.findall(r"^\s*Tests\s+(.*)$", text, re.MULTILINE)
    if tests:
        line = tests[-1]
        return tuple(
            int(match.group(1)) if (match := re.search(rf"(\d+) {word}", line)) else 0
            for word in ("passed", "failed", "skipped")
        )
    summary = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", text, re.MULTILINE)
    if summary:
        return tuple(sum(int(number or 0) for number in column) for column in zip(*summary))
    # Bare TAP lines.
    return (
        len(re.findall(r"^ok ", text, re.MULTILINE)),
        len(re.findall(r"^not ok ", text, re.MULTILINE)),
        len(re.findall(r"^ok .*# SKIP", text, re.MULTILINE)),
    )


def count(kind, status, log, xml):
    counts = (0, 0, 0)
    if kind == "one":
        return (1, 0, 0) if status == 0 else (0, 1, 0)
    try:
        if kind == "junit":
            counts = count_junit(xml)
        else:
            with open(log, encoding="utf-8", errors="replace") as file:
                counts = count_log(file.read())
    except (OSError, ElementTree.ParseError):
        return 0, 1, 0
    passed, failed, skipped = counts
    if status != 0 and failed == 0:
        failed = 1
    return passed, failed, skipped


if __name__ == "__main__":
    print(*count(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))
