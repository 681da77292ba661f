"""What others copy and follow: OAI-PMH, feeds, saved searches, the sitemap, what a page says to
search engines, and the index made again by one command."""

import json
import re
import urllib.parse

import pytest
import requests
from lxml import etree

from support import program
from support.waiting import wait_until

WORD = "a word long enough"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
SDG = "http://metadata.un.org/sdg/"
OAI = "{http://www.openarchives.org/OAI/2.0/}"
LRMI = "{urn:oriel:lrmi:1}"
ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = program.Oriel(
        tmp_path_factory.mktemp("exchange"),
        extra='contact = "commons@window.example"\nname = { en = "Plateau Window" }',
        http='public_url = "https://window.example"',
    )
    made.start()
    made.add_user("the-curator", "curator", WORD)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def curator(server):
    session = server.login("the-curator", WORD)
    session.headers["Origin"] = "https://window.example"
    return session


def publish(server, session, **content):
    title = {"en": "Antelopes", "zh": "藏羚羊"}
    content = {"kind": "clip", "title": title, "licence": CC_BY} | content
    answer = session.post(server.base + "/api/v1/works", json=content, timeout=30)
    assert answer.status_code == 201, answer.text
    return move(server, session, answer.json(), "in_review", "published")


def move(server, session, work, *states):
    for state in states:
        answer = session.post(
            f"{server.base}/api/v1/works/{work['id']}/state", json={"state": state, "note": ""},
            headers={"If-Match": f'"{work["version"]}"'}, timeout=30,
        )  # fmt: skip
        assert answer.ok, answer.text
        work = answer.json() if answer.content else work
    return work


@pytest.fixture(scope="module")
def works(server, curator):
    party = curator.post(
        server.base + "/api/v1/parties",
        json={"kind": "institution", "name": {"en": "Museum & Co", "zh": "博物馆"},
              "identifiers": {"ror": "https://ror.org/03yrm5c26"}},
        timeout=30,
    ).json()  # fmt: skip
    clip = publish(
        server, curator, stewards=[party["id"]], terms=[SDG + "15.5"], languages=["en"],
        about={"en": "They run < they walk & graze."}, audience={"from": 9, "to": 12},
        makers=[{"party": "", "name": "Li Na", "role": "author"}],
    )  # fmt: skip
    lesson = publish(
        server, curator, kind="lesson", title={"en": "A lesson"}, derived_from=[clip["id"]],
        parts=[clip["id"]], terms=[SDG + "4"],
    )  # fmt: skip
    gone = move(server, curator, publish(server, curator, kind="sound"), "withdrawn")
    return {"clip": clip, "lesson": lesson, "gone": gone, "party": party}


