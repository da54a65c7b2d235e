"""manage.py wallet."""

import json

import pytest
from django.core.management import execute_from_command_line

from common.money import NANO
from wallet import ledger
from wallet.models import Wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def wallet(capsys, monkeypatch):
    """Run `manage.py wallet …` in this process; return its exit status and what it printed."""
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)  # the test's own transaction
    monkeypatch.setattr("wallet.management.commands.wallet.Command.requires_system_checks", [])

    def run(*arguments: str) -> tuple[int, str, str]:
        status = 0
        try:
            execute_from_command_line(["manage.py", "wallet", *arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_a_credit_is_booked_and_said(wallet, user):
    status, out, _ = wallet("credit", "mei", "12.50", "--note", "welcome")
    assert (status, out) == (0, "Credited 12.50 USD to mei. Balance: 12.50 USD.\n")
    assert ledger.balance(user.pk).free == 12_500_000_000


def test_a_credit_with_a_reference_counts_once(wallet, user):
    wallet("credit", "mei", "3", "--reference", "invoice 7")
    status, out, _ = wallet("credit", "mei", "3", "--reference", "invoice 7", "--json")
    facts = json.loads(out)
    assert status == 0
    assert facts == {
        "booked": False, "reference": "invoice 7", "balance_usd": "3.00", "held_usd": "0.00", "total_usd": "3.00",
        "owed_usd": "0.00", "credit_limit_usd": "0.00",
    }  # fmt: skip
    assert "already" in wallet("credit", "mei", "3", "--reference", "invoice 7")[1]


def test_the_ledger_is_shown_newest_last_and_as_json_newest_first(wallet, user):
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 2 * NANO, reference="a", note="first")
    ledger.debit(user.pk, 1, reference="b")
    status, out, _ = wallet("ledger", "mei")
    assert status == 0
    first, second, last = out.splitlines()
    assert first.split()[1:] == ["credit", "2.00", "a", "first"]
    assert second.split()[1:] == ["debit", "-0.000000001", "b"]
    assert last == "Balance 1.999999999 USD, held 0.00, total 1.999999999, owed 0.00."
    facts = json.loads(wallet("ledger", "mei", "--json", "--limit", "1")[1])
    assert [item["reference"] for item in facts["items"]] == ["b"]
    assert set(facts["items"][0]) == {"id", "created_at", "kind", "amount_usd", "reference", "note"}


def test_an_account_without_a_wallet_has_an_empty_ledger(wallet, user):
    assert wallet("ledger", "mei") == (0, "Balance 0.00 USD, held 0.00, total 0.00, owed 0.00.\n", "")
    assert not Wallet.objects.exists()


@pytest.mark.parametrize("arguments", [("credit", "nobody", "1"), ("ledger", "nobody")])
def test_an_unknown_account_is_a_refusal(wallet, user, arguments):
    assert wallet(*arguments)[0] == 1


@pytest.mark.parametrize("words", [("--note", "n" * 201), ("--reference", "r" * 81)])
def test_what_no_ledger_takes_is_a_refusal(wallet, user, words):
    assert wallet("credit", "mei", "1", *words)[0] == 1
    assert ledger.balance(user.pk).free == 0


def test_sound_books_end_with_status_0(wallet, user):
    assert wallet("verify") == (0, "All books add up.\n", "")
    assert wallet("verify", "--json") == (0, "[]\n", "")


@pytest.mark.req("M10")
def test_a_mismatch_ends_with_status_1(wallet, user):
    ledger.open_wallet(user.pk)
    Wallet.objects.update(balance=5)
    status, _, err = wallet("verify")
    assert status == 1
    assert f"account {user.pk}" in err
    status, out, _ = wallet("verify", "--json")
    assert status == 1
    assert json.loads(out) == [
        {"user_id": user.pk, "book": "free + held (the sum of the ledger)", "expected": 0, "found": 5}
    ]


@pytest.mark.req("M4")
@pytest.mark.parametrize("amount", ["0", "-1", "abc", "NaN", "1e30", "0.0000000001", ""])
def test_bad_amounts_are_usage_errors(wallet, user, amount):
    status, _, err = wallet("credit", "mei", "--", amount)
    assert status == 2
    assert "Traceback" not in err
    assert err.endswith("Try --help.\n")
    assert not Wallet.objects.exists()
