"""What an export holds: everything of the account, no secret, no formula, nothing of others."""

import csv
import io

import pytest
from django.apps import apps

from accounts import identities
from accounts.identities import Identity
from accounts.models import User
from console import archive
from gateway import keys
from security import tokens
from tests.booked import called, refused
from tests.console.exported import exported, rows
from tests.second_factor import enroll
from wallet import ledger
from wallet.models import Wallet

# tables of an account that it is not given, and why
LEFT_OUT = {
    "admin.LogEntry",  # what was administered is somebody else's
    "security.Challenge",  # random bytes that are worth nothing in a minute
    "security.Flow",  # as well
    "security.SignInLink",  # as well
    "accounts.User_groups",  # Django's own groups and permissions, which nothing here uses
    "accounts.User_user_permissions",
}


def test_an_export_holds_what_the_account_holds_in_two_forms(owner):
    _key, secret = keys.mint(owner, "laptop", limit=5_000_000_000)
    called(owner, model="gpt-5-mini", charge=1_500)
    refused(owner)
    _job, found = exported(owner)
    assert found.testzip() is None
    (profile,) = rows(found, "profile")
    assert (profile["username"], profile["email"], profile["group"]) == ("mei", "mei@example.com", "default")
    (key,) = rows(found, "api_keys")
    assert (key["name"], key["limit_usd"], key["hint"]) == ("laptop", "5.000000000", f"{secret[:10]}…{secret[-4:]}")
    assert [row["kind"] for row in rows(found, "calls")] == ["ok", "error"]
    assert rows(found, "calls")[0]["charge_usd"] == "0.000001500"
    assert rows(found, "calls")[0]["request_id"].startswith("req_")
    assert rows(found, "ledger")[0]["amount_usd"] == "3.420000001"
    for name in found.namelist():
        if name.endswith(".csv"):
            lines = list(csv.DictReader(io.StringIO(found.read(name).decode())))
            assert len(lines) == len(rows(found, name.removesuffix(".csv"))), name


@pytest.mark.req("I14")
def test_no_cell_of_it_is_a_formula(owner):
    keys.mint(owner, "@SUM(1)")
    called(owner, model='=HYPERLINK("http://evil")', api_key="+1")
    _job, found = exported(owner)
    cells = [
        cell
        for name in found.namelist()
        if name.endswith(".csv")
        for line in csv.reader(io.StringIO(found.read(name).decode()))
        for cell in line
    ]
    assert {"'@SUM(1)", "'=cmd()", "'+1"} <= set(cells)
    numbers = [cell for cell in cells if cell.startswith("-")]
    assert [cell for cell in cells if cell[:1] in tuple("=+@\t\r")] == []
    assert all(float(number) for number in numbers)


def test_it_lists_bound_accounts_by_id_and_name(owner):
    identities.keep(owner, Identity("acme", "u-1", "mei.there", "https://id.acme.example", "mei@acme.example"))
    _job, found = exported(owner)
    (bound,) = rows(found, "bound_accounts")
    assert (bound["provider"], bound["uid"], bound["extra_data"]) == ("acme", "u-1", {"name": "mei.there"})


def test_no_secret_is_in_it(owner):
    codes = enroll(owner)
    _token, secret = tokens.make(owner, scopes=["read"])
    _key, key_secret = keys.mint(owner, "laptop")
    _job, found = exported(owner)
    whole = b"".join(found.read(name) for name in found.namelist()).decode()
    digests = [*owner.access_tokens.values_list("digest", flat=True), *owner.api_keys.values_list("digest", flat=True)]
    for hidden in (secret, key_secret, *codes, *digests, owner.password, "JBSWY3DPEHPK3PXP"):
        assert hidden not in whole


def test_every_table_of_an_account_is_in_it_or_left_out_for_a_reason(owner):
    given = {table.model for table in archive.tables(owner)}
    missing = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model in {User, Wallet} and model not in given
    }
    assert missing == LEFT_OUT


def test_nothing_of_another_account_is_in_it(owner, group):
    other = User.objects.create_user("eve", "eve@example.com", "correct horse battery", group=group)
    ledger.open_wallet(other.pk)
    keys.mint(other, "eves-key")
    called(other, model="eves-model")
    _job, found = exported(owner)
    whole = b"".join(found.read(name) for name in found.namelist()).decode()
    assert "eve" not in whole.replace("event", "").replace("never", "")


def test_names_of_tables_are_their_own(owner):
    names = [table.name for table in archive.tables(owner)]
    assert len(set(names)) == len(names)
