"""The commons: from a moment to a Work, uploads that stop and go on, who may see what."""

import base64
import hashlib
import json
import os
import re
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
import requests

from support import media
from support.program import feed_toml
from support.waiting import wait_until

WORD = "a word long enough"
SITE = """
[[site]]
id = "eling"
name = { en = "Eling Lake", zh = "鄂陵湖" }
latitude = 34.912345
longitude = 97.712345
published = { latitude = 34.9, longitude = 97.7 }
"""
CC_BY = "https://creativecommons.org/licenses/by/4.0/"


def stamp(at):
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@pytest.fixture(scope="module")
def server(shared):
    made = shared(
        lambda cameras: SITE + feed_toml("lake", cameras.url(0), site="eling"),
        extra='licence = "CC-BY-4.0"\nname = { en = "Plateau Window" }',
    )
    for role in ("viewer", "curator", "operator"):
        made.add_user(f"the-{role}", role, WORD)
    made.wait_live("lake")
    return made


@pytest.fixture(scope="module")
def curator(server):
    return server.login("the-curator", WORD)


def works(server):
    return server.base + "/api/v1/works"


def add(server, session, **content):
    content = {"kind": "image", "title": {"en": "A herd", "zh": "兽群"}, "licence": CC_BY} | content
    answer = session.post(works(server), json=content, timeout=30)
    assert answer.status_code == 201, answer.text
    return answer.json()


def move(server, session, work, *states, note=""):
    for state in states:
        answer = session.post(
            f"{works(server)}/{work['id']}/state", json={"state": state, "note": note},
            headers={"If-Match": f'"{work["version"]}"'}, timeout=30,
        )  # fmt: skip
        assert answer.ok, answer.text
        work = answer.json() if answer.content else work
    return work


