"""The credit of a new account: once for each mailbox, even after the account is gone."""

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC

from accounts import marks, services, start_credit
from accounts.models import SignupPolicy, StartCredit, User
from common import money
from tests.accounts.conftest import Browser
from tests.together import together
from wallet import ledger
from wallet.models import LedgerEntry

PASSWORD = "quite a long passphrase"
PATH = "/accounts/signup/"


@pytest.fixture(autouse=True)
def generous(settings, group):
    settings.SIGNUP = "open"
    SignupPolicy.objects.create(credit=money.NANO)


def sign_up(name: str, email: str, address: str = "203.0.113.7") -> int:
    form = {"username": name, "email": email, "password1": PASSWORD, "password2": PASSWORD}
    return Browser(address).post(PATH, form).status_code


def free(name: str) -> int:
    return ledger.balance(User.objects.get(username=name).pk).free


def test_it_is_given_once_whatever_becomes_of_the_account():
    sign_up("ann", "ann@example.com")
    assert free("ann") == money.NANO
    services.delete(User.objects.get())
    sign_up("bob", "Ann@example.com")
    assert free("bob") == 0


def test_tags_and_capitals_lead_to_the_same_mailbox():
    sign_up("ann", "ann+one@example.com")
    sign_up("bob", "Ann+two@EXAMPLE.com")
    assert (free("ann"), free("bob")) == (money.NANO, 0)


def test_other_mailboxes_have_theirs():
    sign_up("ann", "ann@example.com")
    sign_up("bob", "ann@example.org")
    assert free("bob") == money.NANO


def test_nobody_reads_an_address_from_what_is_remembered():
    sign_up("ann", "ann@example.com")
    (mark,) = StartCredit.objects.values_list("digest", flat=True)
    assert mark == marks.of_mailbox("ann@example.com")
    assert len(mark) == 64
    assert int(mark, 16)


def test_the_mark_depends_on_the_key_of_the_installation(settings):
    before = marks.of_mailbox("ann@example.com")
    settings.SECRET_KEY = "another"
    assert marks.of_mailbox("ann@example.com") != before


def test_without_a_credit_nothing_is_remembered():
    SignupPolicy.objects.update(credit=0)
    sign_up("ann", "ann@example.com")
    assert not StartCredit.objects.exists()


def test_a_later_change_of_the_address_gives_nothing(settings, group):
    """An account that an operator made has no sign-up credit, and gets none by another address."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    ann = services.create(username="ann", email="ann@example.com", password=None, group=group)
    ledger.open_wallet(ann.pk)
    changed = EmailAddress.objects.create(user=ann, email="ann@example.org", verified=False, primary=False)
    Browser().post(f"/accounts/confirm-email/{EmailConfirmationHMAC(changed).key}/")
    assert EmailAddress.objects.get().email == "ann@example.org"
    assert not LedgerEntry.objects.exists()
    assert not StartCredit.objects.exists()


def test_giving_twice_gives_once(user):
    ledger.open_wallet(user.pk)
    assert start_credit.give(user)
    assert not start_credit.give(user)
    assert ledger.balance(user.pk).free == money.NANO


@pytest.mark.django_db(transaction=True)
def test_many_sign_ups_of_one_mailbox_at_once_are_given_it_once():
    def one(number: int) -> int:
        return sign_up(f"ann{number}", f"ann+{number}@example.com", f"10.0.0.{number}")

    assert together(20, one) == [302] * 20
    assert User.objects.count() == 20
    assert LedgerEntry.objects.count() == 1
