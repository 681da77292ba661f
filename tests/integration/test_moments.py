"""A moment has an address that stays, and a file says itself what it shows."""

import json
import re
from datetime import datetime, timedelta, timezone

import pytest

from support import media
from support.program import feed_toml
from support.waiting import wait_until

PLACES = """
[[sector]]
id = "sanjiangyuan"
name = { en = "Sanjiangyuan", zh = "三江源" }
[[site]]
id = "eling"
sector = "sanjiangyuan"
name = { en = "Eling Lake shore", zh = "鄂陵湖畔" }
latitude = 34.912345
longitude = 97.712345
elevation_m = 4271
time_zone = "Asia/Shanghai"
published = { latitude = 34.9, longitude = 97.7 }
"""
PASSWORD = "correct horse battery"


def stamp(at):
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.fixture(scope="module")
def server(shared):
    made = shared(
        lambda cameras: PLACES + feed_toml("lake", cameras.url(0), site="eling")
        + feed_toml("ridge", cameras.url(1), licence="Museum use only")
        + feed_toml("den", cameras.url(2), public=False),
        extra='licence = "CC-BY-4.0"\nname = { en = "Plateau Window", zh = "高原之窗" }',
    )  # fmt: skip
    made.add_user("ada", "administrator", PASSWORD)
    for feed in ("lake", "ridge"):
        made.wait_live(feed)
    wait_until(lambda: recorded_s(made, "lake") > 8 and recorded_s(made, "ridge") > 2)
    return made


def recorded_s(server, feed):
    now = datetime.now(timezone.utc)
    line = server.api(f"/feeds/{feed}/timeline?start={stamp(now - timedelta(hours=1))}"
                      f"&end={stamp(now)}")  # fmt: skip
    return sum((time_of(s["end"]) - time_of(s["start"])).total_seconds()
               for s in line["spans"] if s["state"] == "recorded")  # fmt: skip


def recorded_moment(server, feed="lake"):
    first = time_of(server.feed(feed)["first_recorded_at"])
    return first + timedelta(seconds=2)


def data_of(page):
    found = re.search(r'<script type="application/json" id="moment">(.*?)</script>', page.text)
    return json.loads(found.group(1))


def test_a_clip_says_what_where_when_and_under_which_licence(server, tmp_path):
    at = recorded_moment(server)
    url = f"/clip/lake.mp4?start={stamp(at)}&end={stamp(at + timedelta(seconds=3))}"
    answer = server.get(url)
    assert answer.status_code == 200
    assert len(answer.content) == int(answer.headers["Content-Length"])
    path = tmp_path / "clip.mp4"
    path.write_bytes(answer.content)
    about = media.probe(path, "format_tags:format=duration:stream=codec_name")
    tags = about["format"]["tags"]
    created = time_of(tags["creation_time"])
    assert timedelta() <= at - created < timedelta(seconds=7), "the key frame before the start"
    length_s = (at + timedelta(seconds=3) - created).total_seconds()
    assert abs(float(about["format"]["duration"]) - length_s) < 1.5
    assert abs(time_of(tags["date"]) - created) < timedelta(seconds=1)
    assert tags["title"] == "lake"
    assert tags["artist"] == "Plateau Window · 高原之窗"
    assert "Eling Lake shore · 鄂陵湖畔, Sanjiangyuan · 三江源" in tags["description"]
    assert tags["copyright"] == "CC-BY-4.0 (https://creativecommons.org/licenses/by/4.0/)"
    address = f"{server.base}/m/lake/{tags['date']}"
    assert address in tags["comment"]
    # Only the published place: a file travels further than its permissions.
    assert tags["location"] == "+34.9000+097.7000+4300/"
    assert b"34.9123" not in answer.content
    there = server.get(address.removeprefix(server.base))
    assert there.status_code == 200, data_of(there)


def test_ranges_of_a_clip_with_its_words_are_the_same_bytes(server):
    at = recorded_moment(server)
    url = f"/clip/lake.mp4?start={stamp(at)}&end={stamp(at + timedelta(seconds=3))}"
    whole = server.get(url)
    middle = len(whole.content) // 2
    for begin, end in ((0, 99), (300, middle), (middle, len(whole.content) - 1)):
        part = server.get(url, headers={"Range": f"bytes={begin}-{end}"})
        assert part.status_code == 206
        assert part.content == whole.content[begin : end + 1]
        assert part.headers["ETag"] == whole.headers["ETag"]


