"""Wrong configurations: the file, the line, the key and what was expected, and a quick end."""

import re
import signal
import socket

import pytest

from support.program import feed_toml, run
from support.waiting import wait_until

GOOD_FEED = '[[feed]]\nid = "lake"\nsource = "rtsp://127.0.0.1:9/x"\n'


def serve_to_its_end(tmp_path, text):
    path = tmp_path / "oriel.toml"
    path.write_text(text)
    return run("serve", "--config", path, timeout_s=20)


@pytest.mark.parametrize(
    "text, line, key, expected",
    [
        ("colour = 3\n", 1, "colour", "known"),
        ("[http]\nlisten = 8080\n", 2, "listen", "text"),
        (GOOD_FEED + 'record = "yes"\n', 4, "record", "true or false|boolean"),
        (GOOD_FEED + "part_ms = -1\n", 4, "part_ms", r"\d"),
        (GOOD_FEED + "delay_s = 301\n", 4, "delay_s", "300"),
        (GOOD_FEED + 'sauce = "x"\n', 4, "sauce", "known"),
        ('[[feed]]\nsource = "rtsp://127.0.0.1:9/x"\n', 1, "id", "missing"),
        ('[[feed]]\nid = "lake"\n', 1, "source", "missing"),
        ('[[feed]]\nid = "../lake"\nsource = "rtsp://127.0.0.1:9/x"\n', 2, "id", "letter"),
        (GOOD_FEED + GOOD_FEED, 4, "lake", "already|twice|two"),
        ('[[feed]]\nid = "lake"\nsource = "gopher://127.0.0.1/x"\n', 3, "source", "rtsp"),
        ('[[site]]\nid = "a"\nlatitude = 91.0\nlongitude = 0.0\n', 3, "latitude", "90"),
        ("data = \n", 1, "", ""),
    ],
)
def test_a_wrong_key_is_named_with_file_and_line(tmp_path, text, line, key, expected):
    result = serve_to_its_end(tmp_path, text)
    told = result.stderr + result.stdout
    assert result.returncode not in (0, None) and result.returncode > 0, told
    assert re.search(rf"oriel\.toml(:|, line |.*line ){line}\b", told), told
    assert key in told, told
    assert re.search(expected, told, re.IGNORECASE), told
    assert "terminate called" not in told


@pytest.mark.parametrize(
    "text, word",
    [
        ('[http]\nlisten = "nowhere"\n', "nowhere"),
        (GOOD_FEED + 'site = "nowhere"\n', "nowhere"),
        ('database = "cassandra:x"\n', "sqlite:"),
        ('[http]\ntls_certificate = "none.pem"\n', "tls_key"),
        ('[[site]]\nid = "a"\nlatitude = 9.0\n', "longitude"),
    ],
)
def test_what_does_not_fit_together_is_named(tmp_path, text, word):
    result = serve_to_its_end(tmp_path, f'data = "{tmp_path}/data"\n' + text)
    told = result.stderr + result.stdout
    assert result.returncode > 0 and word in told and "terminate called" not in told, told


def test_a_wrong_configuration_never_repeats_a_password(tmp_path):
    text = '[[feed]]\nid = "lake"\nsource = "gopher://eye:gr8-secret@127.0.0.1/x"\n'
    result = serve_to_its_end(tmp_path, text)
    assert result.returncode > 0
    assert "gr8-secret" not in result.stderr + result.stdout


def test_a_configuration_that_is_not_there(tmp_path):
    result = run("serve", "--config", tmp_path / "none.toml", timeout_s=20)
    assert result.returncode > 0 and "none.toml" in result.stderr + result.stdout


def test_a_port_in_use_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        data = tmp_path / "data"
        text = f'data = "{data}"\n[http]\nlisten = "127.0.0.1:{port}"\n'
        result = serve_to_its_end(tmp_path, text)
    told = result.stderr + result.stdout
    assert result.returncode > 0 and str(port) in told and "in use" in told, told


def test_two_servers_on_one_data_folder(oriel, tmp_path):
    first = oriel()
    second = oriel(folder="other", wait=False)
    second.config.write_text(second.config.read_text().replace(str(second.data), str(first.data)))
    result = run("serve", "--config", second.config, timeout_s=20)
    told = result.stderr + result.stdout
    assert result.returncode > 0 and "terminate called" not in told, told
    assert first.get("/healthz").ok


def test_a_reload_takes_in_a_new_feed_and_survives_a_wrong_file(oriel, camera):
    server = oriel(feeds=feed_toml("lake", camera.url(0)))
    server.wait_live("lake")
    server.write_config(feed_toml("lake", camera.url(0)) + feed_toml("peak", camera.url(1)))
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: server.get("/api/v1/feeds/peak").ok)
    server.wait_live("peak")
    server.write_config(feed_toml("lake", camera.url(0), nonsense=1))
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "nonsense" in server.output(), what="a word about the wrong file")
    assert server.feed("lake")["state"] == "live"
    assert server.feed("peak")["state"] == "live"
