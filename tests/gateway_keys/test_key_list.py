"""What the list says of each key."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from common import windows
from common.money import NANO
from gateway import key_list, keys
from gateway.key_list import Status
from gateway.models import ApiKey
from usage.models import HourlyUsage
from wallet.models import Budget, Wallet

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture
def spend(user):
    """Book `amount` on the key's budget of its period."""
    wallet = Wallet.objects.create(user=user)

    def book(key, amount, *, at=NOW):
        Budget.objects.create(
            wallet=wallet,
            kind="key",
            owner=key.pk,
            period_start=windows.opens(key.period, at.timestamp()),
            limit=key.limit,
            spent=amount,
        )

    return book


def hour_of(user, key, paid, at=NOW):
    HourlyUsage.objects.create(
        user=user,
        hour=int(at.timestamp()) // 3600,
        model="small",
        api_key=key.name,
        calls=1,
        errors=0,
        input_tokens=1,
        output_tokens=1,
        paid=paid,
    )


@pytest.mark.parametrize("period", ApiKey.Period.values)
def test_limited_key_shows_what_its_period_spent(user, spend, period):
    with time_machine.travel(NOW, tick=False):
        key, _ = keys.mint(user, "laptop", limit=10 * NANO, period=period)
        spend(key, 8 * NANO)

        [row] = key_list.rows(user)

    assert (row.spent, row.percent, row.kind, row.status) == (8 * NANO, 80, "warn", Status.ACTIVE)


def test_limited_key_starts_anew_with_the_next_period(user, spend):
    with time_machine.travel(NOW, tick=False):
        key, _ = keys.mint(user, "laptop", limit=10 * NANO, period="day")
        spend(key, 10 * NANO)
        assert key_list.rows(user)[0].status is Status.LIMITED

    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        assert key_list.rows(user)[0].status is Status.ACTIVE


def test_key_without_a_limit_shows_this_month(user):
    with time_machine.travel(NOW, tick=False):
        key, _ = keys.mint(user, "laptop")
        hour_of(user, key, 3)
        hour_of(user, key, 4, NOW - timedelta(days=2))
        hour_of(user, key, 5, NOW - timedelta(days=30))

        [row] = key_list.rows(user)

    assert (row.spent, row.percent, row.kind) == (7, 0, "")


def test_status_names_what_matters_first(user):
    keys.mint(user, "expired", expires_at=timezone.now() + timedelta(hours=1))
    disabled, _ = keys.mint(user, "disabled", expires_at=timezone.now() + timedelta(hours=1))
    keys.disable(disabled)

    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        found = {row.key.name: row.status for row in key_list.rows(user)}

    assert found == {"expired": Status.EXPIRED, "disabled": Status.DISABLED}


def test_keys_of_others_are_not_listed(user, other):
    keys.mint(other, "laptop")

    assert key_list.rows(user) == []


def test_search_and_status_narrow_the_list(user):
    keys.mint(user, "Staging-backend")
    keys.disable(keys.mint(user, "staging-old")[0])
    rows = key_list.rows(user)

    assert len(key_list.chosen(rows, search="STAGING")) == 2
    assert [row.key.name for row in key_list.chosen(rows, search="staging", status="disabled")] == ["staging-old"]
    assert key_list.counts(rows) == {"": 2, "active": 1, "limited": 0, "disabled": 1, "expired": 0}
