"""Saving one area of the settings never touches another: in any order, and at the same moment."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import dismissals, services
from accounts.models import Dismissal, User
from console import checkup
from notifications import changes as methods
from notifications import events, thresholds
from notifications import methods as told
from notifications.models import Method, Threshold
from pricing import preferences as pricing
from pricing.models import PricingSettings
from privacy import services as privacy
from privacy.models import PrivacySettings
from sidebar import preferences as looks
from sidebar import services as sidebar
from sidebar.models import SidebarSettings
from tests.together import together
from wallet import ledger

Change = Mapping[str, Any]


def fresh(user: User) -> User:
    """Return the account as it is stored, without what an object remembers of its settings."""
    return User.objects.get(pk=user.pk)


def save_looks(user: User, language: str, theme: str) -> None:
    looks.save_language(user, language)
    looks.save_theme(user, theme)


SAVE: dict[str, Callable[..., object]] = {
    "pricing": pricing.save,
    "privacy": privacy.save,
    "thresholds": thresholds.save,
    "looks": save_looks,
    "sidebar": sidebar.hide,
    "methods": methods.save,
    "advice": lambda user, name: checkup.let_be(user, name, now=timezone.now()),
}


def stand(user: User) -> dict[str, Any]:
    """Return what is stored of each area."""
    user, chosen = fresh(user), pricing.chosen(user.pk)
    stored, warned = privacy.choices(user), thresholds.of(user.pk)
    return {
        "pricing": (chosen.accept_unpriced, chosen.accepted_models, chosen.monthly_cap),
        "privacy": (stored.record_ip, stored.keep_prompts),
        "thresholds": (warned.main, warned.further),
        "looks": (user.language, user.theme),
        "sidebar": set(sidebar.hidden(user)),
        "methods": [(method.kind, method.enabled, method.muted) for method in told.of(user)],
        "advice": set(dismissals.standing(user, now=timezone.now())),
        "profile": (user.username, user.timezone, user.email, user.group_id),
    }


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Change]:
    return st.fixed_dictionaries({}, optional=fields)


amounts = st.integers(1, 10**12)
changes = st.one_of(
    st.tuples(
        st.just("pricing"),
        optional(
            accept_unpriced=st.booleans(),
            accepted_models=st.lists(st.sampled_from(["a", "b"]), unique=True),
            monthly_cap=st.none() | amounts,
        ),
    ),
    st.tuples(st.just("privacy"), optional(record_ip=st.booleans(), keep_prompts=st.booleans())),
    st.tuples(
        st.just("thresholds"),
        st.fixed_dictionaries({"main": amounts, "further": st.just([])}) | st.fixed_dictionaries({"main": st.just(0)}),
    ),
    st.tuples(
        st.just("looks"),
        st.fixed_dictionaries({"language": st.sampled_from(["en", "zh-hans"]), "theme": st.sampled_from(["", "dark"])}),
    ),
    st.tuples(
        st.just("sidebar"),
        st.fixed_dictionaries({"names": st.lists(st.sampled_from(["overview", "wallet", "chat"]), unique=True)}),
    ),
    st.tuples(
        st.just("methods"),
        st.fixed_dictionaries(
            {"kind": st.just("email")},
            optional={"enabled": st.booleans(), "muted": st.lists(st.sampled_from(sorted(events.NAMES)), max_size=3)},
        ),
    ),
    st.tuples(st.just("advice"), st.fixed_dictionaries({"name": st.sampled_from(["token", "quota"])})),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(changes, min_size=1, max_size=8))
def test_no_sequence_of_saves_changes_another_area(user, sequence):
    for model in (PricingSettings, PrivacySettings, SidebarSettings, Threshold, Method, Dismissal):
        model.objects.all().delete()
    ledger.open_wallet(user.pk)
    for area, change in sequence:
        before = stand(user)
        SAVE[area](fresh(user), **change)
        after = stand(user)
        assert {name: after[name] for name in after if name != area} == {
            name: before[name] for name in before if name != area
        }
        if area == "pricing":
            names = ("accept_unpriced", "accepted_models", "monthly_cap")
            wanted = [change.get(name, old) for name, old in zip(names, before[area], strict=True)]
            assert after[area] == (wanted[0], tuple(wanted[1]), wanted[2])
        elif area == "privacy":
            assert after[area] == tuple(
                change.get(name, old) for name, old in zip(("record_ip", "keep_prompts"), before[area], strict=True)
            )


@pytest.mark.django_db(transaction=True)
def test_every_area_saved_at_the_same_moment_lasts(user):
    ledger.open_wallet(user.pk)
    wanted: list[tuple[str, Change]] = [
        ("pricing", {"accept_unpriced": True}),
        ("pricing", {"monthly_cap": 7}),
        ("privacy", {"record_ip": True}),
        ("privacy", {"keep_prompts": True}),
        ("thresholds", {"main": 5, "further": [3, 2]}),
        ("looks", {"language": "zh-hans", "theme": "dark"}),
        ("sidebar", {"names": ["wallet", "chat"]}),
        ("methods", {"kind": "email", "enabled": False}),
        ("advice", {"name": "token"}),
        ("advice", {"name": "quota"}),
    ]
    for _ in range(3):
        together(len(wanted), lambda number: SAVE[wanted[number][0]](fresh(user), **wanted[number][1]))
    assert stand(user) == {
        "pricing": (True, (), 7),
        "privacy": (True, True),
        "thresholds": (5, (3, 2)),
        "looks": ("zh-hans", "dark"),
        "sidebar": {"wallet", "chat"},
        "methods": [("email", False, []), ("webhook", False, []), ("bark", False, []), ("gotify", False, [])],
        "advice": {"token", "quota"},
        "profile": ("mei", "", "mei@example.com", user.group_id),
    }


def test_the_profile_leaves_every_area_alone(user):
    ledger.open_wallet(user.pk)
    saved: list[tuple[str, Change]] = [
        ("pricing", {"monthly_cap": 7}),
        ("privacy", {"record_ip": True}),
        ("advice", {"name": "token"}),
    ]
    for area, change in saved:
        SAVE[area](fresh(user), **change)
    before = stand(user)
    services.change_profile(fresh(user), username="lin", language="en", timezone="Asia/Tokyo", theme="light")
    after = stand(user)
    assert (after.pop("looks"), after.pop("profile")[:2]) == (("en", "light"), ("lin", "Asia/Tokyo"))
    assert after == {name: before[name] for name in after}


PAGES: dict[str, dict[str, Any]] = {
    "/settings/pricing/": {"monthly_cap": "9"},
    "/settings/privacy/": {"record_ip": "on"},
    "/settings/notifications/": {"threshold": "2"},
    "/settings/sidebar/": {"hidden": ["usage_logs"]},
    "/settings/profile/": {"username": "mei", "language": "en", "timezone": "Asia/Tokyo"},
}
FOREIGN = {
    "record_ip": "on",
    "keep_prompts": "on",
    "monthly_cap": "3",
    "theme": "dark",
    "username": "eve",
    "threshold": "1",
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_stores_nothing_of_another_whatever_is_sent(client, user, path):
    ledger.open_wallet(user.pk)
    client.force_login(user)
    before = stand(user)
    client.post(path, {**FOREIGN, **PAGES[path]})
    after = stand(user)
    areas = {"/settings/profile/": {"profile", "looks"}, "/settings/notifications/": {"thresholds"}}
    own = areas.get(path, {path.split("/")[2]})
    assert {name for name in after if after[name] != before[name]} == own