def upload(server, session, data, piece=1 << 20, **headers):
    """All of it in pieces, as the draft of the IETF has it; the file."""
    answer = session.post(
        server.base + "/api/v1/uploads?name=file", data=b"", timeout=30,
        headers={"Upload-Complete": "?0", "Upload-Length": str(len(data))} | headers,
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    place = server.base + answer.headers["Location"]
    for begin in range(0, max(len(data), 1), piece):
        end = min(begin + piece, len(data))
        answer = append(session, place, begin, data[begin:end], end == len(data))
        assert answer.ok, answer.text
    return answer.json()


def append(session, place, offset, data, complete):
    return session.patch(
        place, data=data, timeout=60,
        headers={"Upload-Offset": str(offset), "Upload-Complete": "?1" if complete else "?0",
                 "Content-Type": "application/partial-upload"},
    )  # fmt: skip


def test_from_a_moment_to_a_published_work_and_it_goes_with_a_withheld_moment(
    server, curator, tmp_path
):
    def first():
        at = server.feed("lake").get("first_recorded_at")
        return at and datetime.fromisoformat(at.replace("Z", "+00:00"))

    wait_until(lambda: first() and datetime.now(timezone.utc) - first() > timedelta(seconds=12))
    start = first() + timedelta(seconds=2)
    end = start + timedelta(seconds=3)
    form = {
        "feed": "lake", "start": stamp(start), "end": stamp(end),
        "title": {"en": "Dawn at the lake", "zh": "湖畔晨光"},
        "terms": ["http://metadata.un.org/sdg/15"], "audience": {"from": 9, "to": 12},
    }  # fmt: skip
    made = curator.post(works(server) + "/of-moment", json=form, timeout=60)
    assert made.status_code == 201, made.text
    work = made.json()
    assert work["kind"] == "clip" and work["state"] == "draft"
    assert work["licence"] == CC_BY
    assert work["place"] == {"latitude": 34.9, "longitude": 97.7}, "the published place only"
    clip = next(file for file in work["files"] if file["role"] == "original")
    picture = next(file for file in work["files"] if file["role"] == "preview")
    assert clip["type"] == "video/mp4" and picture["type"] == "image/jpeg"
    for path in (f"/api/v1/works/{work['id']}", clip["url"], picture["url"]):
        assert server.get(path).status_code == 404, "a draft does not exist for the public"
    still = curator.post(
        works(server) + "/of-moment", json=form | {"end": stamp(start)}, timeout=60
    ).json()
    assert still["kind"] == "still" and [f["type"] for f in still["files"]] == ["image/jpeg"]
    work = move(server, curator, work, "in_review", "published")
    public = server.api(f"/works/{work['id']}")
    assert public["title"]["zh"] == "湖畔晨光" and not public["withheld"]
    answer = server.get(clip["url"])
    assert answer.ok and "max-age" in answer.headers["Cache-Control"]
    assert hashlib.sha256(answer.content).hexdigest() == clip["sha256"]
    (tmp_path / "clip.mp4").write_bytes(answer.content)
    about = media.probe(tmp_path / "clip.mp4", "format_tags:format=duration")
    assert about["format"]["tags"]["title"] == "Dawn at the lake · 湖畔晨光"
    assert float(about["format"]["duration"]) >= 3
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    middle = server.get(clip["url"], headers={"Range": "bytes=100-199"})
    assert middle.status_code == 206 and middle.content == answer.content[100:200]
    assert work["id"] in [item["id"] for item in server.api("/works")["items"]]

    operator = server.login("the-operator", WORD)
    withheld = operator.post(
        server.base + "/api/v1/desk/withheld", timeout=30,
        json={"feed": "lake", "start": stamp(start), "end": stamp(end), "reason": "a den"},
    )  # fmt: skip
    assert withheld.ok, withheld.text
    told = server.api(f"/works/{work['id']}")
    assert told["withheld"] is True and told["title"]["en"] == "Dawn at the lake"
    assert all(file["url"] == "" for file in told["files"])
    for url in (clip["url"], picture["url"]):
        assert server.get(url).status_code == 404
        assert curator.get(server.base + url, timeout=30).status_code == 404
        kept = operator.get(server.base + url, timeout=30)
        assert kept.ok and kept.headers["Cache-Control"] == "no-store"
    number = withheld.json()["id"]
    operator.delete(f"{server.base}/api/v1/desk/withheld/{number}", timeout=30)
    assert server.get(clip["url"]).ok


def test_a_work_goes_through_a_review_and_keeps_its_address(server, curator):
    viewer = server.login("the-viewer", WORD)
    work = add(server, viewer)
    handed_in = move(server, viewer, work, "in_review")
    refused = viewer.post(
        f"{works(server)}/{work['id']}/state", json={"state": "published"},
        headers={"If-Match": f'"{handed_in["version"]}"'}, timeout=30,
    )  # fmt: skip
    assert refused.status_code == 403
    address = f"/api/v1/works/{work['id']}"
    assert server.get(address).status_code == 404
    published = move(server, curator, handed_in, "published")
    assert server.get(address).ok
    page = server.get(f"/works/{work['id']}")
    assert page.status_code == 200 and "A herd · 兽群" in page.text
    data = json.loads(re.search(r'id="work">(.*?)</script>', page.text).group(1))
    assert data["work"]["id"] == work["id"] and data["licence"]["name"]["en"]
    assert f"/works/{work['id']}" in data["cite"]
    withdrawn = move(server, curator, published, "withdrawn", note="the count was wrong")
    gone = server.get(address)
    assert gone.status_code == 410
    assert gone.json()["work"]["title"] == {"en": "A herd", "zh": "兽群"}
    assert gone.json()["work"]["note"] == "the count was wrong"
    page = server.get(f"/works/{work['id']}")
    assert page.status_code == 410 and "the count was wrong" in page.text
    assert curator.get(server.base + address, timeout=30).ok
    move(server, curator, withdrawn, "deleted")
    for session in (server.session, curator):
        answer = session.get(server.base + address, timeout=30)
        assert answer.status_code == 410 and answer.json()["work"]["state"] == "deleted"


def test_two_curators_editing_one_work_are_both_told(server, curator):
    work = add(server, curator)
    url = f"{works(server)}/{work['id']}"
    ours = {"kind": "image", "title": {"en": "Ours"}, "note": "a better title"}
    assert curator.put(url, json=ours, timeout=30).status_code == 428
    first = curator.put(url, json=ours, headers={"If-Match": '"1"'}, timeout=30)
    assert first.ok and first.headers["ETag"] == '"2"'
    late = curator.put(url, json={"kind": "image", "title": {"en": "Theirs"}},
                       headers={"If-Match": '"1"'}, timeout=30)  # fmt: skip
    assert late.status_code == 412
    assert late.json()["now"]["title"] == {"en": "Ours"}
    history = curator.get(url + "/versions", timeout=30).json()["items"]
    assert [(item["version"], item["title"]["en"]) for item in history] == [(1, "A herd")]
    assert curator.get(url, timeout=30).json()["note"] == "a better title"


def test_who_contributes_sees_and_changes_his_own_drafts_only(server, curator):
    viewer = server.login("the-viewer", WORD)
    work = add(server, curator)
    url = f"{works(server)}/{work['id']}"
    assert viewer.get(url, timeout=30).status_code == 404
    content = {"kind": "image", "title": {"en": "Mine"}}
    for method in (viewer.put, viewer.post):
        there = url if method == viewer.put else url + "/state"
        body = content if method == viewer.put else {"state": "deleted"}
        answer = method(there, json=body, headers={"If-Match": '"1"'}, timeout=30)
        assert answer.status_code == 404
    listed = viewer.get(works(server) + "?state=draft", timeout=30).json()["items"]
    assert work["id"] not in [item["id"] for item in listed]


def test_an_upload_stops_half_way_goes_on_and_is_checked(server, curator):
    data = b"species,count\n" + bytes(range(256)) * 9000
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    begun = curator.post(
        server.base + "/api/v1/uploads?name=counts.bin", data=data[:100_000], timeout=30,
        headers={"Upload-Complete": "?0", "Upload-Length": str(len(data)),
                 "Repr-Digest": f"sha-256=:{digest}:"},
    )  # fmt: skip
    assert begun.status_code == 201 and begun.headers["Upload-Offset"] == "100000"
    assert "max-append-size=8388608" in begun.headers["Upload-Limit"]
    place = server.base + begun.headers["Location"]
    # The connection is lost within a piece.
    curator.close()
    state = curator.head(place, timeout=30)
    assert state.headers["Upload-Offset"] == "100000" and state.headers["Upload-Complete"] == "?0"
    wrong = append(curator, place, 5, b"x", False)
    assert wrong.status_code == 409 and wrong.json()["expected-offset"] == 100_000
    assert wrong.json()["type"].endswith("#mismatching-upload-offset")
    assert append(curator, place, 100_000, data[100_000:200_000], False).status_code == 204
    done = append(curator, place, 200_000, data[200_000:], True)
    assert done.status_code == 201 and done.json()["sha256"] == hashlib.sha256(data).hexdigest()
    assert curator.head(place, timeout=30).status_code == 404
    other = server.login("the-viewer", WORD)
    begun = curator.post(
        server.base + "/api/v1/uploads", data=b"x", headers={"Upload-Complete": "?0"}, timeout=30
    )
    assert other.head(server.base + begun.headers["Location"], timeout=30).status_code == 404


def test_what_is_not_what_it_says_is_refused(server, curator):
    wrong = curator.post(
        server.base + "/api/v1/uploads", data=b"flipped", timeout=30,
        headers={"Repr-Digest": "sha-256=:" + base64.b64encode(bytes(32)).decode() + ":"},
    )  # fmt: skip
    assert wrong.status_code == 400 and "SHA-256" in wrong.json()["detail"]
    svg = b"<svg onload='x()' xmlns='http://www.w3.org/2000/svg'/>"
    script = curator.post(server.base + "/api/v1/uploads", data=svg, timeout=30)
    assert script.status_code == 422 and "script" in script.json()["detail"]
    length = {"Upload-Complete": "?0", "Upload-Length": str(51 << 30)}
    large = curator.post(server.base + "/api/v1/uploads", data=b"", headers=length, timeout=30)
    assert large.status_code == 413
    video = upload(server, curator, b"\0\0\0\x18ftypisom\0\0\2\0isomavc1")
    assert video["type"] == "video/mp4"
    held = {"sha256": video["sha256"], "name": "herd.jpg"}
    content = {"kind": "image", "title": {"en": "x"}, "files": [held]}
    refused = curator.post(works(server), json=content, timeout=30)
    assert refused.status_code == 400 and "video/mp4" in refused.json()["detail"]


def test_nobody_fills_the_memory_who_may_not_upload(server):
    """Refused before the body is taken."""
    answer = requests.post(server.base + "/api/v1/uploads", data=bytes(4 << 20), timeout=30)
    assert answer.status_code == 401


def test_a_work_that_contains_itself_is_refused(server, curator):
    inner = add(server, curator)
    outer = add(server, curator, parts=[inner["id"]])
    content = {"kind": "image", "title": {"en": "x"}, "parts": [outer["id"]]}
    answer = curator.put(f"{works(server)}/{inner['id']}", json=content,
                         headers={"If-Match": '"1"'}, timeout=30)  # fmt: skip
    assert answer.status_code == 400 and "contain itself" in answer.json()["detail"]
    published = move(server, curator, inner, "in_review", "published")
    holders = server.api(f"/works/{published['id']}/holders")["items"]
    assert holders == [], "a draft is not told to the public"


def test_parties_and_terms_are_kept(server, curator):
    parties = server.base + "/api/v1/parties"
    museum = curator.post(parties, json={"kind": "institution", "name": {"en": "Museum"}},
                          timeout=30)  # fmt: skip
    assert museum.status_code == 201, museum.text
    url = f"{parties}/{museum.json()['id']}"
    changed = curator.put(url, json={"kind": "institution", "name": {"en": "Museum", "zh": "馆"}},
                          headers={"If-Match": museum.headers["ETag"]}, timeout=30)  # fmt: skip
    assert changed.ok and changed.json()["version"] == 2
    add(server, curator, stewards=[museum.json()["id"]])
    assert curator.delete(url, timeout=30).status_code == 409
    goals = server.api("/terms?scheme=sdg")["items"]
    assert len(goals) == 186
    labels = {goal["notation"]: goal["label"] for goal in goals}
    assert labels["15"] == {"en": "Life on Land", "zh": "陆地生物"}


def test_a_clash_of_licences_is_told_and_credits_follow(server, curator):
    poster = add(server, curator, title={"en": "The poster"},
                 licence="http://creativecommons.org/licenses/by-nd/4.0/",
                 makers=[{"name": "Li Hua", "role": "author"}])  # fmt: skip
    cut = add(server, curator, derived_from=[poster["id"]])
    rights = curator.get(f"{works(server)}/{cut['id']}/rights", timeout=30).json()
    assert [clash["source"] for clash in rights["clashes"]] == [poster["id"]]
    assert rights["clashes"][0]["reason"] == "no_derivatives"
    handed_in = move(server, curator, cut, "in_review")
    refused = curator.post(
        f"{works(server)}/{cut['id']}/state", json={"state": "published"},
        headers={"If-Match": f'"{handed_in["version"]}"'}, timeout=30,
    )  # fmt: skip
    assert refused.status_code == 409 and "The poster" in refused.json()["detail"]
    credits = curator.get(f"{works(server)}/{cut['id']}/credits?format=markdown", timeout=30)
    assert "Li Hua" in credits.text and "The poster" in credits.text
    assert "CC-BY-4.0" in [item["id"] for item in server.api("/licences")["items"]]


def test_a_table_is_looked_at_taken_and_undone(server, curator):
    table = "题名,Title,Number\n碗,Bowl,1\n,Cup,2\n".encode("gb18030")
    file = upload(server, curator, table)
    columns = {"题名": "title.zh", "Title": "title.en", "Number": "identifiers.accession"}
    plan = {"file": file["sha256"], "defaults": {"kind": "object"}, "columns": columns}
    imports = server.base + "/api/v1/imports"
    told = curator.post(imports + "/check", json=plan, timeout=30)
    assert told.status_code == 400 and "GBK" in told.json()["detail"], told.text
    plan["encoding"] = "gb18030"
    report = curator.post(imports + "/check", json=plan, timeout=30).json()
    assert (report["rows"], report["faulty"]) == (2, 0)
    before = len(curator.get(works(server) + "?state=draft", timeout=30).json()["items"])
    taken = curator.post(imports, json=plan, timeout=30)
    assert taken.status_code == 201 and taken.json()["works"] == 2
    drafts = curator.get(works(server) + "?state=draft", timeout=30).json()["items"]
    assert len(drafts) == before + 2
    assert {item["title"].get("zh") for item in drafts[:2]} == {"碗", None}
    undone = curator.delete(f"{imports}/{taken.json()['id']}", timeout=30).json()
    assert undone == {"removed": 2, "kept": []}
    again = curator.get(works(server) + "?state=draft", timeout=30).json()["items"]
    assert len(again) == before


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, in memory, for the files."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    folder = tmp_path / "server" / "data" / "objects"
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)],
        capture_output=True, text=True,
    )  # fmt: skip
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_fills_during_an_upload_stops_it_and_it_goes_on_when_there_is_room(
    oriel, small_disk
):
    server = oriel()
    server.add_user("the-curator", "curator", WORD)
    curator = server.login("the-curator", WORD)
    (small_disk / "ballast").write_bytes(bytes(15 << 20))
    data = bytes(12 << 20)
    length = {"Upload-Complete": "?0", "Upload-Length": str(len(data))}
    begun = curator.post(server.base + "/api/v1/uploads", data=b"", headers=length, timeout=30)
    place = server.base + begun.headers["Location"]
    assert append(curator, place, 0, data[: 6 << 20], False).status_code == 204
    full = append(curator, place, 6 << 20, data[6 << 20 :], True)
    assert full.status_code == 507, full.text
    offset = int(curator.head(place, timeout=30).headers["Upload-Offset"])
    assert 6 << 20 <= offset < len(data)
    (small_disk / "ballast").unlink()
    server.kill()
    server.start()
    done = append(curator, place, offset, data[offset:], True)
    assert done.status_code == 201, done.text
    assert done.json()["sha256"] == hashlib.sha256(data).hexdigest()


