"""What happens to an account: all of it, or nothing."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import groups, services
from accounts.models import Group, User
from common import money, version
from console.accounts import open_account
from tests.together import together
from wallet import ledger

PASSWORD = "quite a long passphrase"


def make(username: str = "ann", email: str = "ann@example.com", **more) -> User:
    return open_account(username=username, email=email, password=PASSWORD, **more)


def test_an_account_has_a_wallet_with_its_credit(group):
    ann = make(credit=5 * money.NANO)
    assert ledger.balance(ann.pk).free == 5 * money.NANO
    entry = ann.wallet.entries.get()
    assert (entry.kind, entry.reference) == ("start", f"start:{ann.pk}")


def test_an_account_without_credit_has_an_empty_wallet(group):
    ann = make()
    assert ann.wallet.balance == 0
    assert not ann.wallet.entries.exists()


def test_the_credit_may_have_a_reference_of_its_own(group):
    assert make(credit=1, reference="demo:ann").wallet.entries.get().reference == "demo:ann"


def test_an_operator_vouches_for_the_address(group):
    make(email="Ann@Example.COM")
    address = EmailAddress.objects.get()
    assert (address.email, address.verified, address.primary) == ("ann@example.com", True, True)


@pytest.mark.parametrize("name", ["mei", "MEI", "Mei"])
def test_a_name_in_other_capitals_is_taken(user, name):
    with pytest.raises(services.NameTaken):
        make(username=name)
    assert User.objects.count() == 1


def test_an_address_in_other_capitals_is_taken(user):
    with pytest.raises(services.EmailTaken):
        make(email="MEI@example.com")
    assert User.objects.count() == 1


def test_the_database_itself_keeps_names_and_addresses_apart(user, group):
    for name, email in (("MEI", "b@example.com"), ("bob", "MEI@EXAMPLE.COM")):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(username=name, email=email, group=group)


@pytest.mark.parametrize(
    ("username", "email", "password"),
    [
        ("a", "a@example.com", PASSWORD),
        ("a b", "a@example.com", PASSWORD),
        ("a\x00b", "a@example.com", PASSWORD),
        ("ann", "ann", PASSWORD),
        ("ann", "ann@example.com\nx", PASSWORD),
        ("ann", "ann@example.com", "short"),
        ("annannannannannann", "ann@example.com", "annannannannannann"),
    ],
)
def test_what_will_not_do_makes_nothing(group, username, email, password):
    with pytest.raises(ValidationError):
        open_account(username=username, email=email, password=password)
    assert not User.objects.exists()
    assert not EmailAddress.objects.exists()


def test_a_credit_that_will_not_do_makes_no_account_either(group):
    with pytest.raises(ledger.InvalidEntry):
        make(credit=-1)
    assert not User.objects.exists()


def test_staff_may_do_all_and_others_nothing(group):
    root, ann = make("root", "root@example.com", staff=True), make()
    assert (root.is_staff, root.is_superuser) == (True, True)
    assert (ann.is_staff, ann.is_superuser) == (False, False)


def test_an_account_is_put_into_the_chosen_group(group):
    gold = Group.objects.create(name="gold")
    assert make(group=gold).group == gold
    assert make("bob", "bob@example.com").group == group


@pytest.mark.parametrize("verb", [services.disable, services.enable, services.delete])
def test_workers_hear_of_every_change_of_state(user, verb):
    before = version.current()
    verb(user)
    assert version.current() > before


@pytest.mark.django_db(transaction=True)
def test_one_name_asked_for_at_once_is_given_once(group):
    def ask(number: int) -> bool:
        try:
            make(email=f"ann{number}@example.com")
        except services.NameTaken:
            return False
        return True

    assert sum(together(10, ask)) == 1
    assert User.objects.count() == 1


def test_there_is_one_default_group_from_the_first_migration(db):
    assert services.default_group().name == "default"
    assert Group.objects.filter(is_default=True).count() == 1


def test_another_group_can_become_the_default(group):
    gold = groups.change("gold", default=True)
    assert services.default_group() == gold
    assert Group.objects.filter(is_default=True).count() == 1


def test_changing_a_group_leaves_what_is_not_named(group):
    groups.change("gold", rpm=10, allowed_models=["a"])
    groups.change("gold", tpm=20)
    gold = Group.objects.get(name="gold")
    assert (gold.rpm, gold.tpm, gold.allowed_models) == (10, 20, ["a"])


@pytest.mark.parametrize(
    ("factor", "parts"), [("1", 1_000_000), ("0.8", 800_000), ("0", 0), ("1.000001", 1_000_001), ("2e0", 2_000_000)]
)
def test_a_multiplier_is_exact(factor, parts):
    assert groups.multiplier(factor) == parts
    assert groups.multiplier(groups.factor(parts)) == parts


@pytest.mark.parametrize("factor", ["", "x", "-1", "NaN", "Infinity", "1e99", "0.0000001", "1,5"])
def test_a_multiplier_that_is_none_is_refused(factor):
    with pytest.raises(groups.InvalidGroup):
        groups.multiplier(factor)


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb", "\x00"])
def test_a_group_needs_a_name_that_can_be_read(db, name):
    with pytest.raises(groups.InvalidGroup):
        groups.change(name)
