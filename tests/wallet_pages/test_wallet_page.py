"""The wallet: balance, warnings, ledger."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from common import callids
from common.money import NANO
from wallet import ledger
from wallet.models import LedgerEntry, Wallet
from wallet.reports import PAGE

WALLET = "/wallet/"


def shown(page, query="", **headers):
    answer = page.get(WALLET + query, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_signed_out_visitor_is_sent_to_sign_in(client, db):
    assert client.get(WALLET).headers["Location"].startswith(reverse("account_login"))


def test_only_reading_is_allowed(page):
    assert page.post(WALLET).status_code == 405
    assert page.head(WALLET).status_code == 200


def test_free_held_and_total_are_shown(page, user):
    Wallet.objects.filter(pk=user.pk).update(balance=12 * NANO, held=3 * NANO)
    text = shown(page)
    for part in ("$12.00", "$3.00", "$15.00", "free for new calls"):
        assert part in text


def test_a_credit_limit_is_named(page, user):
    Wallet.objects.filter(pk=user.pk).update(credit_limit=20 * NANO)
    assert "free, down to -$20.00 on credit" in shown(page)


def test_what_is_owed_is_a_warning(page, user):
    assert "still owed" not in shown(page)
    Wallet.objects.filter(pk=user.pk).update(owed=2_500_000)
    text = shown(page)
    assert "$0.002500 is still owed." in text
    assert "402" in text


def test_an_account_without_a_wallet_shows_zero(client, group):
    person = User.objects.create_user("ana", "ana@example.com", "x", group=group)
    client.force_login(person)
    assert "Nothing booked yet" in shown(client)


def test_entries_have_their_kind_in_words_their_note_and_the_total_after(page, user):
    ledger.credit(user.pk, 5 * NANO, kind=LedgerEntry.Kind.START, reference="start:1", note="Welcome")
    ledger.debit(user.pk, NANO, reference="d1", note="Correction")
    text = shown(page)
    for part in ("Start credit", "Welcome", "+$5.00", "$5.000000", "Debit", "Correction", "-$1.00", "$4.000000"):
        assert part in text


def test_a_call_links_to_its_row_of_the_log(page, user):
    number = callids.first_id(timezone.now())
    LedgerEntry.objects.create(wallet_id=user.pk, kind="call", amount=-7, reference=str(number))
    assert f"{reverse('usage_log')}?request={callids.request_id(number)}" in shown(page)


def test_the_filter_shows_one_kind_and_stands_in_the_address(page, user):
    ledger.credit(user.pk, 5 * NANO, reference="c", note="A credit")
    ledger.debit(user.pk, NANO, reference="d", note="A debit")
    text = shown(page, "?kind=debit")
    assert "A debit" in text
    assert "A credit" not in text
    assert "No entries of this kind" in shown(page, "?kind=owed")


def test_older_entries_are_one_link_away_with_the_filter_kept(page, user):
    for number in range(PAGE + 2):
        ledger.credit(user.pk, NANO, reference=f"c{number}", note=f"Number {number}.")
    first = page.get(WALLET + "?kind=credit")
    second = page.get(first.context["older"])
    assert "Number 0." not in first.content.decode()
    assert "Number 0." in second.content.decode()
    assert second.context["newest"] == f"{WALLET}?kind=credit"


@pytest.mark.parametrize(
    "query", ["?kind=purple", "?kind=%00", "?before=x", "?before=0", "?before=-5", "?before=" + "9" * 300, "?x=1"]
)
def test_filters_that_make_no_sense_are_ignored(page, user, query):
    ledger.credit(user.pk, NANO, reference="c", note="Still here")
    assert "Still here" in shown(page, query)


def test_it_says_who_adds_money_and_offers_no_dead_button(page, user):
    text = shown(page)
    assert "Your administrator adds money." in text
    assert "/admin/" not in text
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert reverse("admin:wallet_wallet_change", args=[user.pk]) in shown(page)


def test_money_of_others_is_never_shown(page, other):
    ledger.credit(other.pk, 77 * NANO, reference="c", note="Not yours")
    text = shown(page)
    assert "Not yours" not in text
    assert "$77.00" not in text


def test_htmx_gets_the_ledger_without_the_frame(page, user):
    ledger.credit(user.pk, NANO, reference="c", note="A credit")
    part = shown(page, "", **{"HX-Request": "true"})
    assert "A credit" in part
    assert "<html" not in part


def test_notes_are_text_never_markup(page, user):
    ledger.credit(user.pk, NANO, reference="c", note="<img src=x onerror=alert(1)>")
    assert "<img" not in shown(page)


def test_the_page_costs_few_queries_however_long_the_ledger(page, user, django_assert_max_num_queries):
    for number in range(PAGE + 20):
        ledger.credit(user.pk, NANO, reference=f"c{number}")
    with django_assert_max_num_queries(11):
        shown(page)