def ask(server, method="GET", **arguments):
    """The answer as a tree; POST as a form."""
    if method == "GET":
        answer = requests.get(server.base + "/oai", params=arguments, timeout=30)
    else:
        answer = requests.post(server.base + "/oai", data=arguments, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    tree = etree.fromstring(answer.content)
    assert tree.tag == OAI + "OAI-PMH"
    location = tree.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation").split()
    assert location == ["http://www.openarchives.org/OAI/2.0/",
                        "http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"]  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", tree.findtext(OAI + "responseDate"))
    assert tree.findtext(OAI + "request") == "https://window.example/oai"
    return tree


def codes(tree):
    return [error.get("code") for error in tree.findall(OAI + "error")]


def test_get_and_post_give_the_same_and_errors_are_answers(server, works):
    asked = dict(verb="GetRecord", metadataPrefix="oai_dc",
                 identifier="oai:window.example:works/" + works["clip"]["id"])  # fmt: skip
    get, post = (ask(server, method, **asked) for method in ("GET", "POST"))
    for tree in (get, post):
        tree.remove(tree.find(OAI + "responseDate"))
    assert etree.tostring(get) == etree.tostring(post)
    assert dict(get.find(OAI + "request").attrib) == asked
    for method in ("GET", "POST"):
        assert codes(ask(server, method, verb="junk")) == ["badVerb"]
        assert codes(ask(server, method, junk="")) == ["badVerb"]
        wrong = ask(server, method, verb="GetRecord", identifier='invalid"id',
                    metadataPrefix="oai_dc")  # fmt: skip
        assert codes(wrong) == ["idDoesNotExist"]
    assert codes(ask(server, verb="ListRecords", resumptionToken="junk")) == ["badResumptionToken"]


def test_the_repository_is_described(server, works):
    tree = ask(server, verb="Identify").find(OAI + "Identify")
    told = {child.tag.removeprefix(OAI): child.text for child in tree}
    assert told["baseURL"] == "https://window.example/oai"
    assert told["adminEmail"] == "commons@window.example"
    assert told["repositoryName"] == "Plateau Window"
    assert told["deletedRecord"] == "persistent"
    listed = ask(server, verb="ListIdentifiers", metadataPrefix="oai_dc")
    stamps = [header.findtext(OAI + "datestamp") for header in listed.iter(OAI + "header")]
    assert told["earliestDatestamp"] == min(stamps)
    formats = ask(server, verb="ListMetadataFormats")
    names = [one.findtext(OAI + "metadataPrefix") for one in formats.iter(OAI + "metadataFormat")]
    assert names == ["oai_dc", "lrmi"]


def test_records_hold_to_their_schema_and_what_is_gone_is_told(server, works):
    tree = ask(server, verb="ListRecords", metadataPrefix="lrmi")
    schema = requests.get(server.base + "/oai/lrmi.xsd", timeout=30).content
    # The one schema that it imports stands here, since the tests go nowhere else.
    xml_schema = (
        b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"'
        b' targetNamespace="http://www.w3.org/XML/1998/namespace">'
        b'<xs:attribute name="lang" type="xs:language"/></xs:schema>'
    )
    parser = etree.XMLParser()

    class Local(etree.Resolver):
        def resolve(self, url, public_id, context):
            return self.resolve_string(xml_schema, context) if url.endswith("xml.xsd") else None

    parser.resolvers.add(Local())
    checked = etree.XMLSchema(etree.fromstring(schema, parser))
    resources = list(tree.iter(LRMI + "resource"))
    assert len(resources) == 2
    for resource in resources:
        alone = etree.fromstring(etree.tostring(resource))
        checked.assertValid(alone)
    clip = next(one for one in resources if one.get("id").endswith(works["clip"]["id"]))
    assert clip.findtext(LRMI + "description") == "They run < they walk & graze."
    assert clip.find(LRMI + "publisher").findtext(LRMI + "name") == "Museum & Co"
    deleted = [header for header in tree.iter(OAI + "header") if header.get("status") == "deleted"]
    assert [one.findtext(OAI + "identifier") for one in deleted] == [
        "oai:window.example:works/" + works["gone"]["id"]
    ]
    sets = [one.findtext(OAI + "setSpec") for one in ask(server, verb="ListSets").iter(OAI + "set")]
    assert {"kind:clip", "sdg:15:15.5", "inst:" + works["party"]["id"]} <= set(sets)
    found = ask(server, verb="ListIdentifiers", metadataPrefix="oai_dc", set="sdg:15")
    assert [one.text for one in found.iter(OAI + "identifier")] == [
        "oai:window.example:works/" + works["clip"]["id"]
    ]


def test_a_search_is_followed_as_a_feed_in_both_formats(server, works):
    def atom():
        answer = requests.get(server.base + "/api/v1/works.atom?q=antelope", timeout=30)
        assert answer.headers["Content-Type"].startswith("application/atom+xml")
        return etree.fromstring(answer.content)

    wait_until(lambda: atom().findall(ATOM + "entry"), 10, "the Work in the index")
    feed = atom()
    for name in ("id", "title", "updated"):  # RFC 4287 section 4.1.1
        assert len(feed.findall(ATOM + name)) == 1
        for entry in feed.findall(ATOM + "entry"):
            assert len(entry.findall(ATOM + name)) == 1
    assert feed.find(ATOM + "author").findtext(ATOM + "name") == "Plateau Window"
    own = next(link for link in feed.findall(ATOM + "link") if link.get("rel") == "self")
    assert own.get("href") == "https://window.example/api/v1/works.atom?q=antelope"
    (entry,) = feed.findall(ATOM + "entry")
    assert entry.findtext(ATOM + "id") == "https://window.example/works/" + works["clip"]["id"]
    assert entry.find(ATOM + "author").findtext(ATOM + "name") == "Li Na"
    answer = requests.get(server.base + "/api/v1/works.feed.json?kind=lesson", timeout=30)
    assert answer.headers["Content-Type"].startswith("application/feed+json")
    told = answer.json()
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["title"] for item in told["items"]] == ["A lesson"]
    assert told["items"][0]["content_text"]
    wrong = requests.get(server.base + "/api/v1/works.atom?sort=junk", timeout=30)
    assert wrong.status_code == 400, wrong.text


