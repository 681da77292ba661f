"""Lessons and exhibits: composed of Works, copied and changed, with the credits behind them."""

import pytest
from test_commons import CC_BY, SITE, WORD, add, move, works

from support.program import feed_toml

CC_BY_NC_ND = "https://creativecommons.org/licenses/by-nc-nd/4.0/"


@pytest.fixture(scope="module")
def server(shared):
    made = shared(lambda cameras: SITE + feed_toml("lake", cameras.url(0), site="eling"))
    for role in ("viewer", "curator"):
        made.add_user(f"the-{role}", role, WORD)
    return made


@pytest.fixture(scope="module")
def curator(server):
    return server.login("the-curator", WORD)


@pytest.fixture(scope="module")
def teacher(server):
    return server.login("the-viewer", WORD)


@pytest.fixture(scope="module")
def picture(server, curator):
    work = add(server, curator, credit="Plateau Museum")
    return move(server, curator, work, "in_review", "published")


def page(*blocks, **title):
    return {"title": title or {"en": "A page"}, "blocks": list(blocks)}


def lesson(server, session, *pages, **more):
    return add(server, session, kind="lesson", credit="The School", pages=list(pages), minutes=45,
               audience={"from": 9, "to": 12}, **more)  # fmt: skip


def test_a_lesson_comes_back_as_it_was_written(server, curator, picture):
    pages = [page(
        {"kind": "text", "text": {"en": "# The lake", "zh": "# 湖"}},
        {"kind": "picture", "work": picture["id"], "text": {"en": "At dawn"}},
        {"kind": "live", "feed": "lake"},
        {"kind": "question", "text": {"en": "How high?"}, "explanation": {"en": "It is."},
         "answers": [{"text": {"en": "4,268 m"}, "right": True}, {"text": {"en": "68 m"}}]},
    )]  # fmt: skip
    made = lesson(server, curator, *pages)
    kept = curator.get(f"{works(server)}/{made['id']}", timeout=30).json()
    assert kept["minutes"] == 45
    kinds = [block["kind"] for block in kept["pages"][0]["blocks"]]
    assert kinds == ["text", "picture", "live", "question"]
    assert kept["pages"][0]["blocks"][1]["work"] == picture["id"]
    assert [answer["right"] for answer in kept["pages"][0]["blocks"][3]["answers"]] == [True, False]
    holders = curator.get(f"{works(server)}/{picture['id']}/holders", timeout=30).json()["items"]
    assert made["id"] in [holder["id"] for holder in holders]


@pytest.mark.parametrize(("pages", "why"), [
    ([page({"kind": "film"})], "pages[0].blocks[0].work"),
    ([page({"kind": "picture", "work": "nobody"})], "there is no Work nobody"),
    ([page({"kind": "live"})], "pages[0].blocks[0].feed"),
    ([page({"kind": "jump"})], "pages[0].blocks[0].kind"),
    ([page({"kind": "question", "text": {"en": "?"}, "answers": [{"text": {"en": "a"}}]})],
     "none is right"),
    ([page()] * 101, "more than 100"),
])  # fmt: skip
def test_a_page_that_cannot_be_shown_is_refused_with_its_place(server, curator, pages, why):
    answer = curator.post(
        works(server), json={"kind": "lesson", "title": {"en": "x"}, "pages": pages}, timeout=30
    )
    assert answer.status_code == 422 or answer.status_code == 400, answer.text
    assert why in answer.json()["detail"]


def test_a_teacher_copies_a_lesson_changes_it_and_the_credits_follow(
    server, curator, teacher, picture
):
    text = {"kind": "text", "text": {"en": "Look closely."}}
    made = lesson(server, curator, page(text, {"kind": "picture", "work": picture["id"]}))
    made = move(server, curator, made, "in_review", "published")
    answer = teacher.post(f"{works(server)}/{made['id']}/copy", timeout=30)
    assert answer.status_code == 201, answer.text
    copy = answer.json()
    assert copy["derived_from"] == [made["id"]]
    assert copy["pages"] == made["pages"]
    assert copy["state"] == "draft"
    copy["pages"][0]["blocks"][0]["text"]["en"] = "Look twice."
    content = {name: copy[name] for name in ("kind", "title", "licence", "pages", "derived_from")}
    changed = teacher.put(
        f"{works(server)}/{copy['id']}", json=content | {"credit": "Class 4b"},
        headers={"If-Match": '"1"'}, timeout=30,
    )  # fmt: skip
    assert changed.ok, changed.text
    place = f"{works(server)}/{copy['id']}/credits?format=markdown&language=en"
    credits = teacher.get(place, timeout=30).text
    for name in ("Class 4b", "The School", "Plateau Museum"):
        assert name in credits
    assert server.session.post(f"{works(server)}/{made['id']}/copy", timeout=30).status_code == 401


def test_a_licence_of_what_a_page_shows_stops_publishing(server, curator):
    closed = add(server, curator, licence=CC_BY_NC_ND, credit="Archive", title={"en": "No changes"})
    closed = move(server, curator, closed, "in_review", "published")
    derived = lesson(server, curator, page({"kind": "picture", "work": closed["id"]}),
                     derived_from=[closed["id"]])  # fmt: skip
    derived = move(server, curator, derived, "in_review")
    refused = curator.post(
        f"{works(server)}/{derived['id']}/state", json={"state": "published"},
        headers={"If-Match": f'"{derived["version"]}"'}, timeout=30,
    )  # fmt: skip
    assert refused.status_code == 409
    assert refused.json()["clashes"]
    assert "No changes" in refused.json()["detail"]


def test_a_lesson_is_published_after_what_it_shows(server, curator):
    draft = add(server, curator, title={"en": "Not out yet"})
    made = lesson(server, curator, page({"kind": "picture", "work": draft["id"]}))
    made = move(server, curator, made, "in_review")
    refused = curator.post(
        f"{works(server)}/{made['id']}/state", json={"state": "published"},
        headers={"If-Match": f'"{made["version"]}"'}, timeout=30,
    )  # fmt: skip
    assert refused.status_code == 409
    assert "Not out yet" in refused.json()["detail"]
    move(server, curator, draft, "in_review", "published")
    move(server, curator, made, "published")
