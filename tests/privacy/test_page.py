"""The privacy page: shows, saves, and touches nothing else."""

import json

import pytest
from django.urls import reverse

from common import version
from pricing import preferences
from privacy import services as privacy
from privacy.models import PrivacyPolicy, PrivacySettings
from tests.together import together

PAGE = "/settings/privacy/"
HTMX = {"HX-Request": "true"}


def test_signed_out_visitor_is_sent_to_sign_in_and_saves_nothing(client, db):
    for answer in (client.get(PAGE), client.post(PAGE, {"record_ip": "on"})):
        assert answer.headers["Location"].startswith(reverse("account_login"))
    assert not PrivacySettings.objects.exists()


def test_reading_the_page_writes_nothing(page):
    assert page.get(PAGE).status_code == 200
    assert not PrivacySettings.objects.exists()


def test_the_switch_is_off_until_turned_on(page, user):
    assert not page.get(PAGE).context["form"]["record_ip"].value()
    answer = page.post(PAGE, {"record_ip": "on"})
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    assert privacy.records_address(user.pk)
    text = page.get(PAGE).content.decode()
    assert 'name="record_ip"' in text
    assert "checked" in text
    assert "Privacy settings saved" in text


def test_leaving_the_switch_off_turns_it_off(page, user):
    privacy.save(user, record_ip=True)
    page.post(PAGE, {})
    assert not privacy.records_address(user.pk)


def test_saving_tells_the_workers(page):
    before = version.current()
    page.post(PAGE, {"record_ip": "on"})
    assert version.current() > before


def test_what_is_kept_and_for_how_long_is_said(page):
    PrivacyPolicy.objects.create(call_days=400, error_days=1)
    text = page.get(PAGE).content.decode()
    assert "400 days" in text
    assert "1 day<" in text


def test_htmx_gets_the_form_and_a_toast(page, user):
    answer = page.post(PAGE, {"record_ip": "on"}, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert json.loads(answer.headers["HX-Trigger"])["toast"] == {"text": "Privacy settings saved", "kind": "ok"}
    assert privacy.records_address(user.pk)


def test_only_the_switch_can_be_set(page, user, group):
    other = type(user).objects.create_user("olu", "olu@example.com", "x", group=group)
    page.post(PAGE, {"record_ip": "on", "user": other.pk, "user_id": other.pk, "is_staff": "on"})
    user.refresh_from_db()
    assert not user.is_staff
    assert list(PrivacySettings.objects.values_list("user_id", flat=True)) == [user.pk]


def test_other_methods_are_refused(page):
    assert page.delete(PAGE).status_code == 405


@pytest.mark.parametrize("value", ["x" * 100_000, "\0", "💸", "true", ""])
def test_odd_values_of_a_switch_never_fail(page, value):
    assert page.post(PAGE, {"record_ip": value}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_areas_saved_at_once_never_touch_each_other(user):
    """Sixteen saves of two areas at the same moment; each area keeps what was chosen for it."""

    def save(number: int) -> None:
        person = type(user).objects.get(pk=user.pk)
        if number % 2:
            privacy.save(person, record_ip=True)
        else:
            preferences.save(person, accept_unpriced=True)

    together(16, save)

    assert privacy.records_address(user.pk)
    assert preferences.accepts_unpriced(user.pk)
