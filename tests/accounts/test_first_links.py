"""The first link of an account that was made for somebody: seven days, once, and only while nobody has been in."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts import reset_links, services
from accounts.link_tokens import LinkTokens
from accounts.models import User
from notifications.models import Delivery
from tests.accounts.conftest import Browser
from tests.security.ranks import letter

START = timezone.now().replace(hour=12)
NEW = "a passphrase of many words"
LINK = re.compile(r"http://localhost:8000(/accounts/password/reset/key/\S+/)")


@pytest.fixture
def ann(group) -> User:
    return services.create(username="ann", email="ann@example.com", password=None, group=group)


def mailed(user: User) -> str:
    """Mail a first link and return its path."""
    Delivery.objects.all().delete()
    reset_links.welcome(user)
    found = LINK.search(letter("account.made"))
    assert found
    return found[1]


def choose(path: str, password: str = NEW) -> int:
    """Follow a link and choose a password; return the status of the last page."""
    browser = Browser()
    page = browser.get(path, follow=True)
    where = page.redirect_chain[-1][0] if page.redirect_chain else path
    return int(browser.post(where, {"password1": password, "password2": password}).status_code)


def test_its_owner_chooses_a_password_and_signs_in(ann):
    assert choose(mailed(ann)) == 302
    ann.refresh_from_db()
    assert ann.check_password(NEW)
    assert Browser().sign_in("ann", NEW).status_code == 302


@pytest.mark.req("A14")
def test_it_works_once(ann):
    path = mailed(ann)
    choose(path)
    choose(path, "another phrase of many words")
    ann.refresh_from_db()
    assert ann.check_password(NEW)


@pytest.mark.req("A14")
@pytest.mark.parametrize(("days", "works"), [(0, True), (6.9, True), (7.1, False), (400, False)])
def test_it_works_for_seven_days(ann, days, works):
    with time_machine.travel(START, tick=False) as clock:
        path = mailed(ann)
        clock.shift(timedelta(days=days))
        choose(path)
        ann.refresh_from_db()
        assert ann.has_usable_password() is works


@pytest.mark.req("A14")
def test_a_link_that_was_asked_for_works_ten_minutes_even_there(ann):
    with time_machine.travel(START, tick=False) as clock:
        token = LinkTokens().make_token(ann)
        clock.shift(timedelta(seconds=601))
        assert not LinkTokens().check_token(ann, token)


@pytest.mark.parametrize("change", [{"last_login": START}, {"email": "other@example.com"}, {"password": "x"}])
def test_it_ends_with_the_first_sign_in_a_password_or_another_address(ann, change):
    token = LinkTokens().make_first(ann)
    assert LinkTokens().check_token(ann, token)
    User.objects.filter(pk=ann.pk).update(**change)
    assert not LinkTokens().check_token(User.objects.get(pk=ann.pk), token)


def test_it_is_bound_to_its_account_and_to_every_address(ann, group):
    eve = services.create(username="eve", email="eve@example.com", password=None, group=group)
    token = LinkTokens().make_first(ann)
    assert not LinkTokens().check_token(eve, token)
    EmailAddress.objects.create(user=ann, email="second@example.com")
    assert not LinkTokens().check_token(ann, token)


@pytest.mark.parametrize("token", ["", None, "first-", "first-x", "first-x:1:y", "first-::", "x", "1-2", "first-\0"])
def test_what_is_no_token_opens_nothing(ann, token):
    assert not LinkTokens().check_token(ann, token)
    assert not LinkTokens().check_token(None, token)


def test_the_mail_says_until_when_in_the_language_of_its_reader(ann):
    with time_machine.travel(START, tick=False):
        mailed(ann)
        assert f"{START + timedelta(days=7):%Y-%m-%d %H:%M} UTC" in letter("account.made")
        User.objects.filter(pk=ann.pk).update(language="zh-hans")
        mailed(User.objects.get(pk=ann.pk))
        assert Delivery.objects.get().subject == "已为您创建 Tollgate 账户"
