"""`manage.py user import`: each account whole, once, to the nano-dollar; nothing of a file with a fault."""

import json
import threading
import time
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from accounts import holds, services
from accounts.models import Group, User
from common import money, version
from console import accounts, user_file, user_import
from notifications.models import Delivery
from tests.scale import scaled
from tests.security.ranks import letter
from tests.together import together
from wallet import ledger, verify
from wallet.models import LedgerEntry

FILE = """username,email,group,credit,staff,language
ann,Ann@example.com,gold,2.500000001,,zh-hans
bob,bob@example.com,,,yes,
eve,eve@example.com,,0.10,no,en
"""


@pytest.fixture
def bring(group, tmp_path: Path, capsys):
    """Import a text; return status, what was printed, and complaints."""
    Group.objects.get_or_create(name="gold")

    def bring(text: str, *words: str) -> tuple[int, str, str]:
        path, status = tmp_path / "accounts.csv", 0
        path.write_text(text)
        try:
            call_command("user", "import", str(path), *words)
        except CommandError as ended:
            status = ended.returncode
        told = capsys.readouterr()
        return status, told.out, told.err

    return bring


def test_accounts_are_made_with_all_that_the_file_says(bring):
    before = version.current()
    status, out, err = bring(FILE, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "created": 3,
        "existing": 0,
        "credit_usd": "2.600000001",
        "errors": [],
        "mailed": 3,
        "dry_run": False,
    }
    ann, bob, eve = User.objects.order_by("username")
    assert (ann.email, ann.group.name, ann.language) == ("ann@example.com", "gold", "zh-hans")
    assert [(user.is_staff, user.is_superuser) for user in (ann, bob, eve)] == [(False,) * 2, (True,) * 2, (False,) * 2]
    assert not any(user.has_usable_password() for user in (ann, bob, eve))
    assert EmailAddress.objects.filter(verified=True, primary=True).count() == 3
    assert version.current() > before


@pytest.mark.req("M4", "M10")
def test_credits_are_ledger_entries_to_the_nano_dollar(bring):
    bring(FILE)
    free = {user.username: ledger.balance(user.pk).free for user in User.objects.all()}
    assert free == {"ann": 2_500_000_001, "bob": 0, "eve": 100_000_000}
    assert sorted(LedgerEntry.objects.values_list("kind", "amount")) == [
        ("start", 100_000_000),
        ("start", 2_500_000_001),
    ]
    assert verify.check() == []


def test_a_second_run_makes_and_credits_nothing(bring):
    bring(FILE)
    Delivery.objects.all().delete()
    status, out, _ = bring(FILE)
    assert status == 0
    assert "Made 0 accounts with 0.00 USD in all, and mail 0 links; 3 exist already and stay as they are." in out
    assert User.objects.count() == 3
    assert LedgerEntry.objects.count() == 2
    assert not Delivery.objects.exists()


def test_a_longer_file_makes_what_is_new_and_leaves_the_rest(bring):
    bring(FILE)
    User.objects.filter(username="ann").update(language="en", username="Ann")
    told = json.loads(bring(FILE + "kim,kim@example.com,,1,,\n", "--json")[1])
    assert (told["created"], told["existing"], told["credit_usd"]) == (1, 3, "1.00")
    assert User.objects.get(username="Ann").language == "en"


def test_a_dry_run_makes_nothing(bring):
    status, out, _ = bring(FILE, "--dry-run")
    assert status == 0
    assert "Would make 3 accounts with 2.600000001 USD in all, and mail 3 links" in out
    assert not User.objects.exists()
    assert not Delivery.objects.exists()


def test_each_new_account_is_mailed_a_link_unless_told_otherwise(bring):
    bring("username,email\nann,ann@example.com\n")
    assert Delivery.objects.get().user == User.objects.get()
    assert "http://localhost:8000/accounts/password/reset/key/" in letter("account.made")
    told = json.loads(bring("username,email\nbob,bob@example.com\n", "--no-mail", "--json")[1])
    assert told["mailed"] == 0
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("ANN,x@example.com,,,,", "line 5, username: Line 2 has it already."),
        ("kim,BOB@example.com,,,,", "line 5, email: Line 3 has it already."),
        ("kim,kim@example.com,silver,,,", "line 5, group: There is no group silver."),
        ("MEI,kim@example.com,,,,", "line 5, username: This username is taken."),
        ("kim,MEI@example.com,,,,", "line 5, email: This address has an account already."),
        ("Gone,gone@example.com,,,,", "line 5, username: This username is taken."),
        ("x y,nobody,,-1,perhaps,fr", "line 5, username:"),
    ],
)
def test_one_fault_makes_nothing_of_the_file(bring, user, line, fault):
    holds.hold("gone")
    status, out, err = bring(f"{FILE}{line}\n")
    assert (status, out) == (2, "")
    assert fault in err
    assert "nothing was made" in err
    assert User.objects.get() == user
    told = json.loads(bring(f"{FILE}{line}\n", "--json")[1])
    assert (told["created"], told["mailed"], told["credit_usd"]) == (0, 0, "0.00")
    assert {error["line"] for error in told["errors"]} == {5}


