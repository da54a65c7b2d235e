"""What the background runner does."""

import logging
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Group, User
from common import batches
from console.chores import chores
from tests.booked import called, refused
from usage import retention
from usage.models import CallLog, HourlyUsage
from wallet import ledger
from wallet import retention as wallet_retention
from wallet.models import Budget, Wallet, WalletEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payer(transactional_db) -> User:
    """An account with a wallet."""
    group, _ = Group.objects.get_or_create(is_default=True, defaults={"name": "default"})
    user = User.objects.create_user("payer", "payer@example.com", "correct horse battery", group=group)
    ledger.open_wallet(user.pk)
    return user


def test_every_chore_has_a_name_of_its_own_and_an_interval():
    names = [chore.name for chore in chores()]
    assert len(set(names)) == len(names)
    assert all(0 < chore.every <= 86_400 for chore in chores())


def test_once_does_every_chore_and_exits_with_0(payer, caplog):
    with caplog.at_level(logging.ERROR):
        call_command("worker", "--once")
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.req("M10")
def test_books_that_do_not_add_up_are_an_error_in_the_log(payer, caplog):
    Wallet.objects.filter(pk=payer.pk).update(balance=1)
    verify = next(chore for chore in chores() if chore.name == "verify")
    with caplog.at_level(logging.ERROR):
        verify.run(0)
    assert "The ledger does not add up" in caplog.text


def ages(**kept):
    now = timezone.now()
    return {name: now - timedelta(days=days) for name, days in kept.items()}


def test_calls_are_kept_a_year_and_errors_a_month(payer):
    old = ages(year=366, month=31, week=7)
    gone = [called(payer, old["year"]), refused(payer, old["year"]), refused(payer, old["month"])]
    kept = [called(payer, old["month"]), called(payer, old["week"]), refused(payer, old["week"])]
    assert retention.prune(timezone.now()) == len(gone)
    assert set(CallLog.objects.values_list("id", flat=True)) == {call.id for call in kept}


def test_the_roll_up_outlives_the_calls(payer):
    called(payer, ages(old=500)["old"])
    before = HourlyUsage.objects.count()
    retention.prune(timezone.now())
    assert HourlyUsage.objects.count() == before > 0


def test_many_old_calls_go_in_batches(payer, monkeypatch):
    monkeypatch.setattr(batches, "SIZE", 2)
    monkeypatch.setattr(batches, "MOST", 2)
    for days in range(400, 407):
        called(payer, ages(then=days)["then"])
    assert [retention.prune(timezone.now()) for _ in range(3)] == [4, 3, 0]


def budget(payer, kind, days, *, held=0):
    start = int((timezone.now() - timedelta(days=days)).timestamp())
    return Budget.objects.create(wallet_id=payer.pk, kind=kind, owner=1, period_start=start, limit=9, held=held)


def test_budgets_of_minutes_go_after_a_day_and_of_months_after_a_year(payer):
    for kind, days in (("rpm", 2), ("tpm", 2), ("key", 401)):
        budget(payer, kind, days)
    kept = [budget(payer, "rpm", 0), budget(payer, "key", 40), budget(payer, "rpm", 3, held=5)]
    kept.append(Budget.objects.create(wallet_id=payer.pk, kind="key", owner=2, period_start=0, limit=9))
    assert wallet_retention.prune(timezone.now()) == 3
    assert set(Budget.objects.values_list("pk", flat=True)) == {row.pk for row in kept}


def test_events_go_a_month_after_they_were_told(payer):
    told = ages(old=31, new=29)
    WalletEvent.objects.create(wallet_id=payer.pk, kind="quota.low", total=1, expanded_at=told["old"])
    kept = [
        WalletEvent.objects.create(wallet_id=payer.pk, kind="quota.low", total=1, expanded_at=told["new"]),
        WalletEvent.objects.create(wallet_id=payer.pk, kind="quota.low", total=1),
    ]
    wallet_retention.prune(timezone.now())
    assert set(WalletEvent.objects.values_list("pk", flat=True)) == {event.pk for event in kept}