def test_what_is_published_is_found_within_a_moment_and_what_is_withdrawn_is_not(server, curator):
    title = {"en": "Bar-headed goose on the nest", "zh": "孵卵的斑头雁"}
    work = add(server, curator, title=title, terms=["http://metadata.un.org/sdg/15"])

    def search(**asked):
        answer = requests.get(works(server), params=asked, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def found(words):
        return [item["id"] for item in search(q=words)["items"]]

    assert work["id"] not in found("goose")
    work = move(server, curator, work, "in_review", "published")
    for words in ("goose", "nests goose", "斑头雁", "bantouyan", '"headed goose"', "goos"):
        wait_until(lambda words=words: work["id"] in found(words), what=words)
    counted = search(q="goose", kind="image")
    goal = next(item for item in counted["facets"]["sdg"] if item["value"].endswith("/15"))
    assert goal["count"] == 1 and goal["label"]["en"] == "Life on Land"
    assert search(q="goose", kind="book")["total"] == 0
    assert search(q="goose", sort="newest", count=1)["next"] is None
    work = move(server, curator, work, "withdrawn")
    wait_until(lambda: search(q="goose")["total"] == 0)


@pytest.mark.parametrize(
    "asked",
    [{"q": "x" * 600}, {"q": "a", "sort": "loudest"}, {"q": "a", "cursor": "-1"},
     {"q": "a", "count": "0"}, {"q": "a", "cursor": "100000000"}],
)  # fmt: skip
def test_a_search_that_cannot_be_is_refused_with_the_reason(server, asked):
    answer = requests.get(works(server), params=asked, timeout=30)
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]


