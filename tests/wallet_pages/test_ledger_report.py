"""The ledger as its owner reads it: order, running totals, cursors."""

import random

import pytest

from common import callids
from common.money import LARGEST
from wallet import ledger, reports
from wallet.models import LedgerEntry
from wallet.reports import PAGE


def credit(user, amount, number):
    ledger.credit(user.pk, amount, reference=f"test-{user.pk}-{number}", note=f"Note {number}")


def charge(user, amount, call_id):
    """Book a call as a commit does."""
    LedgerEntry.objects.create(wallet_id=user.pk, kind="call", amount=-amount, reference=str(call_id))


def total(user):
    return sum(LedgerEntry.objects.filter(wallet_id=user.pk).values_list("amount", flat=True))


def whole(user, kind="") -> list[reports.Entry]:
    """Return all entries, page by page."""
    entries: list[reports.Entry] = []
    before = None
    while True:
        page = reports.ledger(user.pk, total=total(user), kind=kind, before=before)
        entries += page.entries
        before = page.older
        if before is None:
            return entries


def test_each_entry_carries_the_total_it_led_to(user):
    credit(user, 1_000, 1)
    charge(user, 300, 77)
    credit(user, 50, 2)
    entries = reports.ledger(user.pk, total=total(user)).entries
    assert [(entry.amount, entry.total) for entry in entries] == [(50, 750), (-300, 700), (1_000, 1_000)]


def test_totals_stay_right_on_every_page_and_under_every_filter(user, other):
    dice = random.Random(5)
    running, expected = 0, {}
    for number in range(3 * PAGE):
        if dice.random() < 0.3:
            credit(user, amount := dice.randint(500, 900), number)
        else:
            charge(user, -(amount := -dice.randint(1, 60)), callids.TIME_SHIFT * 10**6 + number)
        running += amount
        expected[LedgerEntry.objects.latest("id").pk] = running
        credit(other, 10**6, number)

    assert {entry.id: entry.total for entry in whole(user)} == expected
    for kind in ("credit", "call"):
        shown = whole(user, kind)
        assert shown
        assert {entry.kind for entry in shown} == {kind}
        assert all(entry.total == expected[entry.id] for entry in shown)


def test_the_last_page_names_no_older_one(user):
    for number in range(PAGE):
        credit(user, 1, number)
    assert reports.ledger(user.pk, total=PAGE).older is None
    credit(user, 1, PAGE)
    assert reports.ledger(user.pk, total=PAGE + 1).older is not None


def test_a_call_is_named_by_its_request_id_and_other_entries_are_not(user):
    credit(user, 10, 1)
    charge(user, 1, 2**60 + 5)
    call, added = reports.ledger(user.pk, total=9).entries
    assert call.request_id == callids.request_id(2**60 + 5)
    assert (added.request_id, added.note) == ("", "Note 1")


def test_entries_of_others_are_never_listed(user, other):
    credit(other, 5, 1)
    assert reports.ledger(user.pk, total=0) == reports.Page([], None)


@pytest.mark.parametrize("kind", ["", "credit"])
def test_a_page_costs_three_queries(user, kind, django_assert_num_queries):
    for number in range(PAGE + 5):
        credit(user, 1, number)
    with django_assert_num_queries(3):
        reports.ledger(user.pk, total=PAGE + 5, kind=kind)


def test_a_cursor_beyond_all_entries_shows_the_newest_and_one_below_all_shows_none(user):
    credit(user, 5, 1)
    assert len(reports.ledger(user.pk, total=5, before=LARGEST).entries) == 1
    assert reports.ledger(user.pk, total=5, before=1).entries == []


def test_every_kind_of_entry_has_a_name(user):
    assert {kind for kind, _ in reports.kinds()} == set(LedgerEntry.Kind.values)
