"""Requests nobody should send: a clear answer, and nobody else notices."""

import asyncio
import json
import re
import resource
import socket
import threading
import time
from datetime import datetime, timedelta, timezone

import pytest
import websockets

from support.program import feed_toml
from support.waiting import wait_until


def raw(server, data, timeout_s=20):
    """The bytes a server answers to these bytes, until it closes or falls silent for long."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout_s) as sock:
        sock.sendall(data)
        answer = b""
        while True:
            try:
                piece = sock.recv(65536)
            except (TimeoutError, ConnectionResetError):
                break
            if not piece:
                break
            answer += piece
            head, _, body = answer.partition(b"\r\n\r\n")
            if b"Content-Length:" in head or b"content-length:" in head.lower():
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                if len(body) >= length:
                    break
        return answer


def status_of(answer):
    return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else None


@pytest.fixture(scope="module")
def server(shared):
    made = shared(lambda cameras: feed_toml("lake", cameras.url()))
    made.wait_live("lake")
    wait_until(lambda: b"EXTINF" in made.get("/live/lake/media.m3u8").content)
    return made


def test_what_is_asked_wrongly_gets_a_problem_that_says_what(server):
    late, early = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"
    asked = {
        "/live/nowhere/index.m3u8": {404},
        "/live/nowhere/media.m3u8": {404},
        "/api/v1/feeds/nowhere": {404},
        "/api/v1/feeds/nowhere/timeline": {400, 404},
        "/snapshot/nowhere.jpg": {404},
        f"/clip/nowhere.mp4?start={early}&end={late}": {404},
        "/api/v1/nothing": {404},
        f"/playback/lake/index.m3u8?start={late}&end={early}": {400},
        f"/playback/lake/index.m3u8?start={early}&end={early}": {400},
        f"/clip/lake.mp4?start={late}&end={early}": {400},
        "/clip/lake.mp4": {400},
        "/playback/lake/index.m3u8?start=yesterday&end=today": {400},
        f"/clip/lake.mp4?start=2016-01-01T00:00:00Z&end={late}": {400, 404, 413},
        f"/api/v1/feeds/lake/timeline?start=2016-01-01T00:00:00Z&end={late}": {400},
        f"/api/v1/feeds/lake/timeline?start={late}&end={early}": {400},
        f"/api/v1/feeds/lake/coverage?start={late}&end={early}": {400},
        f"/api/v1/feeds/lake/coverage?start={early}&end={late}&by=week": {400},
        f"/api/v1/feeds/lake/coverage?start=2016-01-01T00:00:00Z&end={late}&by=hour": {400},
        f"/api/v1/feeds/lake/coverage.csv?start={early}&end={early}": {400},
        "/snapshot/lake.jpg?width=100000": {400},
        "/snapshot/lake.jpg?width=-1": {400},
        "/snapshot/lake.jpg?at=noon": {400},
        "/live/lake/media.m3u8?_HLS_msn=99999999999999999999": {400},
        "/live/lake/media.m3u8?_HLS_msn=1&_HLS_part=x": {400},
    }
    for path, statuses in asked.items():
        answer = server.get(path)
        assert answer.status_code in statuses, f"{path}: {answer.status_code} {answer.text[:200]}"
        kind = answer.headers["Content-Type"].split(";")[0]
        assert kind == "application/problem+json", f"{path}: {kind}"
        body = answer.json()
        assert body["status"] == answer.status_code and body["title"] and body["detail"], body


def test_a_span_of_ten_years_of_playback_is_answered_or_refused_at_once(server):
    answer = server.get(
        "/playback/lake/index.m3u8?start=2016-01-01T00:00:00Z&end=2026-12-31T00:00:00Z", timeout=10
    )
    assert answer.status_code in (200, 400, 413)
    if answer.status_code == 200:
        assert len(answer.content) < 50 << 20


def test_a_range_of_many_segments_is_not_loaded(server):
    """What a playlist names is one segment; a whole recording in one answer fills the memory."""

    def written():
        start = datetime.now(timezone.utc) - timedelta(minutes=5)
        end = start + timedelta(minutes=10)
        text = server.get(
            f"/playback/lake/index.m3u8?start={start:%Y-%m-%dT%H:%M:%SZ}"
            f"&end={end:%Y-%m-%dT%H:%M:%SZ}"
        ).text
        return re.findall(r"(/media/lake/\d+)/(\d+)-(\d+)(\S*)", text)

    wait_until(lambda: len(written()) >= 4, timeout_s=60)
    listed = written()
    for base, first, end, rest in listed:
        assert server.get(f"{base}/{first}-{end}{rest}").status_code == 200
    base, first, _, rest = listed[0]
    assert server.get(f"{base}/{first}-{int(first) + 9999}{rest}").status_code == 404
    assert server.get(f"{base}/{first}-{int(first) + 257}{rest}").status_code == 404


@pytest.mark.parametrize("path", [
    "/../../../../etc/passwd", "/assets/../../../etc/passwd", "/assets/..%2f..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd", "/live/../../etc/passwd", "/assets/%00", "/live/lake%2f..%2f/x",
    "//etc/passwd", "/assets//etc/passwd", "/live/lake/..%5c..%5coriel.db", "/assets/....//x",
    "/live/%c0%ae%c0%ae/index.m3u8",
])  # fmt: skip
def test_no_path_leads_out(server, path):
    answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert status_of(answer) in (400, 404), answer[:200]
    assert b"root:" not in answer


@pytest.mark.parametrize("data, statuses", [
    (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n", {431, 400}),
    (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414, 431, 400}),
    (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(20_000)) + b"\r\n",
     {431, 400}),
    (b"NONSENSE\r\n\r\n", {400}),
    (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", {400, 505}),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300), {400}),
    (b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", {413}),
    (b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", {400}),
    (b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"
     b"\r\n\r\n0\r\n\r\n", {400, 501}),
    (b"DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {404, 405}),
], ids=["header", "target", "headers", "nonsense", "version", "tls", "length", "negative",
        "smuggle", "method"])  # fmt: skip
def test_a_malformed_request_is_refused(server, data, statuses):
    try:
        answer = raw(server, data)
    except (BrokenPipeError, ConnectionResetError):
        answer = b""  # refused before all of it was taken: fine
    assert not answer or status_of(answer) in statuses, answer[:300]
    assert server.get("/healthz").ok


@pytest.mark.parametrize("body", [
    "", "{", "[]", '{"name": 3, "password": "x"}', '{"name": "x"}', '"' + "x" * 10_000 + '"',
    "[" * 5_000, '{"name": "a", "password": "b", "extra": 1}', "\xff\xfe",
])  # fmt: skip
def test_a_wrong_body_is_refused_with_the_place(server, body):
    answer = server.session.post(
        server.base + "/api/v1/login", data=body.encode("latin-1"), timeout=20,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]


def test_a_socket_client_that_never_reads_disturbs_nobody(server):
    """Its connection fills up; a viewer beside it still gets every part."""
    stop = threading.Event()
    stuck = socket.create_connection(("127.0.0.1", server.port))
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.sendall(
        b"GET /live/socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b"101" in stuck.recv(4096).split(b"\r\n")[0]
    for slot in range(40):
        text = json.dumps({"subscribe": {"slot": slot, "feed": "lake", "rendition": "auto",
                                         "audio": False, "codecs": ["avc1"]}}).encode()  # fmt: skip
        mask = b"\1\2\3\4"
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
        size = bytes((0x80 | len(text),)) if len(text) < 126 else (
            bytes((0x80 | 126,)) + len(text).to_bytes(2, "big")
        )  # fmt: skip
        stuck.sendall(b"\x81" + size + mask + masked)

    async def watch():
        parts = []
        async with websockets.connect(
            f"ws://127.0.0.1:{server.port}/live/socket", max_size=None
        ) as socket_:
            await socket_.send(json.dumps({"subscribe": {
                "slot": 1, "feed": "lake", "rendition": "auto", "audio": False,
                "codecs": ["avc1"]}}))  # fmt: skip
            while len(parts) < 40:
                message = await asyncio.wait_for(socket_.recv(), 20)
                if isinstance(message, bytes) and message[0] == 2:
                    parts.append(
                        (int.from_bytes(message[4:12], "big"),
                         int.from_bytes(message[12:16], "big"), message[2])
                    )  # fmt: skip
        return parts

    try:
        parts = asyncio.run(watch())
    finally:
        stop.set()
        stuck.close()
    for (recording, number, _), (next_recording, next_number, flags) in zip(parts, parts[1:]):
        assert not flags & 2, "parts were skipped for a viewer who reads"
        if recording == next_recording:
            assert next_number == number + 1
    assert server.feed("lake")["state"] == "live"


def test_a_socket_client_that_talks_nonsense_is_told_and_bounded(server):
    async def talk():
        told = []
        async with websockets.connect(f"ws://127.0.0.1:{server.port}/live/socket") as socket_:
            for text in ("{", '{"subscribe": {"slot": 900, "feed": "lake"}}',
                         '{"subscribe": {"slot": 1, "feed": "nowhere", "rendition": "auto",'
                         ' "audio": false, "codecs": []}}',
                         '{"subscribe": {"slot": 1, "feed": "lake", "codecs": ['
                         + ",".join(['""'] * 5000) + "]}}",
                         '{"resume": {"slot": 1, "recording": -1, "part": 99999999}}',
                         '{"unsubscribe": {"slot": 5}}', '{"ping": 17}'):  # fmt: skip
                try:
                    await socket_.send(text)
                except websockets.ConnectionClosed:
                    return told
            try:
                while True:
                    message = await asyncio.wait_for(socket_.recv(), 3)
                    told.append(message)
            except (asyncio.TimeoutError, websockets.ConnectionClosed):
                pass
        return told

    told = asyncio.run(talk())
    assert any(isinstance(text, str) and "error" in text for text in told), told
    # What a subscription keeps of its client is bounded.
    assert any(isinstance(text, str) and "codecs:" in text for text in told), told

    async def flood():
        async with websockets.connect(f"ws://127.0.0.1:{server.port}/live/socket") as socket_:
            await socket_.send("x" * 200_000)
            await asyncio.wait_for(socket_.recv(), 10)

    with pytest.raises(websockets.ConnectionClosed):
        asyncio.run(flood())
    assert server.get("/healthz").ok


def test_many_slow_clients_do_not_stop_the_others(server):
    slow = []
    try:
        for _ in range(200):
            sock = socket.create_connection(("127.0.0.1", server.port))
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            slow.append(sock)
        assert server.get("/healthz", timeout=5).ok
        assert server.get("/live/lake/media.m3u8", timeout=5).ok
    finally:
        for sock in slow:
            sock.close()


def test_ranges_head_and_conditions_of_a_clip(server):
    day = server.api("/about")["now"][:10]
    query = {"start": f"{day}T00:00:00Z", "end": f"{day}T23:59:59Z"}
    spans = server.api("/feeds/lake/timeline", params=query)["spans"]
    span = next(one for one in spans if one["state"] == "recorded")
    url = f"/clip/lake.mp4?start={span['start']}&end={span['end']}"
    whole = server.get(url)
    assert whole.ok, whole.text
    head = server.session.head(server.base + url, timeout=30)
    assert head.ok and head.content == b""
    assert head.headers["Content-Length"] == str(len(whole.content))
    piece = server.get(url, headers={"Range": "bytes=100-299"})
    assert piece.status_code == 206 and piece.content == whole.content[100:300]
    assert piece.headers["Content-Range"] == f"bytes 100-299/{len(whole.content)}"
    tail = server.get(url, headers={"Range": "bytes=-50"})
    assert tail.status_code == 206 and tail.content == whole.content[-50:]
    far = server.get(url, headers={"Range": f"bytes={len(whole.content)}-"})
    assert far.status_code == 416


def test_connections_leave_recording_its_files(oriel, camera):
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))

    server = oriel(feeds=feed_toml("lake", camera.url(0)), limits=few_files)
    server.wait_live("lake")
    held = []
    try:
        for _ in range(400):
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            held.append(sock)
        # The volume is looked at every few seconds, and what comes is written all the time.
        begin = time.time()

        def written_at():
            return max(file.stat().st_mtime for file in server.data.rglob("*.mp4"))

        wait_until(lambda: written_at() > begin + 12)
    finally:
        for sock in held:
            sock.close()
    assert wait_until(lambda: server.get("/readyz").ok)
    told = server.log.read_text()
    assert "Too many open files" not in told, told
    assert "connections_max: 37 instead of" in told, told
