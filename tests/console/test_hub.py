"""The front page of the settings: every area with its state, and a search over all of them."""

import re

import pytest
from django.urls import reverse

from common import version
from common.money import NANO
from console import checks, settings_map
from notifications import changes, thresholds
from pricing import preferences as pricing
from pricing.models import PricingPolicy
from privacy import services as privacy
from privacy.models import PrivacyPolicy
from sidebar.models import SidebarPolicy
from sidebar.tabs import TABS
from wallet import ledger

PAGE = "/settings/"


@pytest.fixture
def page(client, user):
    """Return the page, or its answer to a search, as text."""
    client.force_login(user)
    ledger.open_wallet(user.pk)

    def shown(query: str = "", **headers: str) -> str:
        answer = client.get(PAGE, {"q": query} if query else {}, headers=headers)
        assert answer.status_code == 200
        return re.sub(r"\s+", " ", answer.content.decode())

    return shown


def found(query: str) -> list[str]:
    return [str(setting.name) for setting in settings_map.search(query)]


def test_every_area_has_a_card_that_leads_to_it(page):
    text = page()
    for tab in TABS:
        assert text.count(f'href="{reverse(tab.url_name)}"') >= 2, tab.url_name  # the tab and the card


def test_a_stranger_is_sent_to_sign_in(client, db):
    assert client.get(PAGE).headers["Location"].startswith(reverse("account_login"))


def test_the_cards_say_how_each_area_stands(page, user):
    text = page()
    for words in (
        "Models without a price are refused",
        "No address is recorded",
        "Two-factor off",
        "Theme of the browser",
    ):
        assert words in text
    assert "calls are kept for 365 days" in text
    assert "E-mail · " in re.sub(r"<[^>]+>", "", text)
    assert "warned at $1.00" in text
    assert "would be lost" not in text

    pricing.save(user, accept_unpriced=True, accepted_models=["a", "b"], monthly_cap=5 * NANO)
    privacy.save(user, record_ip=True)
    ledger.credit(user.pk, 3 * NANO, reference="gift")
    text = page()
    for words in (
        "2 models accepted",
        "at most $5.00 a month",
        "Addresses are recorded",
        "$3.00 of balance would be lost",
    ):
        assert words in text


def test_who_is_told_by_nothing_is_warned(page, user):
    changes.save(user, "email", enabled=False)
    thresholds.save(user, main=0)
    text = page()
    assert "Nobody is told: every method is off" in text
    assert "no quota warning" in text


def test_what_the_operator_forbids_is_locked_with_the_reason(page, user):
    PricingPolicy.objects.create(pk=1, allow_unpriced=False)
    PrivacyPolicy.objects.create(pk=1, allow_recording=False)
    SidebarPolicy.objects.create(pk=1, usage_logs=False)
    version.bump()
    text = page()
    assert text.count("locked") == 3
    assert "Turned off by your administrator: Usage logs" in text
    assert "Refused: your administrator doesn&#x27;t allow them" in text
    assert "Addresses: your administrator doesn&#x27;t allow recording" in text


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("2fa", "Two-factor authentication"),
        ("two factor", "Two-factor authentication"),
        ("twofactor", "Two-factor authentication"),
        ("双因素", "Two-factor authentication"),
        ("动态口令", "Two-factor authentication"),
        ("DARK", "Theme"),
        ("深色", "Theme"),
        ("\uff24\uff21\uff32\uff2b", "Theme"),
        ("主题", "Theme"),
        ("clock", "Time zone"),
        ("时区", "Time zone"),
        ("yubikey", "Passkeys"),
        ("指纹", "Passkeys"),
        ("fallback price", "Accept models without a price"),
        ("未定价", "Accept models without a price"),
        ("cap_reached", "Monthly cap"),
        ("记录 地址", "Record request and error log IP"),
        ("gdpr", "What is kept"),
        ("注销", "Delete account"),
    ],
)
def test_a_setting_is_found_by_its_name_and_by_other_words_in_both_languages(query, name):
    assert name in found(query)


def test_all_words_have_to_fit_and_names_come_first():
    assert found("passkey cap") == []
    assert found("language")[0] == "Language"
    assert found("sessions")[0] == "Sessions"
    assert found("") == found("   ") == found("zzz") == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_search_works_without_a_script_in_both_languages(page, user, language):
    user.language = language
    user.save()
    text = page("双因素")
    assert f'href="{reverse("two_factor")}"' in text
    assert ("Two-factor authentication" if language == "en" else "两步验证") in text
    assert 'value="双因素"' in text
    assert reverse("settings_delete") not in text.split('id="found"')[1]


def test_a_fragment_is_the_list_alone(page):
    text = page("2fa", **{"HX-Request": "true"})
    assert "<html" not in text
    assert "Two-factor" in text


@pytest.mark.parametrize("query", ["<script>alert(1)</script>", "%00", "a" * 500, "'; DROP TABLE", "\u202e"])
def test_what_nothing_fits_is_said_and_escaped(page, query):
    text = page(query)
    assert "<script>alert" not in text
    assert "No setting fits" in text


def test_every_entry_leads_to_a_page_of_the_settings(client, user):
    client.force_login(user)
    for setting in settings_map.SETTINGS:
        answer = client.get(setting.url.partition("#")[0])
        assert answer.status_code in {200, 302}, setting.name
        if setting.anchor and answer.status_code == 200:
            assert f'id="{setting.anchor}"' in answer.content.decode(), setting.name
    assert checks.settings_resolve() == []


@pytest.mark.parametrize(("url_name", "error"), [("nowhere", "console.E001"), ("keys", "console.E002")])
def test_an_entry_that_leads_nowhere_is_refused_at_the_start(monkeypatch, url_name, error):
    monkeypatch.setattr("console.checks.SETTINGS", [settings_map.Setting("Gizmo", url_name, "")])
    assert [found.id for found in checks.settings_resolve()] == [error]


def test_the_slash_finds_the_search(page):
    assert 'type="search"' in page()


def test_every_area_is_found_by_its_name():
    for tab in TABS:
        if tab.url_name not in {"security", "settings_profile"}:  # those are found by what stands on them
            assert any(setting.url.startswith(reverse(tab.url_name)) for setting in settings_map.search(str(tab.name)))


def test_the_page_costs_few_queries(page, user, django_assert_max_num_queries):
    page()
    with django_assert_max_num_queries(18):
        page()
    with django_assert_max_num_queries(7):
        page("2fa")
