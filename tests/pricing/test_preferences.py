"""The choice itself: what is given changes, the rest stays; each change is written down and told."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from common.money import NANO
from notifications.pricing_texts import accept_unpriced
from pricing import preferences
from pricing.models import PricingPolicy, PricingSettings
from pricing.preferences import Forbidden, InvalidCap, InvalidModels, Safeguard
from security.models import Event


def test_an_absent_row_means_refused_without_list_or_cap(user):
    assert preferences.chosen(user.pk) == Safeguard(accept_unpriced=False, accepted_models=(), monthly_cap=None)
    assert not preferences.chosen(user.pk).accepts("any")


def test_names_are_kept_once_and_in_order(user):
    saved = preferences.save(user, accepted_models=[" b ", "a", "b", ""])
    assert saved.accepted_models == ("b", "a")
    assert preferences.models_in("b, a\nb\n\n c") == ("b", "a", "c")


@pytest.mark.parametrize("cap", [0, -1, 10**9 * NANO + 1])
def test_a_cap_is_above_nothing(user, cap):
    with pytest.raises(InvalidCap, match="above 0"):
        preferences.save(user, monthly_cap=cap)


def test_impossible_names_are_refused(user):
    for names in (["x" * 201], ["line\nbreak"], [str(n) for n in range(101)]):
        with pytest.raises(InvalidModels):
            preferences.save(user, accepted_models=names)
    assert not PricingSettings.objects.exists()


def test_the_operator_can_forbid_it_and_everybody_can_turn_it_off(user, moved):
    preferences.save(user, accept_unpriced=True, monthly_cap=5)
    PricingPolicy.objects.create(pk=1, allow_unpriced=False)
    assert preferences.in_force(user.pk) == Safeguard()
    assert preferences.chosen(user.pk).accept_unpriced
    with pytest.raises(Forbidden, match="administrator"):
        preferences.save(user, accept_unpriced=True)
    preferences.save(user, accept_unpriced=False)
    assert preferences.chosen(user.pk) == Safeguard(monthly_cap=5)
    assert moved()


@pytest.fixture
def letters(monkeypatch):
    """What the owner is told, as it is written in the language of now."""
    told = []
    monkeypatch.setattr("accounts.ports.announce._verb", lambda _user, kind, data: told.append((kind, data)))
    return lambda: [accept_unpriced(data) for kind, data in told if kind == "pricing.accept_unpriced"]


def test_a_change_is_an_event_with_before_and_after_and_one_mail(user, letters):
    preferences.save(user, accept_unpriced=True, accepted_models=["new"], monthly_cap=5 * NANO)
    event = Event.objects.get(user=user)
    assert event.kind == "pricing-changed"
    assert event.detail == "accept_unpriced: false → true; accepted_models: [] → new; monthly_cap_usd: null → 5.00"
    preferences.save(user, by="deploy bot", monthly_cap=None)
    assert Event.objects.latest("pk").detail == "monthly_cap_usd: 5.00 → null (access token deploy bot)"
    preferences.save(user, monthly_cap=None)
    assert Event.objects.count() == 2
    first, second = letters()
    assert first.subject == "Models without a price can now be called"
    assert "Monthly cap: none before, $5.00 now." in first.paragraphs
    assert "Which models: all before, new now." in first.paragraphs
    assert second.subject == "Your price safeguard was changed"
    assert "Monthly cap: $5.00 before, none now." in second.paragraphs
    assert "Changed by the access token deploy bot." in second.paragraphs


def test_the_mail_speaks_the_owners_language(user, letters):
    preferences.save(user, accept_unpriced=True, monthly_cap=NANO)
    with translation.override("zh-hans"):
        (letter,) = letters()
    assert any("每月上限" in paragraph and "$1.00" in paragraph for paragraph in letter.paragraphs)
    assert not any("before" in paragraph for paragraph in letter.paragraphs)


def test_a_program_does_not_review_for_its_owner(user):
    preferences.save(user, by="bot", monthly_cap=NANO)
    assert preferences.chosen(user.pk).reviewed_at is None
    preferences.save(user, monthly_cap=NANO)
    seen = preferences.chosen(user.pk).reviewed_at
    preferences.save(user, by="bot", monthly_cap=None)
    assert seen is not None
    assert preferences.chosen(user.pk).reviewed_at == seen


choices = st.fixed_dictionaries(
    {},
    optional={
        "accept_unpriced": st.booleans(),
        "accepted_models": st.lists(st.sampled_from(["a", "b", "c/d", "模型"]), max_size=3, unique=True),
        "monthly_cap": st.none() | st.integers(1, 10**18),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.lists(choices, max_size=6))
def test_no_sequence_of_saves_loses_a_field(user, sequence):
    PricingSettings.objects.all().delete()
    expected: dict[str, Any] = {"accept_unpriced": False, "accepted_models": (), "monthly_cap": None}
    for number, changes in enumerate(sequence):
        for name, value in changes.items():
            expected[name] = tuple(value) if isinstance(value, list) else value
        preferences.save(user, by="bot" if number % 2 else "", **changes)
        assert preferences.chosen(user.pk) == Safeguard(**expected)


@pytest.mark.django_db(transaction=True)
def test_parallel_saves_of_different_fields_all_last(user):
    barrier = threading.Barrier(3)
    wrong: list[BaseException] = []

    def save(**changes):
        try:
            barrier.wait()
            for _ in range(8):
                preferences.save(User.objects.get(pk=user.pk), **changes)
        except BaseException as error:  # noqa: BLE001 (a thread's failure is the test's)
            wrong.append(error)
        finally:
            connection.close()

    changes: list[dict[str, Any]] = [{"accept_unpriced": True}, {"accepted_models": ["a"]}, {"monthly_cap": 7}]
    threads = [threading.Thread(target=save, kwargs=one) for one in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert preferences.chosen(user.pk) == Safeguard(accept_unpriced=True, accepted_models=("a",), monthly_cap=7)
    assert Event.objects.filter(kind="pricing-changed").count() == 3
