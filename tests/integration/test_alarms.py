"""Alarms reach the desk, machines and people: events, metrics, webhook, mail."""

import hashlib
import hmac
import json

import pytest

from support.mailbox import Mailbox, Receiver, certificate

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