def test_only_the_first_hundred_faults_are_printed(bring):
    _, _, err = bring("username,email\n" + "x,y\n" * 200)
    assert len(err.splitlines()) == 101
    assert "400 faults; nothing was made." in err


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_is_not_there_is_a_usage_error(tmp_path, name, db):
    with pytest.raises(Exception, match=r"does not exist|is a directory"):
        call_command("user", "import", str(tmp_path / name))


def test_what_fails_half_way_makes_nothing(bring, monkeypatch):
    paid = ledger.credit

    def fails(user_id: int, amount: int, **kwargs) -> bool:
        if amount == 100_000_000:
            raise ledger.InvalidEntry("no")
        return paid(user_id, amount, **kwargs)

    monkeypatch.setattr(ledger, "credit", fails)
    with pytest.raises(ledger.InvalidEntry):
        bring(FILE)
    assert not User.objects.exists()
    assert not LedgerEntry.objects.exists()
    assert not Delivery.objects.exists()


def test_a_name_that_was_taken_meanwhile_makes_nothing(bring, group, monkeypatch):
    judge = user_import.plan

    def meanwhile(rows):
        planned = judge(rows)
        services.create(username="eve", email="eve@example.org", password=None, group=group)
        return planned

    monkeypatch.setattr(user_import, "plan", meanwhile)
    status, _, err = bring(FILE)
    assert status == 1
    assert "a moment ago" in err
    assert [user.username for user in User.objects.all()] == ["eve"]


def test_a_run_that_is_cut_off_leaves_whole_accounts_and_is_begun_again(bring, monkeypatch):
    monkeypatch.setattr(user_import, "BATCH", 10)
    rows = "".join(f"user{n},user{n}@example.com,1\n" for n in range(35))
    text = f"username,email,credit\n{rows}"
    made: list[int] = []
    opened = accounts.opened

    def cut_off(user: User, credit: int) -> None:
        if len(made) == 27:
            raise KeyboardInterrupt
        made.append(user.pk)
        opened(user, credit)

    monkeypatch.setattr(accounts, "opened", cut_off)
    with pytest.raises(KeyboardInterrupt):
        bring(text)
    assert User.objects.count() == LedgerEntry.objects.count() == Delivery.objects.count() == 20
    monkeypatch.setattr(accounts, "opened", opened)
    told = json.loads(bring(text, "--json")[1])
    assert (told["created"], told["mailed"]) == (15, 15)
    assert User.objects.count() == LedgerEntry.objects.count() == Delivery.objects.count() == 35
    assert verify.check() == []


@pytest.mark.django_db(transaction=True)
def test_others_write_between_its_batches(group, monkeypatch):
    """Nobody waits longer than for one batch, which on SQLite keeps everybody out."""
    monkeypatch.setattr(user_import, "BATCH", 5)
    rows = [user_file.Row(n, f"user{n}", f"user{n}@example.com") for n in range(60)]
    waits: list[float] = []
    done = threading.Event()

    def beside(number: int) -> None:
        if number == 0:
            try:
                user_import.carry_out(user_import.Plan(new=rows))
            finally:
                done.set()
            return
        while not done.is_set():
            began = time.monotonic()
            version.bump()
            waits.append(time.monotonic() - began)
            done.wait(0.02)

    together(2, beside)
    assert User.objects.count() == 60
    assert len(waits) >= 6, "between its batches, not before and after all of them"


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_brought_twice_at_once_counts_once(group, tmp_path):
    Group.objects.get_or_create(name="gold")
    path = tmp_path / "accounts.csv"
    path.write_text(FILE)
    planned = user_import.plan(user_file.read(path)[0])

    def bring(_: int) -> bool:
        try:
            user_import.carry_out(planned)
        except services.TakenMeanwhile:
            return False
        return True

    assert sorted(together(2, bring)) == [False, True]
    assert User.objects.count() == 3
    assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == 2_600_000_001


def test_thousands_at_once_add_up(bring):
    number = scaled(10_000)
    rows = "".join(f"user{n},user{n}@example.com,0.000000{n % 1000:03d}\n" for n in range(number))
    told = json.loads(bring(f"username,email,credit\n{rows}", "--json", "--no-mail")[1])
    assert told["created"] == User.objects.count() == number
    assert told["credit_usd"] == money.plain(sum(LedgerEntry.objects.values_list("amount", flat=True)))
    assert verify.check() == []