def test_searches_are_saved_listed_and_deleted_by_their_account_alone(server, curator):
    path = server.base + "/api/v1/saved-searches"
    assert requests.get(path, timeout=30).status_code == 401
    form = {"name": "羚羊", "query": "q=antelope&kind=clip"}
    made = curator.post(path, json=form, timeout=30)
    assert made.status_code == 201, made.text
    assert made.json()["atom"] == "https://window.example/api/v1/works.atom?q=antelope&kind=clip"
    for query in ("q=a b", "junk=1", 'q="x"', "q=%zz"):
        refused = curator.post(path, json={"name": "x", "query": query}, timeout=30)
        assert not refused.ok, query
    assert [one["name"] for one in curator.get(path, timeout=30).json()["items"]] == ["羚羊"]
    server.add_user("another", "curator", WORD)
    other = server.login("another", WORD)
    other.headers["Origin"] = "https://window.example"
    assert other.get(path, timeout=30).json()["items"] == []
    one = f"{path}/{made.json()['id']}"
    assert other.delete(one, timeout=30).status_code == 404
    assert curator.delete(one, timeout=30).status_code == 204
    assert curator.get(path, timeout=30).json()["items"] == []


def test_the_sitemap_names_what_is_published(server, works):
    robots = requests.get(server.base + "/robots.txt", timeout=30).text
    assert "Sitemap: https://window.example/sitemap.xml" in robots
    index = etree.fromstring(requests.get(server.base + "/sitemap.xml", timeout=30).content)
    (part,) = [one.text for one in index.iter(SITEMAP + "loc")]
    path = urllib.parse.urlparse(part).path
    urls = etree.fromstring(requests.get(server.base + path, timeout=30).content)
    named = [one.text for one in urls.iter(SITEMAP + "loc")]
    ids = (works["clip"]["id"], works["lesson"]["id"])
    ends = ["/", "/commons", *(f"/works/{one}" for one in ids)]
    assert named == ["https://window.example" + end for end in ends]
    assert requests.get(server.base + "/sitemap/zzz.xml", timeout=30).status_code == 404


def test_a_page_says_in_the_words_of_schema_org_what_the_work_is(server, works):
    page = requests.get(f"{server.base}/works/{works['lesson']['id']}", timeout=30).text
    told = json.loads(
        re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.S)[1]
    )
    assert told["@context"][0] == "https://w3id.org/kim/amb/context.jsonld"  # L1
    assert {"@language": "en"} in told["@context"] and "LearningResource" in told["type"]
    assert told["id"].startswith("https://window.example/works/")
    assert told["license"] == {"id": CC_BY}  # L2
    assert told["learningResourceType"][0]["id"].startswith("https://w3id.org/kim/hcrt/")  # L3
    assert told["about"][0]["id"] == SDG + "4"  # L4
    assert told["educationalAlignment"][0]["targetFramework"] == "SDG"
    (source,) = told["isBasedOn"]  # L6
    assert source["name"] == "Antelopes" and source["license"]["id"] == CC_BY
    assert source["creator"] == [{"type": "Person", "name": "Li Na"}]
    assert told["isAccessibleForFree"] is True  # L7
    assert told["acquireLicensePage"] and told["creditText"]  # L9
    clip = requests.get(f"{server.base}/works/{works['clip']['id']}", timeout=30).text
    assert '"https://ror.org/03yrm5c26"' in clip


def test_the_index_is_made_again_by_one_command_while_the_program_is_stopped(server, works):
    def total():
        answer = requests.get(server.base + "/api/v1/works?q=antelope", timeout=30)
        return answer.json()["total"]

    wait_until(lambda: total() == 1, 10, "the Work in the index")
    refused = program.run("commons", "reindex", "--config", server.config)
    assert refused.returncode == 1
    assert "stop it first" in refused.stderr
    server.stop()
    for path in (server.data / "search").iterdir():
        path.write_bytes(b"junk")
    done = program.run("commons", "reindex", "--config", server.config)
    assert done.returncode == 0, done.stderr
    assert "2 published works of 3" in done.stdout
    assert not (server.data / "search.new").exists()
    server.start()
    assert total() == 1, "at once: nothing is to be taken in"
