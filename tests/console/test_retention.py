"""What is past its days goes, a few rows at a time; nobody takes it for a loss."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common import batches
from console import retention
from notifications.models import Delivery
from privacy.models import PrivacyPolicy
from tests.booked import called, refused
from usage.models import CallLog
from wallet import ledger, verify
from wallet.models import WalletEvent

pytestmark = pytest.mark.django_db(transaction=True)


def days_ago(days: int):
    return timezone.now() - timedelta(days=days)


def delivery(user, days: int, state: str = "done") -> Delivery:
    made = Delivery.objects.create(user=user, event="x", method="email", payload="", state=state)
    Delivery.objects.filter(pk=made.pk).update(created_at=days_ago(days))
    return made


@pytest.fixture
def old(user) -> dict[str, int]:
    """Rows that are past the default days, and as many that are not."""
    ledger.open_wallet(user.pk)
    for days in (366, 400):
        called(user, days_ago(days))
    for days in (31, 40, 400):
        refused(user, days_ago(days))
    delivery(user, 31)
    WalletEvent.objects.create(wallet_id=user.pk, kind="quota.low", total=1, expanded_at=days_ago(31))
    called(user, days_ago(364))
    refused(user, days_ago(29))
    delivery(user, 29)
    delivery(user, 400, "pending")
    return {"calls": 2, "errors": 3, "deliveries": 1, "budgets": 0, "events": 1}


def printed(capsys, *args: str) -> str:
    call_command("logs", "prune", *args)
    return str(capsys.readouterr().out)


def test_the_command_counts_and_then_prunes(old, capsys):
    assert json.loads(printed(capsys, "--dry-run", "--json")) == {"dry_run": True, **old}
    assert CallLog.objects.count() == 7
    assert json.loads(printed(capsys, "--json")) == {"dry_run": False, **old}
    assert (CallLog.objects.count(), Delivery.objects.count(), WalletEvent.objects.count()) == (2, 2, 0)
    assert not any(json.loads(printed(capsys, "--json")).values())


def test_it_says_in_words_what_went(old, capsys):
    assert printed(capsys, "--dry-run") == "To prune: 2 calls, 3 errors, 1 deliveries, 0 budgets, 1 events.\n"
    assert printed(capsys) == "Pruned: 2 calls, 3 errors, 1 deliveries, 0 budgets, 1 events.\n"


def test_the_days_of_the_policy_count(user, capsys):
    PrivacyPolicy.objects.create(call_days=10, error_days=2)
    kept = [called(user, days_ago(9)), refused(user, days_ago(1))]
    gone = [called(user, days_ago(11)), refused(user, days_ago(3)), refused(user, days_ago(11))]
    delivery(user, 3)
    assert sum(retention.prune(timezone.now()).values()) == len(gone) + 1
    assert set(CallLog.objects.values_list("pk", flat=True)) == {row.pk for row in kept}


def test_more_than_one_go_is_pruned_by_the_command_to_the_end(user, monkeypatch):
    monkeypatch.setattr(batches, "SIZE", 2)
    monkeypatch.setattr(batches, "MOST", 2)
    for days in range(400, 411):
        called(user, days_ago(days))
    assert retention.prune(timezone.now())["calls"] == 11
    assert not CallLog.objects.exists()


def test_each_batch_is_a_transaction_of_its_own(user, monkeypatch):
    monkeypatch.setattr(batches, "SIZE", 2)
    for days in range(400, 405):
        called(user, days_ago(days))
    with CaptureQueriesContext(connection) as asked:
        assert batches.delete(CallLog.objects.all()) == 5
    verbs = [query["sql"].partition(" ")[0] for query in asked.captured_queries]
    assert [verb for verb in verbs if verb in {"DELETE", "COMMIT"}] == ["DELETE", "COMMIT"] * 3


def test_days_that_are_raised_again_do_not_look_like_a_loss(user):
    """What was pruned by short days is missing for good; the check begins where the log is whole."""
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 10**9, reference="start")
    PrivacyPolicy.objects.create(call_days=10, error_days=2)
    refused(user, days_ago(5))
    assert retention.calls(timezone.now()) == 1
    PrivacyPolicy.objects.update(call_days=365, error_days=365)
    assert verify.check() == []
    refused(user, days_ago(1))
    CallLog.objects.all().delete()
    assert [mismatch.book for mismatch in verify.check()] == ["calls in the roll-up (rows of the call log)"]


def test_nothing_to_prune_writes_nothing(user):
    called(user, days_ago(1))
    assert retention.calls(timezone.now()) == 0
    assert not PrivacyPolicy.objects.exists()
