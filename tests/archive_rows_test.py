"""Whoever changes what a day's timeline is made of says so (src/archive/kept_days.h)."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHANGES = re.compile(
    r'"(?:INSERT INTO|UPDATE|DELETE FROM) (?:recording|gap|damage)\b', re.IGNORECASE
)
# What no timeline shows: where a recording lies, and its hash.
UNSEEN = re.compile(r"UPDATE recording SET (?:volume|sha256) = ")
# A function further up writes the row for it.
THROUGH = {"put_recording", "remove_gap", "add_gap", "mark_one"}
SAYS = re.compile(r"\b(?:past_changed|past_changes|forget_days)\(")


def functions(text):
    """The text of each function, by the rule that its last line is a brace in the first column."""
    return re.split(r"^}\s*$", text, flags=re.MULTILINE)


def silent(text):
    """The functions that change the past and do not say so."""
    return [
        body
        for body in functions(text)
        if CHANGES.search(UNSEEN.sub("", body)) and not SAYS.search(body)
        and not any(f" {name}(" in body for name in THROUGH)
    ]  # fmt: skip


def test_whoever_writes_rows_of_the_past_drops_the_days_that_are_kept():
    found = []
    for path in sorted((ROOT / "src").rglob("*.cpp")):
        if not path.name.endswith("_test.cpp"):
            found += [f"{path.name}: {body.strip()[:200]}" for body in silent(path.read_text())]
    assert not found, found


def test_a_function_that_forgets_it_is_found():
    body = 'Result<void> f() {\n  session.execute("DELETE FROM gap WHERE id = $1");\n}\n'
    assert silent(body)
    assert not silent(body.replace("session", "past_changed(s, f, x); session"))
