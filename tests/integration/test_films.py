"""A span in a minute, and one picture a day."""

import subprocess
from datetime import datetime, timedelta, timezone

import pytest

from support import media
from support.program import feed_toml
from support.waiting import wait_until
from test_moments import PASSWORD, PLACES, recorded_s, stamp, time_of


@pytest.fixture(scope="module")
def server(shared):
    made = shared(
        lambda cameras: PLACES + feed_toml("lake", cameras.url(0), site="eling")
        + feed_toml("den", cameras.url(1), public=False)
        + feed_toml("late", cameras.url(2), delay_s=300),
        http="public_metrics = true\n",
        extra='licence = "CC-BY-4.0"',
    )  # fmt: skip
    made.add_user("ada", "administrator", PASSWORD)
    made.wait_live("lake")
    # Only what is older than half a minute is settled.
    settled = filmable_to(made) + timedelta(seconds=31)
    wait_until(lambda: datetime.now(timezone.utc) > settled, 90, "a settled span", every_s=0.5)
    return made


def filmable_from(server):
    return time_of(server.feed("lake")["first_recorded_at"])


def filmable_to(server):
    return filmable_from(server) + timedelta(seconds=14)


def span(server):
    begin = filmable_from(server) - timedelta(minutes=5)
    return f"start={stamp(begin)}&end={stamp(filmable_to(server))}"


def wait_for_film(server, query, feed="lake", get=None):
    get = get or server.get

    def ready():
        answer = get(f"/api/v1/feeds/{feed}/timelapse?{query}")
        if answer.status_code == 503:  # others are made first: it says to ask again
            return False
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] != "failed", answer.text
        return answer.json()["state"] == "ready" and answer.json()

    return wait_until(ready, 120, "the time-lapse", every_s=0.5)


def test_a_time_lapse_is_made_in_the_background_and_then_is_a_file(server, tmp_path):
    query = span(server) + "&length=2"
    first = server.get(f"/timelapse/lake.mp4?{query}")
    assert first.status_code == 202
    assert first.json()["state"] in ("waiting", "working")
    assert "Retry-After" in first.headers
    state = wait_for_film(server, query)
    assert state["missing_ms"] >= 300_000, "the time before the first recording is said"
    answer = server.get(state["url"])
    assert answer.status_code == 200
    assert len(answer.content) == state["bytes"]
    path = tmp_path / "film.mp4"
    path.write_bytes(answer.content)
    about = media.probe(path, "format_tags:format=duration:stream=codec_name,codec_type,width")
    video = [s for s in about["streams"] if s["codec_type"] == "video"]
    assert video[0]["codec_name"] == "h264"
    assert abs(float(about["format"]["duration"]) - state["length_s"]) < 0.02
    assert 0.08 <= state["length_s"] <= 2, "each full picture of the span once"
    assert about["format"]["tags"]["copyright"].startswith("CC-BY-4.0")
    assert "/m/lake/" in about["format"]["tags"]["comment"]
    tags = about["format"]["tags"]
    assert tags["location"] == "+34.9000+097.7000+4300/", "the published place"
    assert abs(time_of(tags["creation_time"]) - filmable_from(server)) < timedelta(seconds=2)
    assert tags["artist"] and tags["title"] == "lake" and "Eling" in tags["description"]
    assert b"34.9123" not in answer.content
    # Every frame can be decoded.
    decoded = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "null", "-"],
                             capture_output=True, text=True, stdin=subprocess.DEVNULL)  # fmt: skip
    assert decoded.returncode == 0 and decoded.stderr == ""
    part = server.get(state["url"], headers={"Range": "bytes=100-199"})
    assert part.status_code == 206 and part.content == answer.content[100:200]


def test_the_same_time_lapse_is_made_once(server):
    query = span(server) + "&length=3"
    state = wait_for_film(server, query)
    made = server.metrics()["oriel_timelapses_made_total", ()]
    assert server.get(state["url"]).status_code == 200
    assert server.get(f"/timelapse/lake.mp4?{query}").content == server.get(state["url"]).content
    assert server.metrics()["oriel_timelapses_made_total", ()] == made


def kept_films(server, feed="lake"):
    return set((server.data / "cache" / "timelapse" / feed).glob("*.mp4"))


