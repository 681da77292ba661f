"""Alarms reach the desk, machines and people: events, metrics, webhook, mail."""

import contextlib
import hashlib
import hmac
import json
import os
import subprocess

import pytest

from support import archive, stamps
from support.mailbox import Mailbox, Receiver, certificate
from support.program import feed_toml
from support.waiting import wait_until

WORD = "a long enough word"
MAIL_PASSWORD = "the-mail-password"
HOOK_KEY = "the-key-of-the-hook"


@pytest.fixture
def receiver(start):
    receiver = Receiver()
    start(receiver)
    return receiver


def notify(receiver=None, mailbox=None, **settings):
    lines = ["[notify]"]
    if receiver:
        lines += [f'webhook = "{receiver.url}"', f'webhook_secret = "{HOOK_KEY}"']
    if mailbox:
        lines += [f'smtp = "{mailbox.url}"', 'mail_from = "oriel@example.org"',
                  'mail_to = ["warden@example.org"]', "mail_interval_s = 10"]  # fmt: skip
    lines += [f'{key} = "{value}"' for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def operator(server):
    server.add_user("warden", "operator", WORD)
    return server.login("warden", WORD)


def try_couriers(server, session):
    answer = session.post(server.base + "/api/v1/alarms/couriers/test", timeout=60)
    assert answer.ok, answer.text
    return {item["name"]: item for item in answer.json()["items"]}


def test_a_webhook_is_signed_over_time_and_body(oriel, receiver):
    server = oriel(feeds=notify(receiver))
    session = operator(server)
    assert try_couriers(server, session)["webhook"]["delivered"]
    headers, body = receiver.requests[0]
    signed = dict(part.split("=", 1) for part in headers["X-Oriel-Signature"].split(","))
    expected = hmac.new(
        HOOK_KEY.encode(), signed["t"].encode() + b"." + body, hashlib.sha256
    ).hexdigest()
    assert signed["v1"] == expected
    told = json.loads(body)
    assert told["notices"][0]["event"] == "test" and told["node"] == "Oriel"
    receiver.status = 503
    test = try_couriers(server, session)["webhook"]
    assert not test["delivered"] and "503" in test["error"]
    assert "hook-of-the-house" not in json.dumps(test)
    assert "hook-of-the-house" not in server.output() and HOOK_KEY not in server.output()


def test_a_mail_goes_encrypted_and_with_a_login(oriel, start, tmp_path):
    files = certificate(tmp_path)
    mailbox = start_mailbox(start, files, ("oriel", MAIL_PASSWORD))
    server = oriel(feeds=notify(mailbox=mailbox, smtp_ca=str(files[0]), smtp_user="oriel",
                                smtp_password=MAIL_PASSWORD))  # fmt: skip
    session = operator(server)
    test = try_couriers(server, session)["mail"]
    assert test["delivered"], test
    assert mailbox.encrypted
    mail = mailbox.mails[0]
    assert mail["To"] == "warden@example.org" and "test" in mail["Subject"]
    assert "This is a test" in mail.get_content()
    assert MAIL_PASSWORD not in server.output()


def test_a_password_is_never_given_to_a_server_that_cannot_prove_itself(oriel, start, tmp_path):
    mailbox = start_mailbox(start, certificate(tmp_path), ("oriel", MAIL_PASSWORD))
    server = oriel(feeds=notify(mailbox=mailbox, smtp_user="oriel", smtp_password=MAIL_PASSWORD))
    test = try_couriers(server, operator(server))["mail"]
    assert not test["delivered"] and "safe" in test["error"]
    assert not any(command.startswith("AUTH") for command in mailbox.commands)


def test_a_server_without_encryption_is_refused_unless_it_is_allowed(oriel, start):
    mailbox = start_mailbox(start)
    server = oriel(feeds=notify(mailbox=mailbox))
    session = operator(server)
    assert not try_couriers(server, session)["mail"]["delivered"]
    assert not mailbox.mails
    server.write_config(feeds=notify(mailbox=mailbox, smtp_tls="none"))
    assert server.stop() == 0
    server.start()
    session = server.login("warden", WORD)
    assert try_couriers(server, session)["mail"]["delivered"]


def test_alarms_and_their_tests_are_for_operators(oriel, receiver):
    server = oriel(feeds=notify(receiver))
    server.add_user("visitor", "curator", WORD)
    curator = server.login("visitor", WORD)
    for session in (server.session, curator):
        for path in ("", "/history", "/couriers"):
            answer = session.get(server.base + "/api/v1/alarms" + path, timeout=30)
            assert answer.status_code in (401, 403), path
        answer = session.post(server.base + "/api/v1/alarms/couriers/test", timeout=30)
        assert answer.status_code in (401, 403)
    assert not receiver.requests


def start_mailbox(start, files=None, login=None):
    mailbox = Mailbox(files, login)
    start(mailbox)
    return mailbox


def active(server, session):
    answer = session.get(server.base + "/api/v1/alarms", timeout=30)
    return {(alarm["kind"], alarm["subject"]): alarm for alarm in answer.json()["items"]}


def recorded_feed(path, camera):
    volume = f'[[volume]]\nid = "v1"\npath = "{path}"\nreserve_bytes = 0\n'
    return volume + feed_toml("lake", camera.url())


def test_a_file_deleted_while_it_is_written_is_told_and_nothing_of_it_is_lost(
    oriel, camera, receiver, tmp_path
):
    path = tmp_path / "v1"
    server = oriel(feeds=notify(receiver) + recorded_feed(path, camera))
    session = operator(server)
    server.wait_live("lake")
    files = wait_until(lambda: archive.recordings(path, "lake"), 30, "a recording")
    files[0].unlink()
    alarm = wait_until(lambda: active(server, session).get(("file_lost", "lake")), 30, "the alarm")
    assert "nothing is missing" in alarm["message"].replace("\n", " ")
    assert files[0].exists()
    wait_until(lambda: receiver.notices("raised"), 30, "the notice")
    assert ("oriel_alarms", (("acknowledged", "no"), ("grade", "critical"), ("kind", "file_lost"),
            ("subject", "lake"))) in metrics_of(server, session)  # fmt: skip
    answer = session.post(
        f"{server.base}/api/v1/alarms/{alarm['id']}/acknowledge", timeout=30
    )
    assert answer.json()["acknowledged_by"] == "warden"
    assert not active(server, session)
    wait_until(lambda: receiver.notices("cleared"), 30, "the notice of its end")
    assert server.stop() == 0
    frames = archive.frames_of_feed(path, "lake")[0]
    assert len(archive.recordings(path, "lake")) == 1 and not stamps.doubled(frames)


def metrics_of(server, session):
    server.session, before = session, server.session
    try:
        return server.metrics()
    finally:
        server.session = before


@pytest.fixture
def mounted(tmp_path):
    """mounted(name): a file system of its own in memory, mounted there; again over itself too."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount disks")
    mounts = []

    def mount(name):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            pytest.skip(f"cannot mount here: {done.stderr.strip()}")
        mounts.append(folder)
        return folder

    yield mount
    for folder in reversed(mounts):
        subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_disk_mounted_over_another_is_told_left_alone_and_the_first_is_used_again(
    oriel, camera, mounted
):
    path = mounted("disk")
    server = oriel(feeds=recorded_feed(path, camera))
    session = operator(server)
    server.wait_live("lake")
    wait_until(lambda: archive.recordings(path, "lake"), 30, "a recording")
    mounted("disk")
    wait_until(lambda: ("volume_missing", "v1") in active(server, session), 30, "the alarm")
    wait_until(lambda: ("not_recorded", "lake") in active(server, session), 60, "the feed's alarm")
    assert not list(path.iterdir()), "the wrong disk is not filled"
    marker = {"version": 1, "volume": "v1", "uuid": "0" * 32}
    (path / "oriel-volume.json").write_text(json.dumps(marker))
    wait_until(lambda: ("volume_wrong", "v1") in active(server, session), 30, "the alarm")
    assert server.feed("lake")["state"] == "live"
    subprocess.run(["umount", "-l", str(path)], check=True)
    wait_until(lambda: not active(server, session), 60, "the end of all alarms")
    assert server.stop() == 0


def test_a_full_disk_is_one_alarm_that_ends_with_it(oriel, camera, mounted, receiver):
    path = mounted("disk")
    server = oriel(feeds=notify(receiver) + recorded_feed(path, camera))
    session = operator(server)
    server.wait_live("lake")
    wait_until(lambda: archive.recordings(path, "lake"), 30, "a recording")
    ballast = path / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 14))
    wait_until(lambda: ("volume_full", "v1") in active(server, session), 60, "the alarm")
    ballast.unlink()
    wait_until(lambda: not active(server, session), 90, "its end")
    kinds = wait_until(
        lambda: len(told := receiver.notices("cleared")) > 0 and {n["alarm"]["kind"] for n in told}
    )
    assert "volume_full" in kinds
