"""A camera's password leaves the program towards the camera only."""

import asyncio
import json
import pathlib

import websockets

from support import cameras
from support.program import feed_toml, run
from support.waiting import wait_until

# Distinct, and with what a URL must escape, so that an escaped copy is looked for too.
WORD = "kestrel-9f2c"
WRONG = "ibex-77d1"
FORBIDDEN = [WORD, WRONG, "eye:", "eye%3A"]


def test_credentials_are_in_no_answer_no_line_and_no_file_for_others(oriel, start, tmp_path):
    camera = start(cameras.StampedCameras(cameras=2, user="eye", password=WORD))
    feeds = feed_toml("lake", camera.url(0))
    feeds += feed_toml("shut", camera.url(1).replace(WORD, WRONG))
    feeds += feed_toml("away", f"rtsp://eye:{WORD}@127.0.0.1:9/x")
    feeds += feed_toml("page", f"http://eye:{WORD}@127.0.0.1:9/x.ts?token={WRONG}")
    server = oriel(feeds=feeds)
    server.add_user("root-of-it", "administrator", "a long enough word")
    server.wait_live("lake")
    wait_until(lambda: server.feed("shut")["reason"] == "refused")
    wait_until(lambda: server.feed("away")["state"] != "live")
    seen = {}
    session = server.login("root-of-it", "a long enough word")
    document = server.get("/api/openapi.json").json()
    for path in document["paths"]:
        if path == "/api/v1/events" or "socket" in path or "get" not in document["paths"][path]:
            continue
        url = path.replace("{feed}", "lake").replace("/feeds/{id}", "/feeds/lake")
        if "{" in url:
            continue
        query = "?start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z"
        for who in (server.session, session):
            answer = who.get(server.base + url + query, timeout=30)
            seen[f"{path} ({answer.status_code})"] = answer.text + str(answer.headers)
    wrong = (camera.url(0).replace(WORD, WRONG), f"rtsp://eye:{WRONG}@127.0.0.1:9/x",
             f"ftp://eye:{WRONG}@h/x", f"eye:{WRONG}")  # fmt: skip
    for source in wrong:
        answer = session.post(
            server.base + "/api/v1/desk/feeds/test", json={"source": source}, timeout=60
        )
        seen[f"test of {source[:6]}"] = answer.text
    seen["events"] = first_events(server)
    seen["socket"] = socket_texts(server)
    seen["log"] = server.output()
    seen["metrics"] = session.get(server.base + "/metrics", timeout=30).text
    listed = run("archive", "ls", "lake", "--config", server.config)
    seen["archive ls"] = listed.stdout + listed.stderr
    checked = run("check", "--config", server.config)
    seen["check"] = checked.stdout + checked.stderr
    found = [
        f"{where}: …{text[max(0, text.find(word) - 60) : text.find(word) + 30]}…"
        for where, text in seen.items()
        for word in FORBIDDEN
        if word in text
    ]
    assert not found, "\n".join(found)
    # Nor on the command line of a worker, nor in the files on the volume.
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = process.read_bytes()
        except OSError:
            continue
        if b"release/oriel" in text:
            assert WORD.encode() not in text, "a password on a command line"
    for path in (server.data / "archive").rglob("*"):
        if path.is_file():
            assert WORD.encode() not in path.read_bytes(), path


def first_events(server):
    text = ""
    with server.get("/api/v1/events", stream=True, timeout=5) as answer:
        try:
            for piece in answer.iter_content(None):
                text += piece.decode()
                if len(text) > 20_000:
                    break
        except Exception as error:  # noqa: BLE001 - silence ends it
            text += type(error).__name__
    return text


def socket_texts(server):
    async def talk():
        texts = []
        async with websockets.connect(f"ws://127.0.0.1:{server.port}/live/socket") as socket:
            for slot, feed in enumerate(("lake", "shut", "away", "page")):
                await socket.send(json.dumps({"subscribe": {
                    "slot": slot, "feed": feed, "rendition": "auto", "audio": True,
                    "codecs": ["avc1"]}}))  # fmt: skip
            try:
                while len(texts) < 30:
                    message = await asyncio.wait_for(socket.recv(), 4)
                    texts.append(message if isinstance(message, str) else str(message[:400]))
            except asyncio.TimeoutError:
                pass
        return "\n".join(texts)

    return asyncio.run(talk())