def test_nobody_claims_what_is_not_his(server, curator):
    viewer = server.login("the-viewer", WORD)
    file = upload(server, curator, b"day,animals\n2026-11-01,12\n" + os.urandom(8).hex().encode())
    held = [{"sha256": file["sha256"], "name": "counted.csv"}]
    work = move(server, curator, add(server, curator, files=held), "in_review", "published")
    url = f"{server.base}/files/{file['sha256']}"
    assert requests.get(url, timeout=30).ok

    # A moment is cut, not claimed: else anybody could hide a file behind a withheld one.
    claim = {"kind": "image", "title": {"en": "Mine"}, "files": held}
    span = {"feed": "lake", "start": "2000-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
    refused = viewer.post(works(server), json=claim | {"moment": span}, timeout=30)
    assert refused.status_code == 403, refused.text
    # What was withdrawn is not had by its sum.
    move(server, curator, work, "withdrawn")
    refused = viewer.post(works(server), json=claim, timeout=30)
    assert refused.status_code == 400, refused.text
    assert viewer.get(url, timeout=30).status_code == 404
    # A draft that never was in public leaves no trace for it, and accounts are not named there.
    draft = add(server, curator)
    move(server, curator, draft, "deleted")
    assert requests.get(f"{works(server)}/{draft['id']}", timeout=30).status_code == 404
    shown = move(server, curator, add(server, curator), "in_review", "published", note="well done")
    seen = requests.get(f"{works(server)}/{shown['id']}", timeout=30).json()
    assert (seen["made_by"], seen["changed_by"], seen["note"]) == ("", "", "")


def test_who_contributes_says_how_much_will_come(server, curator):
    viewer = server.login("the-viewer", WORD)
    begin = dict(data=b"", headers={"Upload-Complete": "?0"}, timeout=30)
    assert viewer.post(server.base + "/api/v1/uploads?name=a", **begin).status_code == 411
    assert curator.post(server.base + "/api/v1/uploads?name=a", **begin).status_code == 201
    begin["headers"]["Upload-Length"] = str(50 << 30)
    assert viewer.post(server.base + "/api/v1/uploads?name=a", **begin).status_code == 201
    refused = viewer.post(server.base + "/api/v1/uploads?name=b", **begin)
    assert refused.status_code == 403
    assert "100 GiB" in refused.json()["detail"]


def test_what_was_never_in_public_stays_with_its_maker_and_the_curators(server, curator):
    work = add(server, curator, about={"en": "the den is at the third bend"})
    answer = curator.put(
        f"{works(server)}/{work['id']}", timeout=30, headers={"If-Match": '"1"'},
        json={"kind": "image", "title": {"en": "A herd"}, "licence": CC_BY},
    )  # fmt: skip
    assert answer.ok, answer.text
    move(server, curator, answer.json(), "in_review", "published", "withdrawn", "published")
    place = f"{works(server)}/{work['id']}/versions"
    viewer = server.login("the-viewer", WORD)
    seen = viewer.get(place, timeout=30).json()["items"]
    assert [version["state"] for version in seen] == ["published"]
    assert "third bend" in curator.get(place, timeout=30).text


def test_publishing_from_a_feed_that_the_public_does_not_see_is_asked_about(server, curator):
    moment = {"feed": "gone", "start": "2026-11-01T00:00:00Z", "end": "2026-11-01T00:01:00Z"}
    operator = server.login("the-operator", WORD)
    work = add(server, operator, moment=moment)
    work = move(server, curator, work, "in_review")
    state = {"state": "published"}

    def publish(**more):
        return curator.post(
            f"{works(server)}/{work['id']}/state", json=state | more,
            headers={"If-Match": f'"{work["version"]}"'}, timeout=30,
        )  # fmt: skip

    asked = publish()
    assert asked.status_code == 409
    assert asked.json()["private_feeds"] == ["gone"]
    assert publish(even_private=True).json()["state"] == "published"


def test_a_megabyte_of_brackets_does_not_stop_the_server(server, curator):
    text = "<" * 45_000
    about = {f"{a}{b}": text for a in "abcd" for b in "abcde"}
    work = add(server, curator, about=about)
    page = curator.get(f"{server.base}/works/{work['id']}", timeout=60)
    assert page.ok and page.text.count("<" * 10) == 0
    assert requests.get(server.base + "/healthz", timeout=30).ok
