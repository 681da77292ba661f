"""Every route of the OpenAPI document, without a role and with each; answers fit their schemas."""

import asyncio
import re

import jsonschema
import pytest
import requests
import websockets

from support.program import feed_toml, run
from support.waiting import wait_until

WORD = "a word long enough"
# What `x-access` says and the roles it means; a capability's least role is that of the table
# in src/access/roles.cpp, written down here a second time on purpose.
ROLES = ["viewer", "curator", "operator", "administrator"]
AT_LEAST = {
    "public": [None, *ROLES],
    "login": [None, *ROLES],
    "account": ROLES,
    "see_private_feeds": ROLES,
    "contribute_works": ROLES,
    "make_works": ROLES[1:],
    "manage_walls": ROLES[1:],
    "operate_feeds": ROLES[2:],
    "withhold": ROLES[2:],
    "hold": ROLES[2:],
    "manage_retention": ROLES[3:],
    "see_health": ROLES[2:],
    "manage_accounts": ROLES[3:],
}
REFUSED = {401, 403}


def test_a_delay_is_shown_to_operators_and_can_be_changed_while_the_feed_runs(oriel, camera):
    """What the desk's form is filled from is what visitors get, not what the operator gets."""
    server = oriel(extra='name = "Window"')
    server.add_user("the-operator", "operator", WORD)
    desk = server.login("the-operator", WORD)
    draft = {"id": "lake", "name": {"en": "Lake"}, "source": camera.url(0), "public": True}
    made = desk.post(server.base + "/api/v1/desk/feeds", json=draft | {"delay_s": 2}, timeout=30)
    assert made.status_code == 201, made.text

    def listed():
        answer = desk.get(server.base + "/api/v1/desk/feeds", timeout=30)
        assert answer.ok, answer.text
        (item,) = answer.json()["items"]
        return item

    assert listed()["delay_s"] == 2 and listed()["public_audio"] is False
    assert listed()["feed"]["delay_s"] == 0
    server.wait_live("lake")
    draft |= {"delay_s": 70}
    address = server.base + "/api/v1/desk/feeds/lake"
    changed = desk.put(address, json=draft, timeout=30)
    assert changed.ok, changed.text
    assert listed()["delay_s"] == 70
    # The default window is 60 s: it reaches behind the delay, or there were nothing to show.
    wait_until(lambda: b"EXTINF" in server.get("/live/lake/media.m3u8").content, 120)


def test_a_feed_that_was_paused_and_removed_comes_back_as_a_new_one(oriel, camera):
    server = oriel()
    server.add_user("the-operator", "operator", WORD)
    desk = server.login("the-operator", WORD)
    feeds = server.base + "/api/v1/desk/feeds"
    draft = {"id": "lake", "name": {"en": "Lake"}, "source": camera.url(0), "public": True}
    assert desk.post(feeds, json=draft, timeout=30).status_code == 201
    pause = server.base + "/api/v1/feeds/lake/pause"
    assert desk.post(pause, json={"note": "winter"}, timeout=30).ok
    wait_until(lambda: server.feed("lake")["state"] == "paused")
    assert desk.delete(feeds + "/lake", timeout=30).ok
    assert desk.post(feeds, json=draft, timeout=30).status_code == 201
    assert server.stop() == 0
    server.start()
    server.wait_live("lake")


@pytest.fixture(scope="module")
def server(shared):
    made = shared(
        lambda cameras: feed_toml("lake", cameras.url(0))
        + feed_toml("den", cameras.url(1), public=False)
    )
    for role in ROLES:
        made.add_user(f"the-{role}", role, WORD)
    made.wait_live("lake")
    wait_until(lambda: b"EXTINF" in made.get("/live/lake/media.m3u8").content)
    return made


def sessions(server):
    yield None, server.session
    for role in ROLES:
        yield role, server.login(f"the-{role}", WORD)


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield method, path, operation


def fill(path, feed="lake"):
    """A URL of the route for a feed; whatever else has a name gets one that exists nowhere."""
    path = path.replace("{feed}", feed)
    path = re.sub(r"^(/api/v1/(?:desk/)?feeds/)\{id\}", rf"\g<1>{feed}", path)
    path = re.sub(r"\{(?:segment|recording|part|number|id)\w*\}", "1", path)
    return re.sub(r"\{\w+(?:\.\.\.)?\}", "nothing", path)


def test_the_document_is_openapi_and_names_the_access_of_every_operation(server):
    document = server.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for method, path, operation in operations(document):
        assert operation.get("x-access"), f"{method} {path}"
        assert operation.get("summary"), f"{method} {path}"
        assert operation["responses"], f"{method} {path}"
        for name in re.findall(r"\{(\w+)", path):
            assert any(p["name"] == name and p["in"] == "path" for p in operation["parameters"])
    for path in ("/healthz", "/readyz", "/metrics", "/live/{feed}/index.m3u8", "/live/socket",
                 "/playback/{feed}/index.m3u8", "/clip/{feed}.mp4", "/snapshot/{feed}.jpg",
                 "/timelapse/{feed}.mp4", "/api/v1/feeds/{feed}/timelapse",
                 "/api/v1/feeds/{feed}/strip", "/api/v1/feeds", "/api/v1/feeds/{feed}/timeline",
                 "/api/openapi.json"):  # fmt: skip
        assert path in document["paths"], path


