"""Whatever is entered for a method is a target or an explained refusal, and a target can always be sent to."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common import outbound
from notifications.transports import TRANSPORTS, apprise, bark, email
from notifications.transports.base import TargetRefused

FIELDS = ("url", "format", "template", "secret", "token", "priority", "level", "group", "sound", "address")
PIECES = st.sampled_from(
    [
        *(
            "http://",
            "https://",
            "bark://",
            "barks://",
            "gotify://",
            "gotifys://",
            "HTTPS:",
            "//",
            "/",
            "?",
            "#",
            "@",
            ":",
        ),
        *(
            "example.com",
            "93.184.215.14",
            "[::1]",
            "[",
            "]",
            "{{title}}",
            "{{content}}",
            "{{",
            "}}",
            "{{x}}",
            "%",
            "%2e",
        ),
        *(
            "..",
            "\\",
            "\x00",
            "\ud800",
            "\u2488",
            "\uff0f",
            "é",
            "key",
            "priority=",
            "level=critical",
            "&",
            ";",
            "99999",
        ),
        *(
            '{"a": "{{title}}"}',
            '{"a": "',
            '"}',
            "template",
            "feishu",
            "whsec_",
            "AAAA",
            "=",
            "٣",
            "-1",
            "1e9",
            " ",
            "\n",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=30)
FORMS = st.dictionaries(st.sampled_from(FIELDS), TEXTS)


@pytest.fixture(autouse=True, scope="module")
def offline():
    """No name is looked up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbound, "check_reach", lambda _url: None)
        yield


@settings(max_examples=300, deadline=None)
@example({"url": "https://[", "token": "A"})
@example({"url": "barks://[::1", "level": "x"})
@example({"url": "gotifys://example.com:99999/t"})
@given(FORMS)
def test_every_form_makes_a_target_or_says_why_not(form):
    for kind in TRANSPORTS.values():
        try:
            target = kind.Target.parse(form)
        except TargetRefused as refusal:
            told = refusal.errors
            assert set(told) <= set(FIELDS)
            assert all(told.values())
            continue
        assert type(target).load(target.dump()) == target
        assert kind.Target.parse({**target.shown(), "secret": "", "token": ""}, old=target)
        outbound.check_url(target.url)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_a_url_of_bark_stays_on_its_host_whatever_it_is_filled_with(url, title, content):
    if any("\ud800" <= character <= "\udfff" for character in title + content):
        return  # half a character is refused where texts come in
    try:
        target = bark.BarkTarget.parse({"url": f"https://example.com/{url}", "group": "g"})
    except TargetRefused:
        return
    filled = target.filled(title, content)
    assert outbound.check_url(filled).startswith("https://example.com/")
    assert filled.isascii() or not target.url.isascii()


@given(TEXTS)
def test_a_mailbox_is_one_address_on_one_line(text):
    try:
        address = email.EmailTarget.parse({"address": text}).address
    except TargetRefused:
        return
    assert address.count("@") >= 1
    assert not set("\r\n\x00, ") & set(address) or address.startswith('"')


@given(st.sampled_from(["gotifys", "barks"]), TEXTS)
def test_a_url_of_apprise_is_split_or_refused(scheme, rest):
    try:
        parts = apprise.split(f"{scheme}:{rest}", secure=scheme)
    except TargetRefused:
        return
    assert parts.origin.startswith("https://")
    assert outbound.check_url(parts.origin + parts.path) == parts.origin + parts.path
