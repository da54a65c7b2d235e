"""The settings of the sidebar: each switch does what it says, nothing is lost, and what is locked says why."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from gateway.models import Channel, Route
from pricing import prices
from sidebar import services as sidebar
from sidebar.models import SidebarPolicy, SidebarSettings
from sidebar.modules import AREAS, MODULES, NAMES, SETTINGS, VIDEOS
from tests.scale import scaled
from tests.sidebar.conftest import turn_off
from tests.together import together

PAGE, PREVIEW = "/settings/sidebar/", "/settings/sidebar/preview/"
HTMX = {"HX-Request": "true"}
CHOICES = sorted(NAMES - {SETTINGS})
LOCKED = "Turned off by your administrator."


def shown(page, path: str = PAGE) -> list[str]:
    """Return the keys of what stands in the sidebar of a page."""
    return [link["key"] for area in page.get(path).context["areas"] for link in area["links"]]


def stored(user: User) -> set[str]:
    return set(sidebar.hidden(User.objects.get(pk=user.pk)))


def switches(text: str) -> dict[str, bool]:
    found = re.findall(r'<input type="checkbox" role="switch" name="hidden" value="(\w+)"( checked)?', text)
    return {name: bool(checked) for name, checked in found}


def previewed(text: str) -> list[str]:
    return re.findall(r"</svg>([^<]+)</li>", text.split('id="preview"')[1])


def test_everything_that_has_a_page_is_shown_until_it_is_hidden(page):
    assert shown(page) == [module.key for module in MODULES if not module.planned]
    assert not any(switches(page.get(PAGE).content.decode()).values())
    assert not SidebarSettings.objects.exists(), "reading writes nothing"


def test_a_module_is_hidden_from_every_page_and_shown_again(page, user):
    assert page.post(PAGE, {"hidden": ["wallet", "usage_logs"]}).headers["Location"] == PAGE
    assert stored(user) == {"wallet", "usage_logs"}
    assert shown(page, "/keys/") == ["overview", "api_keys", "settings"]
    text = page.get(PAGE).content.decode()
    assert "Sidebar saved" in page.post(PAGE, {}, follow=True).content.decode()
    assert switches(text)["wallet"]
    assert stored(user) == set()


def test_an_area_is_hidden_with_all_in_it_and_its_heading(page):
    page.post(PAGE, {"hidden": ["dashboard"]})
    assert shown(page, "/wallet/") == ["wallet", "settings"]
    assert "<h2>Dashboard</h2>" not in page.get("/wallet/").content.decode()


def test_the_settings_stay_whatever_is_hidden(page, user):
    page.post(PAGE, {"hidden": [area.key for area in AREAS]})
    assert shown(page) == ["settings"]
    refused = page.post(PAGE, {"hidden": ["settings", "wallet"]})
    assert refused.status_code == 422
    assert "they are the way back" in refused.content.decode()
    assert "settings" not in switches(refused.content.decode())
    assert stored(user) == {area.key for area in AREAS}


@pytest.mark.parametrize("name", ["everything", "", "wallet\0", "💸", "x" * 5000])
def test_what_is_no_module_is_refused(page, user, name):
    assert page.post(PAGE, {"hidden": [name]}).status_code == 422
    assert stored(user) == set()


def test_reset_shows_everything(page, user):
    page.post(PAGE, {"hidden": ["wallet", "dashboard"]})
    answer = page.post(PAGE, {"hidden": ["wallet"], "reset": "1"}, follow=True)
    assert "Everything is shown again" in answer.content.decode()
    assert stored(user) == set()


def test_a_locked_module_says_so_has_no_switch_and_keeps_what_was_chosen(page, user):
    page.post(PAGE, {"hidden": ["wallet", "overview"]})
    turn_off("wallet")
    text = page.get(PAGE).content.decode()
    assert text.count(LOCKED) == 1
    assert "wallet" not in switches(text)
    assert page.post(PAGE, {"hidden": ["usage_logs"]}).status_code == 302
    assert stored(user) == {"wallet", "usage_logs"}
    assert page.post(PAGE, {"hidden": ["wallet"]}).status_code == 422
    SidebarPolicy.objects.update(wallet=True)
    assert "wallet" not in shown(page)


def test_what_the_operator_turns_off_leaves_every_sidebar(page):
    turn_off("usage_logs")
    assert shown(page, "/keys/") == ["overview", "api_keys", "wallet", "settings"]
    assert 'class="purse"' in page.get("/keys/").content.decode()


def test_without_a_wallet_page_no_balance_leads_to_it(page):
    turn_off("wallet")
    assert "/wallet/" not in page.get("/keys/").content.decode()
    assert "/wallet/" not in page.get(PAGE).content.decode()


def test_a_module_without_a_page_or_without_a_channel_says_so(page, user):
    text = page.get(PAGE).content.decode()
    assert text.count("This version has no page for it yet.") == 3
    assert "No channel open to you makes images" in text
    assert "No channel open to you makes videos" in text
    channel = Channel.objects.create(name="art", base_url="https://art.example")
    Route.objects.create(channel=channel, model="painter", upstream_model="brush")
    prices.set_price("brush", per_image=40_000_000, input=0, output=0)
    text = page.get(PAGE).content.decode()
    assert "No channel open to you makes images" not in text
    assert "No channel open to you makes videos" in text
    Channel.objects.update(enabled=False)
    assert "No channel open to you makes images" in page.get(PAGE).content.decode()


def test_a_channel_of_another_group_offers_nothing(user, group):
    channel = Channel.objects.create(name="film", base_url="https://film.example")
    Route.objects.create(channel=channel, model="director")
    prices.set_price("director", per_second=1_000_000, input=0, output=0)
    task_logs = next(module for module in MODULES if module.needs == VIDEOS)
    assert not sidebar.lacks(user, task_logs)
    channel.groups.add(type(group).objects.create(name="others"))
    assert sidebar.lacks(user, task_logs)


def test_the_preview_follows_the_switches_and_stores_nothing(page, user):
    page.post(PAGE, {"hidden": ["overview"]})
    assert previewed(page.get(PAGE).content.decode()) == ["API keys", "Usage logs", "Wallet", "Settings"]
    part = page.get(f"{PREVIEW}?hidden=wallet&hidden=nonsense", headers=HTMX).content.decode()
    assert "<html" not in part
    assert previewed(part) == ["Overview", "API keys", "Usage logs", "Settings"]
    assert stored(user) == {"overview"}
    assert page.get(PREVIEW).headers["Location"] == PAGE


def test_the_preview_sends_the_switches_and_not_the_token_of_the_form(page):
    form = re.search(r'<form class="card flush" id="hiding"[^>]*>', page.get(PAGE).content.decode())
    assert form
    assert 'hx-params="hidden"' in form[0]
    assert 'hx-trigger="change"' in form[0]


def test_only_its_owner_is_concerned(page, client, group):
    page.post(PAGE, {"hidden": ["wallet"]})
    other = User.objects.create_user("olu", "olu@example.com", "x", group=group)
    assert stored(other) == set()


@settings(max_examples=scaled(600, least=40), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("api"), st.sets(st.sampled_from(CHOICES))),
            st.tuples(st.just("page"), st.sets(st.sampled_from(CHOICES))),
            st.tuples(st.just("lock"), st.sets(st.sampled_from(["wallet", "overview", "api_keys"]))),
            st.tuples(st.just("reset"), st.just(set())),
        ),
        max_size=8,
    )
)
def test_no_sequence_of_saves_loses_a_choice(page, api, user, steps):
    """A page changes what it offers, /api all there is, and the operator's locks change no choice at all."""
    SidebarSettings.objects.all().delete()
    SidebarPolicy.objects.all().delete()
    expected: set[str] = set()
    for way, names in steps:
        offered = sidebar.offered(sidebar.off())
        if way == "api":
            expected = set(names)
            assert api.patch("/settings/sidebar", {"hidden": sorted(names)}).json()["hidden"] == sorted(names)
        elif way == "page":
            expected = (expected - offered) | (names & offered)
            assert page.post(PAGE, {"hidden": sorted(names & offered)}).status_code == 302
        elif way == "reset":
            expected = set()
            page.post(PAGE, {"reset": "1"})
        else:
            SidebarPolicy.objects.update_or_create(
                pk=1, defaults={name: name not in names for name in ("wallet", "overview", "api_keys")}
            )
        assert stored(user) == expected


@pytest.mark.django_db(transaction=True)
def test_saves_at_once_end_as_one_of_them(user):
    """Sixteen saves at the same moment: what is stored is what one of them wished, whole."""
    wishes = [{name} for name in CHOICES] * 2

    def save(number: int) -> None:
        sidebar.hide(User.objects.get(pk=user.pk), wishes[number])

    for _ in range(scaled(20, least=2)):
        SidebarSettings.objects.all().delete()
        together(16, save)
        assert stored(user) in wishes
