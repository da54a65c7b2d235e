"""The client's address behind proxies: trusted hops only, and junk harms nobody."""

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import address


def scope(*forwarded: str, client: str | None = "10.0.0.1", proto: str | None = None) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", line.encode("latin1", "replace")) for line in forwarded]
    if proto is not None:
        headers.append((b"x-forwarded-proto", proto.encode()))
    return {"type": "http", "scheme": "http", "client": (client, 1) if client else None, "headers": headers}


@pytest.fixture
def _proxies(settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48")]


@pytest.mark.req("K1")
def test_without_trusted_proxies_headers_say_nothing() -> None:
    assert address.of(scope("198.51.100.1", client="203.0.113.9")) == "203.0.113.9"


@pytest.mark.req("K1")
@pytest.mark.usefixtures("_proxies")
@pytest.mark.parametrize(
    ("forwarded", "client", "found"),
    [
        (["198.51.100.1"], "10.0.0.1", "198.51.100.1"),
        (["6.6.6.6, 198.51.100.1"], "10.0.0.1", "198.51.100.1"),  # the client wrote the first
        (["198.51.100.1, 10.2.3.4"], "10.0.0.1", "198.51.100.1"),  # two proxies
        (["6.6.6.6", "198.51.100.1"], "10.0.0.1", "198.51.100.1"),  # two lines
        (["198.51.100.1"], "203.0.113.9", "203.0.113.9"),  # no proxy of ours
        ([], "10.0.0.1", "10.0.0.1"),
        (["10.9.9.9"], "10.0.0.1", "10.9.9.9"),
        (["::ffff:198.51.100.1"], "::ffff:10.0.0.1", "198.51.100.1"),
        (["2001:db8::7"], "2001:db8:ffff::1", "2001:db8::7"),
        (["[2001:db8::7]"], "10.0.0.1", "2001:db8::7"),
        (["6.6.6.6, junk"], "10.0.0.1", "10.0.0.1"),
        (["6.6.6.6, junk, 10.2.3.4"], "10.0.0.1", "10.2.3.4"),
        ([",,,"], "10.0.0.1", "10.0.0.1"),
    ],
)
def test_the_rightmost_untrusted_hop_is_the_client(forwarded: list[str], client: str, found: str) -> None:
    assert address.of(scope(*forwarded, client=client)) == found


@pytest.mark.usefixtures("_proxies")
def test_a_socket_without_an_address_has_none() -> None:
    assert address.of(scope("198.51.100.1", client=None)) is None
    assert address.of(scope("198.51.100.1", client="unix:")) is None


@pytest.mark.req("K2")
@given(st.text(max_size=80))
def test_junk_is_no_address_and_no_error(text: str) -> None:
    found = address.read(text)
    assert found is None or str(found)


@pytest.mark.usefixtures("_proxies")
def test_pages_see_the_client_and_its_scheme() -> None:
    seen = address.seen_through(scope("198.51.100.1", proto="https"))
    assert (seen["client"], seen["scheme"]) == (("198.51.100.1", 0), "https")


@pytest.mark.usefixtures("_proxies")
@pytest.mark.parametrize("proto", ["javascript", "https, http", ""])
def test_an_odd_scheme_is_not_believed(proto: str) -> None:
    assert address.seen_through(scope(proto=proto))["scheme"] == "http"


@pytest.mark.usefixtures("_proxies")
def test_strangers_choose_neither() -> None:
    given_scope = scope("198.51.100.1", client="203.0.113.9", proto="https")
    assert address.seen_through(given_scope) is given_scope
