"""A clip with its proof, from the camera to a machine that has nothing but the file and the key."""

import tarfile
from datetime import datetime, timedelta

import pytest

from support import media
from support.program import feed_toml, run
from support.waiting import wait_until
from test_film_season import shifted
from test_moments import PASSWORD, recorded_s, stamp, time_of


@pytest.fixture(scope="module")
def window(shared):
    """A feed with a quarter of a minute of yesterday, sealed."""
    server = shared(lambda cameras: feed_toml("lake", cameras.url(0)))
    server.wait_live("lake")
    wait_until(lambda: recorded_s(server, "lake") > 15, 60, "a quarter of a minute")
    assert server.stop() == 0
    [today] = server.recordings()
    day = datetime.strptime("/".join(today.parts[-4:-1]), "%Y/%m/%d")
    folder = today.parents[3] / (day - timedelta(days=1)).strftime("%Y/%m/%d")
    folder.mkdir(parents=True)
    (folder / f"{int(today.stem) + 1000}.mp4").write_bytes(shifted(today.read_bytes(), 86_400))
    server.rebuild_database()
    server.add_user("ada", "administrator", PASSWORD)  # accounts are not on the volumes
    server.start()
    wait_until(lambda: list(server.data.rglob("*.seal")), 150, "yesterday's seal", every_s=1)
    server.yesterday = folder / f"{int(today.stem) + 1000}.mp4"
    return server


@pytest.fixture
def span(window):
    begin = time_of(window.feed("lake")["first_recorded_at"]) + timedelta(seconds=5)
    return stamp(begin), stamp(begin + timedelta(seconds=4))


@pytest.fixture
def key(window, tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(window.get("/api/v1/node/key.pem").content)
    return path


def test_a_clip_is_proven_without_database_and_forgeries_are_refused(window, span, key, tmp_path):
    answer = window.get(f"/proof/lake.tar?start={span[0]}&end={span[1]}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    proof = tmp_path / "lake.tar"
    proof.write_bytes(answer.content)
    checked = run("archive", "check", proof, "--key", key)
    assert checked.returncode == 0 and "whole" in checked.stdout, checked.stdout
    folder = tmp_path / "lake"
    with tarfile.open(proof) as tar:
        tar.extractall(folder)
    assert run("archive", "check", folder, "--key", key).returncode == 0
    found = media.probe(folder / "clip.mp4", "format=duration:format_tags=title")
    assert 4 <= float(found["format"]["duration"]) <= 7, "from a key frame on"
    assert (folder / "recordings" / window.yesterday.name).read_bytes() \
        == window.yesterday.read_bytes()  # fmt: skip
    clip = bytearray((folder / "clip.mp4").read_bytes())
    clip[-100] ^= 1
    (folder / "clip.mp4").write_bytes(clip)
    refused = run("archive", "check", folder, "--key", key)
    assert refused.returncode == 1 and "REFUSED: clip.mp4 is not the file" in refused.stdout
    other = run("archive", "check", proof, "--key", "11" * 32)
    assert other.returncode == 1 and "signed by key" in other.stdout


def test_the_command_line_makes_the_same_proof_and_an_inspection_names_the_seal(
    window, span, key, tmp_path
):
    made = tmp_path / "made.tar"
    command = ["archive", "export", "--config", window.config, "--feed", "lake",
               "--start", span[0], "--end", span[1], "--out", made, "--proof"]  # fmt: skip
    exported = run(*command)
    assert exported.returncode == 0, exported.stderr
    assert run("archive", "check", made, "--key", key).returncode == 0
    again = run(*command)
    assert again.returncode == 1, "what is there is not written over"
    seen = run("archive", "inspect", window.yesterday)
    assert seen.returncode == 0 and "its signature holds" in seen.stdout, seen.stdout
    whole = window.yesterday.read_bytes()
    try:
        for damage, words in (
            (lambda b: b[:-100] + bytes([b[-100] ^ 1]) + b[-99:], "another hash"),
            (lambda b: b[: len(b) // 2], "are no whole part"),
            (lambda b: bytes(len(b)), "nothing but zeros"),
            (lambda b: b"\xff\xd8\xff\xe0" + b[4:], "a JPEG picture"),
            (lambda b: b"", "empty"),
        ):
            window.yesterday.write_bytes(damage(whole))
            seen = run("archive", "inspect", window.yesterday)
            assert seen.returncode in (1, 2) and words in seen.stdout, seen.stdout
    finally:
        window.yesterday.write_bytes(whole)
    volumes = run("archive", "volumes", "--config", window.config)
    assert volumes.returncode == 0 and " ok " in volumes.stdout, volumes.stdout


def test_what_may_not_be_seen_is_in_no_proof(window, span):
    """A proof holds whole recordings: one that reaches into what is withheld is not given."""
    hidden = time_of(span[1]) + timedelta(seconds=3)
    admin = window.login("ada", PASSWORD)
    made = admin.post(window.base + "/api/v1/desk/withheld", timeout=30,
                      json={"feed": "lake", "start": stamp(hidden), "reason": "a nest",
                            "end": stamp(hidden + timedelta(seconds=1))})  # fmt: skip
    assert made.ok, made.text
    path = f"/proof/lake.tar?start={span[0]}&end={span[1]}"
    try:
        assert window.get(f"/clip/lake.mp4?start={span[0]}&end={span[1]}").status_code == 200
        refused = window.new_session().get(window.base + path, timeout=30)
        assert refused.status_code == 409, refused.text
        assert "nest" not in refused.text and "withheld" not in refused.text
        line = run(
            "archive", "export", "--config", window.config, "--feed", "lake", "--proof",
            "--start", span[0], "--end", span[1], "--out", window.folder / "no.tar",
        )  # fmt: skip
        assert line.returncode == 1 and not (window.folder / "no.tar").exists()
    finally:
        admin.delete(f"{window.base}/api/v1/desk/withheld/{made.json()['id']}", timeout=30)
    assert window.new_session().get(window.base + path, timeout=30).status_code == 200


def test_what_is_not_sealed_yet_is_refused_with_the_reason(window):
    now = time_of(window.feed("lake")["last_part_at"])
    answer = window.get(
        f"/proof/lake.tar?start={stamp(now - timedelta(seconds=3))}&end={stamp(now)}"
    )
    assert answer.status_code == 409 and "not sealed yet" in answer.text, answer.text
    nothing = window.get("/proof/lake.tar?start=2001-01-01T00:00:00Z&end=2001-01-01T00:01:00Z")
    assert nothing.status_code == 404
    long = window.get("/proof/lake.tar?start=2001-01-01T00:00:00Z&end=2001-01-01T02:00:00Z")
    assert long.status_code == 400
