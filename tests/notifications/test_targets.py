"""Where messages go: what a form may say, what it is told otherwise, and how it is kept."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from notifications.transports import TRANSPORTS, bark, email, gotify, signing, webhook
from notifications.transports.base import Message, TargetRefused

PUBLIC = "https://93.184.215.14"
START = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEPT = [
    webhook.WebhookTarget(
        f"{PUBLIC}/hook", "template", '{"a": "{{title}}"}', (signing.mint(), signing.Secret("x", START))
    ),
    bark.BarkTarget(f"{PUBLIC}/key/{{{{title}}}}/{{{{content}}}}", "critical", "组", "alarm"),
    gotify.GotifyTarget(PUBLIC, "A-token-of-13", 8),
]


def refused(kind: str, **form: str) -> dict[str, str]:
    with pytest.raises(TargetRefused) as refusal:
        TRANSPORTS[kind].Target.parse(form)
    return refusal.value.errors


@pytest.mark.parametrize("target", KEPT)
def test_a_target_is_kept_whole_and_frozen(target):
    assert type(target).load(target.dump()) == target
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(target, dataclasses.fields(target)[0].name, "changed")


def test_a_message_is_kept_whole():
    message = Message(7, "quota.low", START, "zh-hans", "余额", "a\n\nb", {"balance_usd": "3.42", "n": None})
    assert Message.load(message.dump()) == message
    assert message.id == "msg_7"


@pytest.mark.parametrize("kind", ["webhook", "bark", "gotify"])
@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("", "URL"),
        ("hook.example.com", "http"),
        ("ftp://example.com/", "http"),
        ("https://me:secret@example.com/", "password"),
        ("https://exa mple.com/", "blanks"),
        ("https://example.com/\\x", "backslashes"),
        ("http://127.0.0.1/", "TOLLGATE_OUTBOUND_ALLOW"),
        ("http://[::ffff:169.254.169.254]/", "TOLLGATE_OUTBOUND_ALLOW"),
        ("https://example.com/" + "x" * 2000, "longer"),
    ],
)
def test_a_url_that_leads_nowhere_is_explained(kind, url, word):
    message = f"{url}{{{{title}}}}" if kind == "bark" and url else url
    assert word in refused(kind, url=message, token="t")["url"]


def test_a_webhook_gets_a_secret_of_32_bytes_and_keeps_it():
    target = webhook.WebhookTarget.parse({"url": f"{PUBLIC}/hook"})
    (secret,) = target.secrets
    assert secret.text.startswith("whsec_")
    assert len(signing._key(secret.text)) == 32
    assert webhook.WebhookTarget.parse({"url": f"{PUBLIC}/other"}, old=target).secrets == (secret,)
    assert secret.text not in str(target.shown())


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_###", "c2hvcnQ=", "whsec_c2hvcnQ=", "whsec_" + "A" * 200, "whsec_é"]
)
def test_a_secret_that_is_none_is_explained(secret):
    assert "whsec_" in refused("webhook", url=PUBLIC, secret=secret)["secret"]


@pytest.mark.req("J9")
def test_a_replaced_secret_signs_for_another_24_hours():
    with time_machine.travel(START, tick=False) as clock:
        target = webhook.WebhookTarget.parse({"url": PUBLIC})
        (first,) = target.secrets
        target = target.rotated()
        assert [secret.text for secret in signing.signing(target.secrets, datetime.now(UTC))] == [
            target.secrets[0].text,
            first.text,
        ]
        assert webhook.WebhookTarget.load(target.dump()) == target
        clock.shift(timedelta(hours=24, seconds=-1))
        assert len(signing.signing(target.secrets, datetime.now(UTC))) == 2
        clock.shift(1)
        assert signing.signing(target.secrets, datetime.now(UTC)) == target.secrets[:1]


def test_a_secret_brought_along_replaces_like_a_new_one():
    target = webhook.WebhookTarget.parse({"url": PUBLIC})
    own = signing.mint().text
    changed = webhook.WebhookTarget.parse({"url": PUBLIC, "secret": own}, old=target)
    assert [secret.text for secret in changed.secrets] == [own, target.secrets[0].text]
    assert webhook.WebhookTarget.parse({"url": PUBLIC, "secret": own}, old=changed) == changed


def test_a_secret_stays_with_the_kind_of_receiver_it_was_made_for():
    target = webhook.WebhookTarget.parse({"url": PUBLIC})
    bot = webhook.WebhookTarget.parse({"url": PUBLIC, "format": "feishu"}, old=target)
    assert bot.secrets == ()
    again = webhook.WebhookTarget.parse({"url": PUBLIC, "format": "feishu", "secret": "bot"}, old=bot)
    assert [secret.text for secret in again.secrets] == ["bot"]
    assert webhook.WebhookTarget.parse({"url": PUBLIC, "format": "feishu"}, old=again).secrets == again.secrets


def test_an_unknown_format_is_refused():
    assert "slack" in refused("webhook", url=PUBLIC, format="teams")["format"]


@pytest.mark.parametrize("priority", ["-1", "11", "five", "٣", "1.5", "1e1"])
def test_a_priority_is_0_to_10(priority):
    assert "0 to 10" in refused("gotify", url=PUBLIC, token="A-token", priority=priority)["priority"]
    assert gotify.GotifyTarget.parse({"url": PUBLIC, "token": "A-token"}).priority == 5


def test_a_token_is_never_sent_to_another_server_by_changing_the_url():
    old = gotify.GotifyTarget(PUBLIC, "A-token")
    assert gotify.GotifyTarget.parse({"url": f"{PUBLIC}/path/"}, old=old).token == "A-token"
    with pytest.raises(TargetRefused) as refusal:
        gotify.GotifyTarget.parse({"url": "https://93.184.215.15"}, old=old)
    assert "token" in refusal.value.errors


@pytest.mark.req("I11")
@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "é", "x" * 201])
def test_a_token_must_fit_a_header(token):
    assert "token" in refused("gotify", url=PUBLIC, token=token)


def test_the_token_does_not_belong_into_the_url():
    assert "field" in refused("gotify", url=f"{PUBLIC}/message?token=A", token="A")["url"]
    assert gotify.GotifyTarget.parse({"url": f"{PUBLIC}/message", "token": "A"}).url == PUBLIC


@pytest.mark.req("I11")
@pytest.mark.parametrize("address", ["", "mei", "mei@example.com\nBcc: x@example.com", "a@b.example, c@d.example"])
def test_what_is_no_mailbox_is_refused(address):
    with pytest.raises(TargetRefused) as refusal:
        email.EmailTarget.parse({"address": address})
    assert list(refusal.value.errors) == ["address"]
