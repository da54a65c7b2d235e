"""The name of a deleted account is kept from others for 90 days."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import holds, services
from accounts.models import NameHold, User

PASSWORD = "quite a long passphrase"


@pytest.fixture(autouse=True)
def mei_is_gone(user):
    services.delete(user)


def sign_up(browser, name: str) -> int:
    form = {"username": name, "email": "ann@example.com", "password1": PASSWORD, "password2": PASSWORD}
    return browser.post("/accounts/signup/", form).status_code


def test_nobody_signs_up_by_the_name_of_a_deleted_account_for_90_days(settings, browser):
    settings.SIGNUP = "open"
    with time_machine.travel(timezone.now() + timedelta(days=89, hours=23)):
        assert sign_up(browser, "MEI") == 422
        assert not User.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(days=90, seconds=1)):
        assert sign_up(browser, "mei") == 302


def test_nobody_takes_the_name_of_a_deleted_account_by_any_verb(group):
    with pytest.raises(services.NameTaken):
        services.create(username="Mei", email="eve@example.com", password=None, group=group)
    eve = services.create(username="eve", email="eve@example.com", password=None, group=group)
    with pytest.raises(services.NameTaken):
        services.change_profile(eve, username="mei", language="", timezone="")


def test_the_name_itself_is_not_kept():
    assert "mei" not in str(NameHold.objects.values_list("digest", flat=True).get())


def test_a_name_given_up_twice_is_held_once_and_forgotten_in_time():
    holds.hold("MEI")
    assert NameHold.objects.count() == 1
    assert holds.prune() == 0
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        assert holds.prune() == 1
