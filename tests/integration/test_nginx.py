"""The shipped nginx configuration in front, with a real nginx: TLS, HTTP/2, cache, socket."""

import asyncio
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import urllib.parse
import warnings

import pytest
import websockets

import hls_checker
from support.cameras import Process
from support.playlist import parse_media
from support.ports import free_port, wait_for_port
from support.program import ROOT, feed_toml
from support.waiting import wait_until

WORD = "a word long enough"


class Nginx(Process):
    """The shipped file with addresses and paths of this test put in, nothing else changed."""

    def __init__(self, folder, upstream):
        self.folder = pathlib.Path(folder)
        self.tls, self.plain = free_port(), free_port()
        (self.folder / "logs").mkdir(parents=True)
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2",
             "-subj", "/CN=window.example", "-addext", "subjectAltName=DNS:window.example"],
            check=True, capture_output=True,
        )  # fmt: skip
        self.certificate = certificate
        text = (ROOT / "packaging/nginx/oriel.conf").read_text()
        for old, new in (
            ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
            ("listen 443 ssl http2", f"listen 127.0.0.1:{self.tls} ssl http2"),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("listen 80;", f"listen 127.0.0.1:{self.plain};"),
            ("    listen [::]:80;\n", ""),
            ("/etc/oriel/certificate.pem", str(certificate)),
            ("/etc/oriel/key.pem", str(key)),
            ("/var/cache/nginx/oriel", str(self.folder / "cache")),
        ):
            assert old in text, old
            text = text.replace(old, new)
        user = "user root;\n" if os.geteuid() == 0 else ""
        whole = self.folder / "nginx.conf"
        whole.write_text(
            f"{user}daemon off;\nworker_processes 1;\npid {self.folder}/nginx.pid;\n"
            f"error_log {self.folder}/logs/error.log info;\nevents {{ worker_connections 2000; }}\n"
            f"http {{\naccess_log {self.folder}/logs/access.log;\n"
            + "".join(
                f"{kind}_temp_path {self.folder}/{kind};\n"
                for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            + f"{text}\n}}\n"
        )
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        super().__init__([program, "-p", folder, "-e", self.folder / "logs/error.log", "-c", whole])

    def start(self):
        super().start()
        wait_for_port(self.tls)
        return self


@pytest.fixture
def front(oriel, camera, start, tmp_path):
    feeds = feed_toml("lake", camera.url(0)) + feed_toml("den", camera.url(1), public=False)
    server = oriel(feeds=feeds, http='trusted_proxies = ["127.0.0.1"]')
    server.add_user("warden", "operator", WORD)
    nginx = start(Nginx(tmp_path / "nginx", server.port))
    server.wait_live("lake")
    wait_until(lambda: b"EXTINF" in server.get("/live/lake/media.m3u8").content)
    return server, nginx


def curl(nginx, path, *options):
    """(status, HTTP version, headers, body)"""
    result = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", str(nginx.certificate), "--max-time", "30",
         "--resolve", f"window.example:{nginx.tls}:127.0.0.1", "-D", "-", "-o", "-",
         *options, f"https://window.example:{nginx.tls}{path}"],
        capture_output=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    head, _, body = result.stdout.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers.setdefault(name.lower(), []).append(value)
    version, status = first.split(" ")[:2]
    return int(status), version, headers, body


def test_playlists_and_parts_come_by_http2(front):
    server, nginx = front
    status, version, headers, body = curl(nginx, "/live/lake/media.m3u8")
    assert (status, version) == (200, "HTTP/2")
    assert "strict-transport-security" in headers
    found = parse_media(body.decode())
    msn, part = found.next_part()
    # A blocking reload passes through, and its answer holds what was asked for.
    status, _, _, body = curl(nginx, f"/live/lake/media.m3u8?_HLS_msn={msn}&_HLS_part={part}")
    assert status == 200
    assert parse_media(body.decode()).next_part() > (msn, part)
    segment = urllib.parse.urljoin("/live/lake/media.m3u8", found.complete_segments[-1].uri)
    status, version, _, through = curl(nginx, segment)
    assert (status, version) == (200, "HTTP/2")
    assert through == server.get(segment).content


def test_the_checker_finds_nothing_behind_the_proxy(front):
    _, nginx = front
    follower = hls_checker.Follower(f"https://127.0.0.1:{nginx.tls}/live/lake/media.m3u8")
    follower.session.verify = False
    follower.session.trust_env = False  # a bundle named there would be asked all the same
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        follower.check_requests()
        follower.follow(6)
    assert not follower.problems, "\n".join(follower.problems)


def test_a_public_segment_is_fetched_once_and_a_private_one_never_kept(front):
    server, nginx = front
    found = parse_media(server.get("/live/lake/media.m3u8").text)
    segment = urllib.parse.urljoin("/live/lake/media.m3u8", found.complete_segments[0].uri)
    assert curl(nginx, segment)[2]["x-cache-status"] == ["MISS"]
    assert curl(nginx, segment)[2]["x-cache-status"] == ["HIT"]
    insider = server.login("warden", WORD)
    den = "/live/den/media.m3u8"
    wait_until(lambda: "EXTINF" in insider.get(server.base + den, timeout=30).text)
    text = insider.get(server.base + den, timeout=30).text
    hidden = urllib.parse.urljoin(den, parse_media(text).complete_segments[0].uri)
    cookie = "; ".join(f"{c.name}={c.value}" for c in insider.cookies)
    inside = curl(nginx, hidden, "-H", f"Cookie: {cookie}")
    if inside[0] == 200:  # a cookie of plain HTTP may be refused behind TLS
        assert "no-store" in inside[2]["cache-control"][0]
    assert curl(nginx, hidden)[0] == 404, "what one may see is not shown to the next"


def test_plain_http_is_sent_to_tls(front):
    _, nginx = front
    result = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "-H",
         "Host: window.example", f"http://127.0.0.1:{nginx.plain}/wall"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout == "301 https://window.example/wall"


def test_the_socket_and_login_work_through_the_proxy(front):
    _, nginx = front
    context = ssl.create_default_context(cafile=str(nginx.certificate))

    async def watch():
        async with websockets.connect(
            f"wss://window.example:{nginx.tls}/live/socket", ssl=context, host="127.0.0.1",
            port=nginx.tls, server_hostname="window.example",
        ) as socket:  # fmt: skip
            await socket.send(json.dumps({"subscribe": {
                "slot": 1, "feed": "lake", "rendition": "auto", "audio": False,
                "codecs": ["avc1"]}}))  # fmt: skip
            kinds = []
            while kinds.count(2) < 5:
                message = await asyncio.wait_for(socket.recv(), 20)
                kinds.append(message[0] if isinstance(message, bytes) else "text")
            return kinds

    assert 1 in asyncio.run(watch())
    body = json.dumps({"name": "warden", "password": WORD})
    status, _, headers, _ = curl(nginx, "/api/v1/login", "-H", "Content-Type: application/json",
                                 "-H", f"Origin: https://window.example:{nginx.tls}",
                                 "-d", body)  # fmt: skip
    assert status == 200, headers
    assert any("Secure" in cookie for cookie in headers["set-cookie"]), "TLS seen behind a proxy"
