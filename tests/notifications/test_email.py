"""E-mail: by a real mail server, or as files."""

import stat
from email import message_from_bytes
from typing import Any

import pytest
from django.core.mail import BadHeaderError, EmailMessage, send_mail
from django.utils import translation

from notifications import checks, courier, services
from notifications.models import Delivery
from notifications.transports.email import Server


def test_a_message_arrives_whole(db, mailbox, row):
    send_mail("Grüße", "Ein Text\nmit Zeilen", "Tollgate <tollgate@example.com>", ["mei@example.com"])
    assert mailbox.letters == [], "nothing leaves before a worker sends it"
    assert courier.deliver_due() == 1
    recipients, letter, _ = mailbox.letters[0]
    assert recipients == ["mei@example.com"]
    assert str(letter["From"]) == "Tollgate <tollgate@example.com>"
    assert letter.get_payload(decode=True).decode().split("\r\n")[:2] == ["Ein Text", "mit Zeilen"]
    assert (row().state, row().result) == ("done", "sent by 127.0.0.1")


def test_name_and_password_are_percent_encoded_in_the_url(db, mailbox, settings):
    settings.EMAIL_URL = f"smtp://mei%40example.com:p%40ss%2Fword@127.0.0.1:{mailbox.port}"
    send_mail("Hello", "x", None, ["mei@example.com"])
    assert courier.deliver_due() == 1
    assert mailbox.letters[0][2], "signed in"


def test_a_wrong_password_is_named_without_the_password(db, mailbox, settings, row):
    settings.EMAIL_URL = f"smtp://mei:canary@127.0.0.1:{mailbox.port}"
    send_mail("Hello", "x", None, ["mei@example.com"])
    assert courier.deliver_due() == 0
    assert row().result == "The mail server does not accept its user and password (535). Ask your administrator."
    assert row().state == "pending"


def test_a_password_is_not_sent_in_clear_over_a_network(db, mailbox, settings, row, monkeypatch):
    monkeypatch.setattr("notifications.transports.email.LOOPBACK", set())
    settings.EMAIL_URL = f"smtp://mei:p%40ss%2Fword@127.0.0.1:{mailbox.port}"
    send_mail("Hello", "x", None, ["mei@example.com"])
    assert courier.deliver_due() == 0
    assert "STARTTLS" in row().result
    assert mailbox.letters == []


def test_what_went_wrong_is_said_in_the_language_of_the_letter(db, mailbox, row):
    mailbox.answer = "451 busy"
    with translation.override("zh-hans"):
        send_mail("Hello", "x", None, ["mei@example.com"])
    assert courier.deliver_due() == 0
    assert row().result.startswith("邮件服务器暂时不接收此邮件")


@pytest.mark.parametrize(("answer", "state"), [("451 busy", "pending"), ("554 spam", "dead"), ("250 OK", "done")])
def test_what_the_server_says_decides(db, mailbox, row, answer, state):
    mailbox.answer = answer
    send_mail("Hello", "x", None, ["mei@example.com"])
    courier.deliver_due()
    assert row().state == state


@pytest.mark.req("L2")
def test_a_file_goes_with_its_delivery(db, settings, tmp_path):
    settings.EMAIL_URL, settings.EMAIL_FILES = "", tmp_path
    for to in ("mei@example.com", "olu@example.com"):
        send_mail("Hello", "x", None, [to])
    courier.deliver_due()
    (tmp_path / "of-somebody-else.eml").write_text("stays")
    assert len(list(tmp_path.iterdir())) == 3
    Delivery.objects.latest("pk").delete()
    assert services.sweep_files() == 1
    assert "mei@example.com" in next(iter(tmp_path.glob("0*.eml"))).read_text()
    assert services.sweep_files() == 0


def test_a_server_that_is_down_is_tried_again(db, settings, row):
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    send_mail("Hello", "x", None, ["mei@example.com"])
    assert courier.deliver_due() == 0
    assert row().state == "pending"
    assert "ConnectionRefusedError" in row().result


@pytest.mark.req("N2")
def test_a_page_neither_waits_for_the_mail_server_nor_fails_with_it(user, browser, settings, row):
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    assert browser.post("/accounts/password/reset/", {"email": user.email}).status_code == 302
    assert row().state == "pending"


def test_without_a_server_letters_are_files_for_the_owner_only(db, files, row):
    send_mail("Hello", "x", None, ["mei@example.com"])
    assert courier.deliver_due() == 1
    (path,) = files.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.stat().st_mode) == 0o700
    assert message_from_bytes(path.read_bytes())["Subject"] == "Hello"
    assert row().result == f"written to {path.name}"


def test_a_disk_that_cannot_be_written_is_tried_again(db, files, row):
    files.write_text("not a folder")
    send_mail("Hello", "x", None, ["mei@example.com"])
    assert courier.deliver_due() == 0
    assert row().state == "pending"


@pytest.mark.req("I11")
@pytest.mark.parametrize("header", ["subject", "from_email", "to"])
def test_a_line_break_in_a_header_is_refused(db, header):
    parts: dict[str, Any] = {"subject": "Hello", "body": "x", "from_email": "a@example.com", "to": ["b@example.com"]}
    evil = "a@example.com\r\nBcc: c@example.com"
    parts[header] = [evil] if header == "to" else evil
    with pytest.raises((BadHeaderError, ValueError)):
        EmailMessage(**parts).send()


def test_a_letter_belongs_to_the_account_of_its_address(user, row):
    send_mail("Hello", "x", None, ["MEI@example.com"])
    assert row().user == user


def test_a_letter_to_nobody_is_none(db):
    assert EmailMessage("Hello", "x", to=[]).send() == 0


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", Server("mail.example", 25, "", "", tls=False)),
        ("smtps://u:p@mail.example", Server("mail.example", 465, "u", "p", tls=True)),
        ("smtp://a%40b:c%3Ad%2F@mail.example:587", Server("mail.example", 587, "a@b", "c:d/", tls=False)),
    ],
)
def test_a_url_names_a_server(url, server):
    assert Server.of(url) == server


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:99999", "smtp://mail.example:x"]
)
def test_a_url_that_names_none_is_found_at_the_start(url, settings):
    settings.EMAIL_URL = url
    assert [found.id for found in checks.mail_server()] == ["notifications.E001"]
