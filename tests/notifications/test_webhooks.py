"""Webhooks: signed so that others can verify it, in the body of the contract."""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from notifications.transports import signing, webhook
from notifications.transports.base import TransportFailed
from notifications.transports.signing import Secret
from notifications.transports.webhook import WebhookTarget
from tests.peers.receiver import reply

# the reference vector of the specification's own libraries
VECTOR = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
VECTOR_ID, VECTOR_TIME, VECTOR_BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
VECTOR_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
BODY = (
    '{"type":"quota.low","timestamp":"2026-11-25T12:00:30Z","data":{"balance_usd":"3.42","threshold_usd":"5.00"},'
    '"title":"Your balance is down to $3.42",'
    '"content":"The balance of mei\'s account is $3.42 & falling.\\n\\nCalls go on: 余额 <5%."}'
).encode()
NOW = datetime(2026, 11, 25, 12, 1, tzinfo=UTC)


@pytest.fixture
def target(receiver) -> WebhookTarget:
    return WebhookTarget(f"{receiver.url}/hooks/tollgate?team=a", secrets=(signing.mint(),))


def verify(secret: Secret, received) -> object:
    return Webhook(secret.text).verify(received.body, dict(received.headers))


@pytest.mark.req("J9")
def test_the_reference_vector_is_met():
    headers = signing.headers(
        [VECTOR], message_id=VECTOR_ID, body=VECTOR_BODY, now=datetime.fromtimestamp(VECTOR_TIME, UTC)
    )
    assert headers == {
        "webhook-id": VECTOR_ID,
        "webhook-timestamp": str(VECTOR_TIME),
        "webhook-signature": VECTOR_SIGNATURE,
    }


@pytest.mark.req("J9")
def test_path_headers_and_body_are_those_of_the_contract_to_the_byte(receiver, target, message):
    with time_machine.travel(NOW, tick=False):
        answer = webhook.send(target, message)
    received = receiver.last
    key = base64.b64decode(target.secrets[0].text.removeprefix("whsec_"))
    signed = hmac.new(key, f"msg_42.{int(NOW.timestamp())}.".encode() + BODY, hashlib.sha256).digest()
    assert len(key) == 32
    assert (received.method, received.target, received.body) == ("POST", "/hooks/tollgate?team=a", BODY)
    assert dict(received.headers) == {
        "Host": f"127.0.0.1:{receiver.port}",
        "User-Agent": "Tollgate",
        "Accept-Encoding": "identity",
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Content-Length": str(len(BODY)),
        "webhook-id": "msg_42",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
    assert (answer.status, answer.response) == (200, "HTTP 200, 0 bytes")


@pytest.mark.req("J9")
def test_the_standardwebhooks_package_verifies_what_arrives(receiver, target, message):
    webhook.send(target, message)
    assert verify(target.secrets[0], receiver.last) == {
        "type": "quota.low",
        "timestamp": "2026-11-25T12:00:30Z",
        "data": dict(message.data),
        "title": message.title,
        "content": message.content,
    }
    for change in ({"body": receiver.last.body + b" "}, {"headers": _altered(receiver.last, "webhook-id", "msg_43")}):
        with pytest.raises(WebhookVerificationError):
            verify(target.secrets[0], replace(receiver.last, **change))
    with pytest.raises(WebhookVerificationError):
        verify(signing.mint(), receiver.last)


def _altered(received, name: str, value: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, value if key == name else old) for key, old in received.headers)


@pytest.mark.req("J9")
def test_a_retry_has_the_same_id_and_a_time_of_its_own(receiver, target, message):
    seen = []
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(2):
            webhook.send(target, message)
            assert verify(target.secrets[0], receiver.last), "within five minutes of the attempt"
            seen.append((receiver.last.header("webhook-id"), receiver.last.header("webhook-timestamp")))
            clock.shift(timedelta(hours=1))
        with pytest.raises(WebhookVerificationError):
            verify(target.secrets[0], receiver.last)
    assert seen[0][0] == seen[1][0] == "msg_42"
    assert int(seen[1][1]) - int(seen[0][1]) == 3600


@pytest.mark.req("J9")
def test_while_a_secret_is_replaced_both_verify_for_24_hours(receiver, target, message):
    with time_machine.travel(NOW, tick=False) as clock:
        old, rotated = target.secrets[0], target.rotated()
        clock.shift(timedelta(hours=23, minutes=59))
        webhook.send(rotated, message)
        assert receiver.last.header("webhook-signature").count("v1,") == 2
        assert verify(old, receiver.last)
        assert verify(rotated.secrets[0], receiver.last)
        clock.shift(timedelta(minutes=1))
        webhook.send(rotated, message)
        assert verify(rotated.secrets[0], receiver.last)
        with pytest.raises(WebhookVerificationError):
            verify(old, receiver.last)


def test_replacing_in_a_hurry_keeps_every_secret_its_day_but_not_without_end(target):
    rotated = target
    for _ in range(20):
        rotated = rotated.rotated()
    assert len(rotated.secrets) == signing.MOST
    assert rotated.secrets[0].until is None
    assert all(secret.until for secret in rotated.secrets[1:])


def test_what_is_shown_holds_neither_secret_nor_signature_nor_path(receiver, target, message):
    answer = webhook.send(target, message)
    shown = f"{answer} {target.shown()}"
    assert target.secrets[0].text not in shown
    assert receiver.last.header("webhook-signature") not in shown
    assert "/hooks/tollgate" not in answer.request
    assert answer.request.splitlines()[0] == f"POST {receiver.url}/••••"
    assert json.loads(answer.request.splitlines()[-1]) == json.loads(BODY)


@pytest.mark.parametrize(
    ("status", "words", "permanent"),
    [
        (400, "only 2xx counts", False),
        (401, "secret, token and URL", False),
        (403, "secret, token and URL", False),
        (404, "nothing takes messages", False),
        (410, "nothing takes messages", True),
        (429, "too many messages", False),
        (500, "a fault of its own", False),
        (503, "a fault of its own", False),
    ],
)
def test_every_refusal_says_what_to_do(receiver, target, message, status, words, permanent):
    receiver.answer = reply(status, b"<b>canary of the receiver</b>")
    with pytest.raises(TransportFailed, match=words) as failure:
        webhook.send(target, message)
    assert (failure.value.permanent, failure.value.status) == (permanent, status)
    assert f"HTTP {status}" in str(failure.value)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_2xx_is_received(receiver, target, message, status):
    receiver.answer = reply(status)
    assert webhook.send(target, message).status == status


@pytest.mark.req("J6")
@pytest.mark.parametrize("status", [200, 500])
def test_nothing_that_comes_back_is_shown(receiver, target, message, status):
    receiver.answer = reply(status, b"canary of the inside", X_Canary="canary")
    try:
        told = repr(webhook.send(target, message))
    except TransportFailed as failure:
        told = f"{failure} {failure.answer}"
    assert f"HTTP {status}" in told
    assert "canary" not in told


@pytest.mark.req("J9")
def test_the_lines_of_the_documentation_verify_a_webhook(receiver, target, message):
    page = (Path(__file__).parents[2] / "docs/notifications.md").read_text()
    (code,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    (example,) = re.findall(r"```json\n(.+?)```", page, re.DOTALL)
    webhook.send(target, message)
    names = {"secret": target.secrets[0].text, "body": receiver.last.body, "headers": dict(receiver.last.headers)}
    exec(code, names)
    assert names["event"] == json.loads(receiver.last.body)
    assert list(json.loads(example)) == list(json.loads(receiver.last.body))
