"""What may be connected to, and the one parser of URLs."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import outbound

PUBLIC = "93.184.215.14"


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_pass(address):
    outbound.vet(address)


@given(st.ip_addresses(v=4))
def test_what_python_calls_private_never_passes(address):
    if (
        address.is_private
        or address.is_multicast
        or address.is_reserved
        or address.is_loopback
        or address.is_link_local
    ):
        for spelled in (str(address), f"::ffff:{address}", str(outbound.NAT64[int(address)])):
            with pytest.raises(outbound.AddressRefused):
                outbound.vet(spelled)


@given(st.ip_addresses(v=6))
def test_only_global_unicast_passes_of_ipv6(address):
    if address not in outbound.GLOBAL_V6 and not address.ipv4_mapped and address not in outbound.NAT64:
        with pytest.raises(outbound.AddressRefused):
            outbound.vet(str(address))


def test_allowed_networks_pass_in_every_spelling(settings):
    settings.OUTBOUND_ALLOW = [ip_network("10.1.0.0/16"), ip_network("fd12::/16")]
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1"):
        outbound.vet(address)
    for address in ("10.2.0.1", "127.0.0.1", "fd13::1"):
        with pytest.raises(outbound.AddressRefused):
            outbound.vet(address)


def test_credentials_of_clouds_need_a_network_of_their_own(settings):
    settings.OUTBOUND_ALLOW = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    for address in map(str, outbound.METADATA):
        with pytest.raises(outbound.AddressRefused):
            outbound.vet(address)
    settings.OUTBOUND_ALLOW = [ip_network("169.254.169.254/32")]
    outbound.vet("169.254.169.254")


def test_a_refusal_says_what_to_set():
    with pytest.raises(outbound.AddressRefused, match=r"TOLLGATE_OUTBOUND_ALLOW=192\.168\.1\.5/32"):
        outbound.vet("192.168.1.5")


@pytest.mark.req("J4")
@pytest.mark.parametrize(
    "url",
    [
        "http://example.com\\@127.0.0.1/",
        "http:\\\\example.com/",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://example.com:80@127.0.0.1/",
        "http://exam\tple.com/",
        "http://example.com/\r\nHost: evil",
        "http://example.com/\x00",
        " http://example.com/",
        "http://example.com/a b",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://ex\u00e4mple.com/",
        "http://\u2488\u2488/",
        "http://\u212aelvin.example/",
        "http://example.com\uff0f127.0.0.1/",
        "http://ex%61mple.com/",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:-1/",
        "http://example.com:8a/",
        "http://example.com:/",
        "http://example.com:\u0661/",
        "http://[::1/",
        "http://::1/",
        "http://[::1]x/",
        "http://[v1.fe]/",
        "http:///path",
        "http://",
        "http://.example.com/",
        "http://a..example.com/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        "http://example.com/#@127.0.0.1/",
        "http://example.com/#",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "//example.com/",
        "example.com",
        "",
    ],
)
def test_a_url_that_two_parsers_may_read_differently_is_refused(url):
    with pytest.raises(outbound.UrlRefused):
        outbound.check_url(url)


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("HTTPS://API.Example.COM:8443/V1?a=B", "https://api.example.com:8443/V1?a=B"),
        ("http://[2606:4700::1111]:8080/", "http://[2606:4700::1111]:8080/"),
        ("http://my_host.internal.", "http://my_host.internal."),
        ("http://192.168.1.5:11434/v1", "http://192.168.1.5:11434/v1"),
        ("https://api.day.app/key/{{title}}/é", "https://api.day.app/key/{{title}}/é"),
    ],
)
def test_a_plain_url_passes(url, checked):
    assert outbound.check_url(url) == checked


@given(st.text(max_size=40))
def test_any_text_is_either_a_url_or_refused(text):
    for url in (text, f"http://{text}", f"http://example.com{text}"):
        try:
            checked = outbound.check_url(url)
        except outbound.UrlRefused:
            continue
        assert outbound.check_url(checked) == checked
