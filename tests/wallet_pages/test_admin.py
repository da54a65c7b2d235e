"""Wallets in the administration: rows are shown, money moves through the ledger, once."""

import pytest
from django.contrib.admin.models import LogEntry

from common.money import NANO
from wallet import ledger
from wallet.models import LedgerEntry, Wallet

FORM = {"amount": "12.50", "note": "Invoice 7", "reference": "admin:1"}


def book(browser, user, verb, **changes):
    return browser.post(f"/admin/wallet/wallet/{user.pk}/{verb}/", {**FORM, **changes})


def test_a_credit_is_booked_with_its_note_and_written_to_the_admin_log(admin_browser, user):
    answer = book(admin_browser, user, "credit")
    assert answer.headers["Location"] == f"/admin/wallet/wallet/{user.pk}/change/"
    entry = LedgerEntry.objects.get(wallet_id=user.pk)
    assert (entry.kind, entry.amount, entry.note) == ("credit", 12_500_000_000, "Invoice 7")
    assert ledger.balance(user.pk).free == 12_500_000_000
    assert "12.50 USD, Invoice 7" in LogEntry.objects.get().change_message


def test_the_same_form_sent_twice_books_once(admin_browser, user):
    book(admin_browser, user, "credit")
    book(admin_browser, user, "credit")
    assert ledger.balance(user.pk).free == 12_500_000_000
    assert LogEntry.objects.count() == 1


def test_each_form_has_a_reference_of_its_own(admin_browser, user):
    path = f"/admin/wallet/wallet/{user.pk}/credit/"
    first, second = (admin_browser.get(path).context["form"]["reference"].value() for _ in range(2))
    assert first != second


def test_a_debit_takes_from_the_free_balance_and_no_more(admin_browser, user):
    ledger.credit(user.pk, 20 * NANO, reference="c")
    assert book(admin_browser, user, "debit").status_code == 302
    assert ledger.balance(user.pk).free == 7_500_000_000

    answer = book(admin_browser, user, "debit", reference="admin:2")

    assert answer.status_code == 422
    assert "does not cover" in answer.content.decode()
    assert ledger.balance(user.pk).free == 7_500_000_000


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": ""},
        {"amount": "0"},
        {"amount": "-5"},
        {"amount": "NaN"},
        {"amount": "1e300"},
        {"amount": "9300000000"},
        {"amount": "0.0000000001"},
        {"note": ""},
        {"note": "x" * 201},
        {"reference": ""},
        {"reference": "x" * 500},
    ],
)
def test_bad_input_is_refused_and_books_nothing(admin_browser, user, changes):
    assert book(admin_browser, user, "credit", **changes).status_code == 422
    assert not LedgerEntry.objects.exists()


def test_a_balance_that_would_not_fit_is_refused(admin_browser, user):
    for number in range(2):
        answer = book(admin_browser, user, "credit", amount="9000000000", reference=f"admin:{number}")
    assert answer.status_code == 422
    assert ledger.balance(user.pk).free == 9_000_000_000 * NANO


def test_a_wallet_that_does_not_exist_is_not_found(admin_browser, user):
    assert admin_browser.get("/admin/wallet/wallet/999999/credit/").status_code == 404


def test_staff_without_the_right_to_change_wallets_may_not_book(admin_browser, admin, user):
    type(admin).objects.filter(pk=admin.pk).update(is_superuser=False)
    assert book(admin_browser, user, "credit").status_code == 403
    assert not LedgerEntry.objects.exists()


def test_people_who_are_no_staff_get_no_further_than_the_door(client, user):
    client.force_login(user)
    answer = book(client, user, "credit")
    assert answer.status_code in {302, 403}
    assert not LedgerEntry.objects.exists()


def test_pages_of_money_are_read_only(admin_browser, user):
    ledger.credit(user.pk, NANO, reference="c", note="A credit")
    entry = LedgerEntry.objects.get()
    for path in ("wallet", "ledgerentry", "hold", "walletevent"):
        assert admin_browser.get(f"/admin/wallet/{path}/").status_code == 200
        assert admin_browser.get(f"/admin/wallet/{path}/add/").status_code == 403
    assert admin_browser.post(f"/admin/wallet/ledgerentry/{entry.pk}/change/", {"amount": "5"}).status_code == 403
    assert admin_browser.post(f"/admin/wallet/wallet/{user.pk}/delete/", {"post": "yes"}).status_code == 403
    text = admin_browser.page(f"/admin/wallet/wallet/{user.pk}/change/")
    assert f"/admin/wallet/wallet/{user.pk}/credit/" in text
    assert Wallet.objects.get(pk=user.pk).balance == NANO
