"""The profile page: shows, saves, refuses."""

import pytest

from accounts.models import User
from common import version

PAGE = "/settings/profile/"
FORM = {"username": "mei", "language": "zh-hans", "timezone": "Asia/Shanghai"}


def test_it_shows_what_is_stored(signed_in):
    page = signed_in.page(PAGE)
    assert 'value="mei"' in page
    assert "mei@example.com" in page
    assert "/accounts/password/change/" in page


def test_an_account_without_a_password_is_offered_to_set_one(user, browser):
    user.set_unusable_password()
    user.save()
    browser.force_login(user)
    page = browser.page(PAGE)
    assert "/accounts/password/set/" in page
    assert "Set a password" in page
    assert "/accounts/password/change/" not in page


def test_it_saves(user, signed_in):
    assert signed_in.post(PAGE, {**FORM, "username": "mei.li"})["Location"] == PAGE
    user.refresh_from_db()
    assert (user.username, user.language, user.timezone) == ("mei.li", "zh-hans", "Asia/Shanghai")


@pytest.mark.parametrize("theme", ["dark", "light", ""])
def test_it_saves_the_theme_that_the_next_page_has(user, signed_in, theme):
    signed_in.post(PAGE, {**FORM, "theme": theme})
    user.refresh_from_db()
    assert user.theme == theme
    assert (f'data-theme="{theme}"' if theme else "<html lang=") in signed_in.page(PAGE)


def test_pages_show_the_clock_of_the_account(signed_in):
    signed_in.post(PAGE, FORM)
    assert "Asia/Shanghai" in signed_in.page("/overview/")


def test_the_next_page_speaks_the_chosen_language(signed_in):
    signed_in.post(PAGE, FORM)
    assert signed_in.get(PAGE)["Content-Language"] == "zh-hans"


def test_workers_hear_of_a_new_name(signed_in):
    before = version.current()
    signed_in.post(PAGE, FORM)
    assert version.current() > before


def test_a_name_in_other_capitals_is_still_ones_own(user, signed_in):
    assert signed_in.post(PAGE, {**FORM, "username": "MEI"}).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": ""},
        {"username": "a b"},
        {"username": "ROOT"},
        {"username": "x" * 65},
        {"username": "a\x00b"},
        {"language": "xx"},
        {"theme": "purple"},
        {"timezone": "Mars/Phobos"},
        {"timezone": "../../etc/passwd"},
    ],
)
def test_what_will_not_do_is_refused(user, admin, signed_in, wrong):
    assert signed_in.post(PAGE, {**FORM, **wrong}).status_code == 422
    user.refresh_from_db()
    assert (user.username, user.language) == ("mei", "")


@pytest.mark.req("I15")
def test_it_changes_nothing_else(user, signed_in):
    signed_in.post(PAGE, {**FORM, "email": "evil@example.com", "is_staff": "on", "group": "2", "id": "2"})
    changed = User.objects.get(pk=user.pk)
    assert (changed.email, changed.is_staff, changed.group) == (user.email, False, user.group)


def test_strangers_are_asked_to_sign_in(db, browser):
    assert browser.get(PAGE)["Location"] == "/accounts/login/?next=/settings/profile/"