def test_each_feed_has_its_licence_or_that_of_the_window(server):
    assert server.feed("lake")["licence"] == "CC-BY-4.0"
    assert server.feed("ridge")["licence"] == "Museum use only"


def test_the_address_of_a_moment_tells_people_and_machines_what_it_shows(server):
    at = recorded_moment(server)
    page = server.get(f"/m/lake/{stamp(at)}")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    text = page.text
    image = re.search(r'property="og:image" content="([^"]+)"', text).group(1).replace("&amp;", "&")
    assert image.startswith(server.base + "/snapshot/lake.jpg?at=")
    assert server.get(image.removeprefix(server.base)).headers["Content-Type"] == "image/jpeg"
    assert '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/"' in text
    moment = data_of(page)
    assert moment["state"] == "recorded"
    assert moment["time_zone"] == "Asia/Shanghai"
    assert (moment["latitude"], moment["longitude"]) == (34.9, 97.7)
    assert moment["licence"] == "CC-BY-4.0"
    assert moment["address"] == f"{server.base}/m/lake/{stamp(at)}"
    assert "Plateau Window" in moment["cite"] and moment["address"] in moment["cite"]
    assert server.api(f"/feeds/lake/moment?at={stamp(at)}") == moment


def test_a_moment_that_cannot_be_seen_says_why_and_what_is_nearest(server):
    now = datetime.now(timezone.utc)
    first = time_of(server.feed("lake")["first_recorded_at"])
    later = server.get(f"/m/lake/{stamp(now + timedelta(days=1))}")
    assert later.status_code == 404
    assert data_of(later)["state"] == "not_yet"
    early = server.get(f"/m/lake/{stamp(first - timedelta(days=400))}")
    assert early.status_code == 404
    assert data_of(early)["state"] == "before"
    assert abs(time_of(data_of(early)["later"]) - first) < timedelta(milliseconds=2)
    assert "og:image" not in early.text
    assert server.get("/m/lake/yesterday").status_code == 400
    assert server.get(f"/m/nowhere/{stamp(now)}").status_code == 404
    assert server.get(f"/m/den/{stamp(now)}").status_code == 404


def test_what_is_withheld_is_withheld_at_its_address_and_in_the_coverage(server):
    at = recorded_moment(server)
    hidden = (stamp(at - timedelta(seconds=1)), stamp(at + timedelta(seconds=1)))
    admin = server.login("ada", PASSWORD)
    made = admin.post(server.base + "/api/v1/desk/withheld", timeout=30,
                      json={"feed": "lake", "start": hidden[0], "end": hidden[1],
                            "reason": "a nest"})  # fmt: skip
    assert made.ok, made.text
    try:
        page = server.get(f"/m/lake/{stamp(at)}")
        assert page.status_code == 403
        moment = data_of(page)
        assert moment["state"] == "withheld"
        assert moment["reason"] == "withheld"
        assert time_of(moment["later"]) >= time_of(hidden[1])
        assert "a nest" not in page.text
        query = f"start={hidden[0]}&end={hidden[1]}&by=hour"
        seen = server.api(f"/feeds/lake/coverage?{query}")["items"]
        assert sum(i["missing_ms"].get("withheld", 0) for i in seen) == 2000
        own = admin.get(f"{server.base}/api/v1/feeds/lake/coverage?{query}", timeout=30).json()
        assert sum(i["recorded_ms"] for i in own["items"]) == 2000
        assert admin.get(f"{server.base}/m/lake/{stamp(at)}", timeout=30).status_code == 200
    finally:
        admin.delete(f"{server.base}/api/v1/desk/withheld/{made.json()['id']}", timeout=30)


@pytest.mark.parametrize("what", ["/clip/lake.mp4", "/playback/lake/index.m3u8"])
def test_a_span_that_cannot_be_had_says_why_and_what_to_do(server, what):
    now = datetime.now(timezone.utc)

    def ask(start, end):
        answer = server.get(f"{what}?start={stamp(start)}&end={stamp(end)}")
        assert answer.headers["Content-Type"] == "application/problem+json"
        return answer.status_code, answer.json()["detail"]

    hour = timedelta(hours=1)
    status, detail = ask(now + hour, now + 2 * hour)
    assert status == 404 and "has not happened yet" in detail
    status, detail = ask(now - 900 * hour, now - 899 * hour)
    assert status == 404 and "before the first recording" in detail
    status, detail = ask(now - hour, now - hour)
    assert status == 400 and "end is not after start" in detail
    status, detail = ask(now - timedelta(days=3650), now)
    assert status == 400 and "longer than" in detail and "ask for" in detail
