"""Where passkeys are on, and who the site is to them."""

import pytest

from security import relying_party
from security.models import SecurityPolicy

ADDRESSES = [
    ("http://localhost:8000", "localhost", "http://localhost:8000", True),
    ("http://a.localhost", "a.localhost", "http://a.localhost", True),
    ("https://Gate.example.com", "gate.example.com", "https://gate.example.com", True),
    ("https://gate.example.com:443", "gate.example.com", "https://gate.example.com", True),
    ("https://gate.example.com:8443/", "gate.example.com", "https://gate.example.com:8443", True),
    ("http://gate.example.com", "gate.example.com", "http://gate.example.com", False),
    ("http://127.0.0.1:8000", "127.0.0.1", "http://127.0.0.1:8000", False),
    ("https://192.0.2.1", "192.0.2.1", "https://192.0.2.1", False),
    ("https://[2001:db8::1]", "2001:db8::1", "https://[2001:db8::1]", False),
]


@pytest.mark.parametrize(("base", "rp_id", "origin", "on"), ADDRESSES)
def test_the_address_of_the_site_decides(db, settings, base, rp_id, origin, on):
    settings.BASE_URL = base
    assert (relying_party.rp_id(), relying_party.origin()) == (rp_id, origin)
    assert relying_party.enabled() is on


@pytest.mark.req("F10")
def test_the_switch_turns_passkeys_off_but_not_on_where_they_cannot_be(db, settings):
    policy = SecurityPolicy.objects.create(passkeys=False)
    assert not relying_party.enabled()
    policy.passkeys = True
    policy.save()
    assert relying_party.enabled()
    settings.BASE_URL = "http://gate.example.com"
    assert not relying_party.enabled()


def test_looking_writes_nothing(db):
    assert relying_party.enabled()
    assert not SecurityPolicy.objects.exists()
