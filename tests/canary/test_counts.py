"""Counts of tries go with the account, too; those of its clients and addresses end with their day."""

import pytest

from accounts import limits
from accounts import services as accounts
from accounts.models import Limit
from console import export
from security import factors
from tests.accounts.conftest import Browser, browser, new_browser, outbox, signed_in
from tests.second_factor import enroll, wrong

__all__ = ["browser", "new_browser", "outbox", "signed_in"]
pytestmark = pytest.mark.usefixtures("noon")
CLIENTS = ("203.0.113.7", "198.51.100.1")
WORD = "a wrong passphrase"


def of_clients() -> set[str]:
    """The rows that count a client, whoever it asked for."""
    return {key for client in CLIENTS for key, _start in limits._rows(limits.SIGN_IN_ADDRESS, client, NOON)}


NOON = 1_772_366_400.0


@pytest.mark.req("L2")
def test_no_count_of_a_deleted_account_is_left(user, signed_in, noon):
    stranger = Browser(CLIENTS[1])
    stranger.sign_in(password=WORD)
    signed_in.post("/accounts/reauthenticate/", {"password": WORD})
    known = Browser()
    known.cookies["device"] = signed_in.cookies["device"].value
    known.sign_in(password=WORD)
    export.begin(user)
    noon.shift(1)
    enroll(user)
    known.sign_in()
    known.confirm(user)  # now it is known with both factors
    noon.shift(1)
    for device in (None, user.devices.get()):
        with pytest.raises(factors.WrongCode):
            factors.verify(user, wrong(user), browser=device)
    assert Limit.objects.exclude(key__in=of_clients()).count() > 10
    accounts.delete(user)
    assert list(Limit.objects.exclude(key__in=of_clients())) == []