def test_what_is_withheld_is_in_no_time_lapse_of_a_visitor(server):
    query = span(server) + "&length=4"
    before = wait_for_film(server, query)
    admin = server.login("ada", PASSWORD)
    kept = kept_films(server)
    assert kept
    first = filmable_from(server)
    hidden = {"feed": "lake", "start": stamp(first - timedelta(minutes=6)),
              "end": stamp(first + timedelta(seconds=7)), "reason": "a nest"}  # fmt: skip
    made = admin.post(server.base + "/api/v1/desk/withheld", json=hidden, timeout=30)
    assert made.ok, made.text
    try:
        assert not any(path.exists() for path in kept), "it does not stay on disk"
        answer = server.get(before["url"])
        assert answer.status_code in (200, 202)
        after = wait_for_film(server, query)
        assert after["missing_ms"] >= before["missing_ms"] + 6_000
        assert after["length_s"] < before["length_s"]
        whole = wait_for_film(server, query, get=lambda p: admin.get(server.base + p, timeout=30))
        assert whole["length_s"] == before["length_s"], "who may see it has all of it"
    finally:
        admin.delete(f"{server.base}/api/v1/desk/withheld/{made.json()['id']}", timeout=30)


def test_a_visitor_cannot_fill_the_queue(server):
    answers = [server.get(f"/timelapse/lake.mp4?{span(server)}&length={n}") for n in range(40, 60)]
    refused = [a for a in answers if a.status_code == 503]
    assert refused, [a.status_code for a in answers]
    assert all("Retry-After" in a.headers for a in refused)
    assert server.get("/api/v1/feeds").ok


def test_a_time_lapse_that_cannot_be_had_says_why(server):
    now = datetime.now(timezone.utc)

    def ask(start, end, more=""):
        answer = server.get(f"/timelapse/lake.mp4?start={stamp(start)}&end={stamp(end)}{more}")
        return answer.status_code, answer.json()["detail"]

    hour = timedelta(hours=1)
    status, detail = ask(now + hour, now + 2 * hour)
    assert status == 404 and "has not happened yet" in detail
    status, detail = ask(now - 900 * hour, now - 899 * hour)
    assert status == 404 and "before the first recording" in detail
    status, detail = ask(now, now)
    assert status == 400 and "end is not after start" in detail
    status, detail = ask(now - 87_600 * hour, now)
    assert status == 400 and "ask for at most 400 days" in detail
    status, detail = ask(now - timedelta(seconds=20), now)
    assert status == 404 and "too recent" in detail
    status, detail = ask(now - hour, now, "&length=100000")
    assert status == 400 and "length" in detail
    status, detail = ask(now - hour, now, "&light=moon")
    assert status == 400 and "light" in detail
    assert server.get(f"/timelapse/den.mp4?{span(server)}").status_code == 404


def test_what_is_shown_late_is_in_no_time_lapse_of_a_visitor_before(server):
    first = filmable_from(server)
    wait_until(lambda: datetime.now(timezone.utc) > first + timedelta(seconds=95), 120, every_s=1)
    now = datetime.now(timezone.utc)
    query = f"start={stamp(now - timedelta(seconds=200))}&end={stamp(now)}&length=6"
    answer = server.get(f"/timelapse/late.mp4?{query}")
    assert answer.status_code == 404 and "too recent" in answer.json()["detail"]
    days = server.api(f"/feeds/late/strip?{query.removesuffix('&length=6')}")["items"]
    assert days and not any(day["recorded"] or day["still"] for day in days)
    admin = server.login("ada", PASSWORD)
    wait_for_film(server, query, "late", lambda p: admin.get(server.base + p, timeout=30))
    assert server.get(f"/timelapse/late.mp4?{query}").status_code == 404


def test_the_end_that_was_answered_stays_while_one_waits(server):
    now = datetime.now(timezone.utc)
    query = f"start={stamp(filmable_from(server))}&end={stamp(now + timedelta(days=1))}&length=7"
    state = wait_for_film(server, query)
    assert time_of(state["end"]) <= now - timedelta(seconds=29)
    assert state["end"] in state["url"]
    again = server.get(state["url"])
    assert again.status_code == 200 and len(again.content) == state["bytes"]


def test_the_strip_has_each_day_at_the_same_height_of_the_sun(server):
    now = datetime.now(timezone.utc)
    query = f"start={stamp(now - timedelta(days=30))}&end={stamp(now)}"
    strip = server.api(f"/feeds/lake/strip?{query}&sun=20&side=morning")
    assert strip["by"] == "sun"
    assert 29 <= len(strip["items"]) <= 31
    for day in strip["items"]:
        assert abs(day["sun_deg"] - 20) < 3.5, "within ten minutes of it"
        assert day["recorded"] == (day["still"] is not None)
        assert day["recorded"] or day["reason"]
    noon = server.api(f"/feeds/lake/strip?{query}&sun=noon")["items"]
    assert all(day["sun_deg"] > 30 for day in noon)
    assert server.get(f"/api/v1/feeds/lake/strip?{query}&sun=high").status_code == 400
    long = f"start={stamp(now - timedelta(days=3650))}&end={stamp(now)}"
    answer = server.get(f"/api/v1/feeds/lake/strip?{long}")
    assert answer.status_code == 400 and "400 days" in answer.json()["detail"]
    assert recorded_s(server, "lake") > 0
