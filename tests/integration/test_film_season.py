"""A season and its days as films: three months, made of a recording of a quarter of a minute."""

import struct
from datetime import datetime, timedelta, timezone

import pytest

from support import media
from support.program import feed_toml
from support.waiting import wait_until
from test_films import kept_films, wait_for_film
from test_moments import PASSWORD, recorded_s, stamp, time_of


def shifted(recording, by_s):
    """The bytes of a recording as if it had been made `by_s` earlier: each part says its time."""
    made = bytearray(recording)
    at = 0
    while at < len(made):
        size, kind = struct.unpack_from(">I4s", made, at)
        if kind == b"prft":
            (ntp,) = struct.unpack_from(">Q", made, at + 16)
            struct.pack_into(">Q", made, at + 16, ntp - (by_s << 32))
        at += size
    return bytes(made)


@pytest.fixture(scope="module")
def season(shared):
    """92 days with a quarter of a minute recorded in each."""
    server = shared(lambda cameras: feed_toml("lake", cameras.url(0)))
    server.wait_live("lake")
    wait_until(lambda: recorded_s(server, "lake") > 15, 60, "a quarter of a minute")
    assert server.stop() == 0
    [today] = server.recordings()
    day = datetime.strptime("/".join(today.parts[-4:-1]), "%Y/%m/%d")
    for days in range(1, 92):
        folder = today.parents[3] / (day - timedelta(days=days)).strftime("%Y/%m/%d")
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{int(today.stem) + 1000 - days}.mp4"
        (folder / name).write_bytes(shifted(today.read_bytes(), days * 86_400))
    server.rebuild_database()
    server.add_user("ada", "administrator", PASSWORD)
    server.start()
    return server


def test_a_season_and_a_day_of_it_are_films_of_what_is_recorded(season, tmp_path):
    begin = time_of(season.feed("lake")["first_recorded_at"])
    end = begin + timedelta(days=91, seconds=14)
    assert datetime.now(timezone.utc) - begin > timedelta(days=90)
    wait_until(lambda: datetime.now(timezone.utc) > end + timedelta(seconds=92), 180, every_s=1)
    state = wait_for_film(season, f"start={stamp(begin)}&end={stamp(end)}&length=60")
    frames = round(state["length_s"] * 25)
    day = f"start={stamp(begin)}&end={stamp(begin + timedelta(days=1))}&length=60"
    of_a_day = round(wait_for_film(season, day)["length_s"] * 25)
    assert of_a_day >= 3
    assert 92 * (of_a_day - 1) <= frames <= 92 * (of_a_day + 1), "each day has its share"
    assert abs(state["missing_ms"] / 86_400_000 - 91) < 0.1
    path = tmp_path / "season.mp4"
    path.write_bytes(season.get(state["url"]).content)
    found = media.probe(path, "stream=nb_read_frames:stream=codec_name", count_frames=True)
    assert int(found["streams"][0]["nb_read_frames"]) == frames


def test_the_strip_of_a_season_has_a_picture_for_every_day(season):
    begin = time_of(season.feed("lake")["first_recorded_at"]) + timedelta(seconds=5)
    query = f"start={stamp(begin)}&end={stamp(begin + timedelta(days=90, seconds=1))}"
    strip = season.api(f"/feeds/lake/strip?{query}")
    assert strip["by"] == "time", "the place has no position"
    assert len(strip["items"]) == 91 and all(day["recorded"] for day in strip["items"])
    for day in strip["items"][::30]:
        still = season.get(day["still"])
        assert still.status_code == 200 and still.content[:2] == b"\xff\xd8"


def test_what_a_person_deletes_is_in_no_film_and_stays_in_none(season):
    begin = time_of(season.feed("lake")["first_recorded_at"])
    query = f"start={stamp(begin)}&end={stamp(begin + timedelta(days=10))}&length=5"
    before = wait_for_film(season, query)
    kept = kept_films(season)
    assert kept
    admin = season.login("ada", PASSWORD)
    order = {"feed": "lake", "start": stamp(begin - timedelta(hours=1)),
             "end": stamp(begin + timedelta(days=3)), "reason": "a person is seen"}  # fmt: skip
    done = admin.post(season.base + "/api/v1/archive/deletions", json=order, timeout=60)
    assert done.ok, done.text
    assert not any(path.exists() for path in kept), "it does not stay on disk"
    after = wait_for_film(season, query)
    assert after["length_s"] < before["length_s"]


def test_thinned_to_a_picture_a_minute_a_season_is_still_a_film(season):
    begin = time_of(season.feed("lake")["first_recorded_at"]) - timedelta(hours=1)
    end = begin + timedelta(days=35)
    admin = season.login("ada", PASSWORD)
    rule = {"minute_frames_after_days": 1}
    put = admin.put(season.base + "/api/v1/archive/retention/lake", json=rule, timeout=60)
    assert put.ok, put.text

    def thinned():
        spans = season.api(f"/feeds/lake/timeline?start={stamp(begin)}&end={stamp(end)}")["spans"]
        return {s["thinned"] for s in spans if s["state"] == "recorded"} == {"minute_frames"}

    wait_until(thinned, 240, "all of it thinned", every_s=1)
    state = wait_for_film(season, f"start={stamp(begin)}&end={stamp(end)}&length=60")
    assert round(state["length_s"] * 25) == 35, "one picture of each quarter of a minute"


def test_a_film_that_is_being_made_does_not_hold_up_the_stop(season):
    begin = time_of(season.feed("lake")["first_recorded_at"])
    query = f"start={stamp(begin)}&end={stamp(begin + timedelta(days=85))}&length=120"
    assert season.get(f"/timelapse/lake.mp4?{query}").status_code == 202
    assert season.stop() == 0
    left = list((season.data / "cache" / "timelapse").rglob("*.part*"))
    season.start()
    assert not any(path.exists() for path in left), "what was not finished goes"
    assert season.get(f"/timelapse/lake.mp4?{query}").status_code == 202