def test_every_route_lets_in_whom_its_access_names_and_nobody_else(server):
    document = server.get("/api/openapi.json").json()
    wrong = []
    for role, session in list(sessions(server)):
        for method, path, operation in operations(document):
            access = operation["x-access"]
            if access not in AT_LEAST:
                wrong.append(f"{path}: access {access!r} is unknown to this test")
                continue
            if path in ("/api/v1/logout", "/api/v1/events") or "socket" in path:
                continue  # ends the session, or does not end
            if method == "post" and role in AT_LEAST[access] and "pause" in path:
                continue  # would stop the feed the rest of the walk looks at
            url = server.base + fill(path)
            options = {"json": {}} if method in ("post", "put", "patch") else {}
            answer = session.request(method, url, timeout=30, stream=True, **options)
            status = answer.status_code
            answer.close()
            allowed = role in AT_LEAST[access]
            if allowed and status in REFUSED and not path.endswith("/login"):
                wrong.append(f"{method} {path}: {role} is refused ({status}), access is {access}")
            if not allowed and status not in REFUSED:
                wrong.append(f"{method} {path}: {role} gets {status}, access is {access}")
            if status >= 500 and status != 503:
                wrong.append(f"{method} {path}: {role} gets {status}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_a_feed_that_is_not_public_does_not_exist_for_the_public(server):
    """By no route, and no answer tells it from one that is not there."""
    server_feeds = {feed["id"] for feed in server.api("/feeds")["items"]}
    assert server_feeds == {"lake"}
    document = server.get("/api/openapi.json").json()
    wrong = []
    for method, path, operation in operations(document):
        if method != "get" or not re.search(r"\{feed\}|/feeds/\{id\}", path):
            continue
        if operation["x-access"] != "public":
            continue
        query = "?start=2026-01-01T00:00:00Z&end=2026-01-01T01:00:00Z"
        hidden = server.get(fill(path, "den") + query)
        absent = server.get(fill(path, "no-such") + query)
        if hidden.status_code != absent.status_code or hidden.status_code not in (401, 403, 404):
            wrong.append(f"{path}: {hidden.status_code}, for an absent feed {absent.status_code}")
        if hidden.text.replace("den", "no-such") != absent.text:
            wrong.append(f"{path}: {hidden.text[:200]} against {absent.text[:200]}")
    assert not wrong, "\n".join(wrong)
    insider = server.login("the-viewer", WORD)
    found = insider.get(server.base + "/api/v1/feeds", timeout=30).json()
    assert {feed["id"] for feed in found["items"]} == {"lake", "den"}
    live = insider.get(server.base + "/live/den/media.m3u8", timeout=30)
    assert live.ok and "no-store" in live.headers["Cache-Control"]


def resolve(schema, document):
    """The schema with its references into the document replaced."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            target = document
            for key in schema["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            return resolve(target, document)
        return {key: resolve(value, document) for key, value in schema.items()}
    if isinstance(schema, list):
        return [resolve(value, document) for value in schema]
    return schema


def test_every_json_answer_fits_its_schema(server):
    document = server.get("/api/openapi.json").json()
    checked = 0
    session = server.login("the-administrator", WORD)
    query = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z", "tz_offset_min": 0}
    for method, path, operation in operations(document):
        if method != "get" or path == "/api/v1/events" or "socket" in path:
            continue
        known = {parameter["name"] for parameter in operation.get("parameters", [])}
        params = {name: value for name, value in query.items() if name in known}
        answer = session.get(server.base + fill(path), params=params, timeout=30, stream=True)
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if not kind.endswith("json"):
            answer.close()
            continue
        responses = operation["responses"]
        response = responses.get(str(answer.status_code), responses.get("default"))
        assert response, f"{path}: {answer.status_code} is not in the document"
        response = resolve(response, document)
        assert kind in response["content"], f"{path}: {kind} for {answer.status_code}"
        schema = response["content"][kind].get("schema", {})
        jsonschema.Draft202012Validator(schema).validate(answer.json())
        checked += 1
    assert checked >= 10


def test_a_wall_names_to_each_caller_only_what_he_may_know_of(server):
    wall = {
        "name": "hall", "title": {"en": "Hall"}, "feeds": ["den", "lake"], "layout": "auto",
        "mode": "grid", "rotate_s": 20, "languages": ["en"], "clock": True, "captions": True,
        "logo": None, "theme": "night",
    }  # fmt: skip
    for role, session in sessions(server):
        if role == "curator":
            put = session.put(server.base + "/api/v1/walls/hall", json=wall, timeout=30)
            assert put.ok, put.text
    for role, session in sessions(server):
        known = ["lake"] if role is None else ["den", "lake"]
        one = session.get(server.base + "/api/v1/walls/hall", timeout=30).json()
        assert one["feeds"] == known, role
        listed = session.get(server.base + "/api/v1/walls", timeout=30).json()["items"]
        assert [item["feeds"] for item in listed if item["name"] == "hall"] == [known], role


def test_guessing_passwords_is_slowed_down(oriel):
    server = oriel()
    server.add_user("the-viewer", "viewer", WORD)
    statuses = []
    for attempt in range(30):
        guess = {"name": "the-viewer", "password": f"guess {attempt}"}
        answer = server.post("/api/v1/login", guess)
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            assert answer.headers.get("Retry-After")
            break
    assert 429 in statuses, statuses
    assert 200 not in statuses


def test_who_knows_the_old_password_sets_a_new_one(oriel):
    server = oriel()
    server.add_user("the-operator", "operator", WORD)
    here, elsewhere = (server.login("the-operator", WORD) for _ in range(2))
    url = server.base + "/api/v1/me/password"
    fresh = "a much better password"
    wrong = here.put(url, json={"old_password": "not it at all", "new_password": fresh}, timeout=30)
    assert wrong.status_code == 403
    short = here.put(url, json={"old_password": WORD, "new_password": "short"}, timeout=30)
    assert short.status_code == 400
    done = here.put(url, json={"old_password": WORD, "new_password": fresh}, timeout=30)
    assert done.status_code == 200, done.text
    assert here.get(server.base + "/api/v1/me", timeout=30).ok, "a new session has begun"
    assert elsewhere.get(server.base + "/api/v1/me", timeout=30).status_code == 401
    old = server.post("/api/v1/login", {"name": "the-operator", "password": WORD})
    assert old.status_code == 401
    server.login("the-operator", fresh)


def test_a_session_ends_with_logout_and_its_cookie_is_closed_to_scripts(server):
    session = server.login("the-operator", WORD)
    cookie = next(iter(session.cookies))
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert "SameSite" in cookie._rest
    assert session.get(server.base + "/api/v1/me", timeout=30).json()["role"] == "operator"
    kept = dict(session.cookies)
    assert session.post(server.base + "/api/v1/logout", timeout=30).status_code == 204
    answer = requests.get(server.base + "/api/v1/me", cookies=kept, timeout=30)
    assert answer.status_code == 401


def test_who_is_disabled_sees_nothing_more_of_what_is_private(server):
    """What lasts, the part socket and the events, ends too."""
    server.add_user("the-guest", "viewer", WORD)
    guest = server.login("the-guest", WORD)
    cookie = "; ".join(f"{name}={value}" for name, value in guest.cookies.items())
    events = guest.get(server.base + "/api/v1/events", stream=True, timeout=60)
    lines = events.iter_lines()
    assert any(b'"den"' in line for line in lines)

    async def watch():
        async with websockets.connect(
            f"ws://127.0.0.1:{server.port}/live/socket", max_size=None,
            origin=server.base, extra_headers={"Cookie": cookie},
        ) as socket:  # fmt: skip
            await socket.send('{"subscribe": {"slot": 1, "feed": "den", "rendition": "main"}}')
            while not isinstance(await asyncio.wait_for(socket.recv(), 30), bytes):
                pass
            disabled = await asyncio.to_thread(
                server.login("the-administrator", WORD).patch,
                server.base + "/api/v1/desk/users/the-guest", json={"disabled": True}, timeout=30,
            )  # fmt: skip
            assert disabled.ok, disabled.text
            with pytest.raises(websockets.ConnectionClosed):
                async with asyncio.timeout(30):
                    while True:
                        await socket.recv()

    asyncio.run(watch())
    for _ in lines:  # ends; otherwise the time-out of the request is an error
        pass


def test_a_token_neither_makes_nor_revokes_tokens(server):
    viewer = server.login("the-viewer", WORD)
    tokens = server.base + "/api/v1/tokens"
    form = {"name": "a program", "scopes": ["feeds:read"]}
    made = [viewer.post(tokens, json=form, timeout=30).json() for _ in range(2)]
    bearer = {"Authorization": "Bearer " + made[0]["token"]}
    assert requests.post(tokens, json=form, headers=bearer, timeout=30).status_code == 403
    other = f"{tokens}/{made[1]['id']}"
    assert requests.delete(other, headers=bearer, timeout=30).status_code == 403
    assert viewer.delete(other, timeout=30).status_code == 204


def test_users_are_made_on_the_command_line(oriel):
    server = oriel()
    short = run("user", "add", "--config", server.config, "--role", "viewer", "x", text_in="a\n")
    assert short.returncode > 0, "a short password is refused"
    wrong = run("user", "add", "--config", server.config, "--role", "king", "x", text_in=WORD)
    assert wrong.returncode > 0 and "administrator" in wrong.stderr + wrong.stdout


def test_the_pages_come_with_a_strict_policy(server):
    answer = server.get("/")
    assert answer.ok, answer.status_code
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe-inline" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Referrer-Policy" in answer.headers
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>[^<]", answer.text), "an inline script"
    for url in re.findall(r'(?:src|href)="(https?:)?//', answer.text):
        raise AssertionError(f"the page names another host: {url}")
