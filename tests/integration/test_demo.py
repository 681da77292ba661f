"""The demonstration, as a newcomer starts it."""

import json
import signal
import subprocess

import pytest
import requests

from support import media
from support.ports import free_port
from support.program import PROGRAM
from support.waiting import wait_until

AREAS = 12
SECTORS = 5


@pytest.fixture
def demo(tmp_path):
    """demo(arguments…): the base URL of a running demonstration."""
    running = []

    def begin(*arguments):
        port = free_port()
        log = (tmp_path / "demo.log").open("w")
        process = subprocess.Popen(
            [str(PROGRAM), "demo", "--listen", f"127.0.0.1:{port}", "--data",
             str(tmp_path / "data"), *map(str, arguments)],
            stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=tmp_path,
        )  # fmt: skip
        running.append((process, log))
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: requests.get(base + "/healthz", timeout=5).ok, 40)
        return base

    def end():
        while running:
            stop(*running.pop())

    def stop(process, log):
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(15) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            log.close()
            print((tmp_path / "demo.log").read_text()[-4000:])

    begin.end = end
    begin.log = lambda: (tmp_path / "demo.log").read_text()
    yield begin
    end()


def items(base, what):
    return requests.get(f"{base}/api/v1/{what}", timeout=20).json()["items"]


def test_twelve_areas_in_five_sectors_live_and_recorded(demo):
    base = demo()
    assert requests.get(base + "/api/v1/about", timeout=20).json()["demo"] is True
    assert len(items(base, "sectors")) == SECTORS
    sites = items(base, "sites")
    assert len(sites) == AREAS
    for site in sites:
        assert site["name"]["en"] and site["name"]["zh"]
        assert 31 < site["latitude"] < 40 and 89 < site["longitude"] < 104, "on the plateau"
    wait_until(
        lambda: len([f for f in items(base, "feeds") if f["state"] == "live"]) == AREAS, 60
    )
    feed = items(base, "feeds")[0]["id"]
    live = f"{base}/live/{feed}/index.m3u8"
    found = wait_until(lambda: (probed := media.probe(live))["streams"] and probed)
    assert (found["streams"][0]["width"], found["streams"][0]["height"]) == (1280, 720)
    assert "<html" in requests.get(base + "/", timeout=20).text


def test_own_clips_instead_of_the_rendered_areas(demo, tmp_path):
    clip = tmp_path / "mine.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-r", "25", "-i", str(media.clip("plain", seconds=4)), "-c",
         "copy", str(clip)], check=True, stdin=subprocess.DEVNULL)  # fmt: skip
    base = demo("--input", clip)
    feeds = wait_until(lambda: [f for f in items(base, "feeds") if f["state"] == "live"], 60)
    wait_until(lambda: media.probe(f"{base}/live/{feeds[0]['id']}/index.m3u8")["streams"])


def commons(base):
    answer = requests.get(base + "/api/v1/works?count=100", timeout=20).json()
    return {work["identifiers"].get("demonstration", work["id"]): work for work in answer["items"]}


def check_files(base, work):
    """Every file is there; what can take credits has them inside."""
    for file in work["files"]:
        answer = requests.get(base + (file["credits_url"] or file["url"]), timeout=30)
        assert answer.ok
        if file["credits_url"]:
            assert answer.headers["Oriel-Credits"] == "inside"
        if file["name"].endswith(".glb"):
            length = int.from_bytes(answer.content[12:16], "little")
            document = json.loads(answer.content[20 : 20 + length])
            assert "Drawing Room" in document["asset"]["copyright"]
            corners = document["accessors"][3]["count"]
            assert corners > 1000 and document["buffers"][0]["byteLength"] > corners * 2
        if file["name"].endswith(".csv"):
            assert len(answer.text.splitlines()) > 20
        if file["name"].endswith(".svg"):
            assert answer.text.startswith("<svg") and "<script" not in answer.text


def test_its_commons_is_whole_in_two_languages_and_made_once(demo):
    base = demo()
    wait_until(lambda: "exhibit-window" in commons(base), 240)
    made = commons(base)
    kinds = [work["kind"] for work in made.values()]
    assert kinds.count("model") == 12 and kinds.count("clip") == 4 and kinds.count("still") == 3
    assert kinds.count("lesson") == 2 and kinds.count("exhibit") == 1
    assert {"pack", "dataset", "sound"} <= set(kinds)
    for work in made.values():
        assert work["title"]["en"] and work["title"]["zh"] and work["about"]["zh"]
        assert work["state"] == "published"
        assert work["licence"].startswith("http://creativecommons.org/")
        assert work["makers"] and work["stewards"]
        check_files(base, work)
        rights = requests.get(f"{base}/api/v1/works/{work['id']}/rights", timeout=20).json()
        assert rights["clashes"] == []
    live = [b for p in made["exhibit-window"]["pages"] for b in p["blocks"] if b["kind"] == "live"]
    assert live, "the exhibit has a live window"
    demo.end()
    base = demo()
    wait_until(lambda: "commons is there" in demo.log(), 60)
    again = commons(base)
    assert {key: work["id"] for key, work in again.items()} == {
        key: work["id"] for key, work in made.items()
    }
