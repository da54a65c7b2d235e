"""Browsers in words, from what they call themselves."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from security.agents import describe, handheld, spoken

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "(iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (f"{MOZILLA} (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0", "Firefox on Linux"),
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/141.0.0.0 Safari/537.36 OPR/120.0", "Opera on Windows"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/19.0 Safari/605.1", "Safari on macOS"),
        (f"{MOZILLA} {IPHONE} Version/19.1 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{MOZILLA} {IPHONE} CriOS/141.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (f"{MOZILLA} {IPHONE} FxiOS/146.0 Mobile/15E148 Safari/605.1", "Firefox on iPhone"),
        (f"{MOZILLA} (Linux; Android 16; K) {WEBKIT} Chrome/141.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"{MOZILLA} (Linux; Android 16) {WEBKIT} SamsungBrowser/28.0 Chrome/130", "Samsung Internet on Android"),
        (f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/141.0 Safari/537.36", "Chrome on ChromeOS"),
        ("curl/8.5.0", "curl"),
        (f"{MOZILLA} (Windows NT 10.0)", "Windows"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
    ],
)  # fmt: skip
def test_a_browser_is_named_with_its_system(agent, words):
    assert describe(agent) == words


@given(st.text(max_size=3000))
def test_whatever_a_header_says_the_words_are_ours(agent):
    assert len(describe(agent)) <= 100
    assert "<" not in describe(agent)


def test_phones_are_told_from_computers():
    assert [handheld(name) for name in ("Safari on iPhone", "Chrome on Android", "Firefox on Linux", "")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Chrome on Linux", "Linux 上的 Chrome"),
        ("Samsung Internet on Android", "Android 上的 Samsung Internet"),
        ("curl", "curl"),
        ("", ""),
        ("Chrome on my desk", "Chrome on my desk"),
        ("my key on Linux", "my key on Linux"),
    ],
)
def test_a_browser_is_told_in_the_language_of_its_reader(agent, words):
    with translation.override("zh-hans"):
        assert spoken(agent) == words
    with translation.override("en"):
        assert spoken(agent) == agent
