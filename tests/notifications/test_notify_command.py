"""manage.py notify."""

import json

import pytest
from django.core.management import CommandError, call_command

from notifications import outbox
from notifications.models import Delivery, Method
from notifications.transports import TRANSPORTS, email
from notifications.transports.base import TransportFailed
from tests.notifications.test_courier import TARGET, Quick


@pytest.fixture
def quick(monkeypatch) -> Quick:
    made = Quick()
    monkeypatch.setitem(TRANSPORTS, "gotify", made)
    return made


def status(*words: str) -> int:
    try:
        call_command("notify", *words)
    except CommandError as ended:
        return ended.returncode
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_every_method_that_is_on_is_tried_at_once(user, files, quick, capsys):
    Method.objects.create(user=user, kind="gotify", enabled=True, target=TARGET.dump())
    Method.objects.create(user=user, kind="bark", enabled=False, target="x")
    assert status("test", "mei", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row["method"], row["state"]) for row in told] == [("email", "done"), ("gotify", "done")]
    assert len(quick.sent) == 1


def test_one_method_is_tried_even_if_it_is_off(user, files, quick, capsys):
    Method.objects.create(user=user, kind="gotify", enabled=False, target=TARGET.dump())
    assert status("test", "mei", "--method", "gotify") == 0
    assert capsys.readouterr().out.startswith("gotify: done: HTTP 200, ")


def test_what_does_not_arrive_ends_with_1_and_says_why(user, monkeypatch, capsys):
    def post(_number: int, _payload: str) -> str:
        raise TransportFailed("451 later")

    monkeypatch.setattr(email, "post", post)
    assert status("test", "mei") == 1
    assert "email: dead: 451 later" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("test", "nobody"), ("test", "mei", "--method", "webhook")])
def test_where_there_is_nobody_to_tell_it_ends_with_1(user, words):
    assert status(*words) == 1
    assert not Delivery.objects.exists()


def test_an_operator_is_not_limited(user, files):
    assert [status("test", "mei") for _ in range(7)] == [0] * 7


def test_what_is_due_is_sent(user, files, capsys):
    for _ in range(3):
        outbox.put(
            user=user, event="quota.low", method="email", subject="x", payload=email.pack("a@b.c", ["d@e.f"], b"x")
        )
    assert status("deliver", "--limit", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"sent": 2, "waiting": 1}
    assert status("deliver") == 0
    assert capsys.readouterr().out.strip() == "1 sent, 0 waiting."


def test_a_row_that_a_worker_has_is_not_taken(user):
    row = outbox.put(user=user, event="test", method="email", subject="x", payload="x")
    assert outbox.claim(1)
    assert outbox.claim_one(row) == []
