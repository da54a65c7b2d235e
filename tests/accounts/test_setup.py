"""The first run: one link, once, makes one administrator."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils import timezone

from accounts.models import SetupLink, User
from common import money
from console import setup
from tests.accounts.conftest import Browser, fresh_path
from tests.together import together
from wallet import ledger

PASSWORD = "quite a long passphrase"
FORM = {"username": "root", "email": "root@example.com", "password": PASSWORD, "password_again": PASSWORD}
START = timezone.now()


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


@pytest.fixture
def path(group) -> str:
    """Path and query of a fresh link."""
    made = fresh_path()
    assert made.startswith("/setup/?token=")
    return made


@pytest.mark.req("A15")
def test_the_link_makes_the_first_administrator_signed_in_with_credit(path, browser):
    assert "Welcome to Tollgate" in browser.page(path)
    made = browser.post(path, FORM)
    assert (made.status_code, made["Location"]) == (302, "/overview/")
    root = User.objects.get()
    assert (root.username, root.is_staff, root.is_superuser) == ("root", True, True)
    assert ledger.balance(root.pk).free == 10 * money.NANO
    assert browser.get("/settings/profile/").status_code == 200
    asked = browser.get("/admin/", follow=True)
    assert asked.redirect_chain[-1][0] == "/settings/security/two-factor/?next=%2Fadmin%2F"


@pytest.mark.req("A15")
def test_the_starting_credit_is_a_ledger_entry(path, browser):
    browser.post(path, FORM)
    root = User.objects.get()
    entry = root.wallet.entries.get()
    assert (entry.kind, entry.amount, entry.reference) == ("start", 10 * money.NANO, f"start:{root.pk}")


def test_only_a_digest_of_the_token_is_kept(path):
    row = SetupLink.objects.get()
    assert token_of(path) not in str(SetupLink.objects.values().get())
    assert len(token_of(path)) >= 43  # 256 bits
    assert row.expires_at <= timezone.now() + timedelta(minutes=30)


def test_a_form_that_is_not_right_leaves_the_link_good(path, browser):
    for wrong in (
        {"password": "short", "password_again": "short"},
        {"password_again": "something else!!"},
        {"username": "a b"},
        {"username": "\x00"},
        {"email": "nobody"},
        {"email": "a@example.com\r\nBcc: b@example.com"},
        {"username": ""},
    ):
        assert browser.post(path, {**FORM, **wrong}).status_code == 422, wrong
    assert browser.post(path, FORM).status_code == 302


def test_the_link_works_once(path, browser, new_browser):
    browser.post(path, FORM)
    again = new_browser().get(path)
    assert again.status_code == 404
    assert "set up already" in again.content.decode()
    assert new_browser().post(path, {**FORM, "username": "second", "email": "b@example.com"}).status_code == 404
    assert User.objects.count() == 1


def test_the_link_works_for_thirty_minutes(group, browser):
    with time_machine.travel(START, tick=False) as clock:
        path = fresh_path()
        clock.shift(timedelta(minutes=29))
        assert browser.get(path).status_code == 200
        clock.shift(timedelta(minutes=1))
        late = browser.post(path, FORM)
        assert late.status_code == 404
        assert "Restart Tollgate" in late.content.decode()
        assert not User.objects.exists()


def test_a_new_link_takes_the_place_of_the_old_one(path, browser):
    newer = fresh_path()
    assert browser.get(path).status_code == 404
    assert browser.get(newer).status_code == 200


@pytest.mark.req("A15")
def test_there_is_no_link_once_someone_exists(user):
    assert setup.first_link() is None


def test_a_link_made_before_someone_came_in_is_dead(path, group, browser):
    User.objects.create_user("early", "early@example.com", PASSWORD, group=group)
    assert browser.get(path).status_code == 404
    with pytest.raises(setup.LinkInvalid):
        setup.claim(token_of(path), username="late", email="late@example.com", password=PASSWORD)


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, "\x00", "é", "' OR 1=1"])
def test_made_up_tokens_lead_nowhere(path, browser, token):
    assert browser.get("/setup/", {"token": token}).status_code == 404
    assert browser.get("/setup/").status_code == 404


@pytest.mark.usefixtures("noon")
def test_guessing_links_is_counted_and_using_one_is_not(path, browser):
    assert [browser.get("/setup/?token=x").status_code for _ in range(12)] == [404] * 10 + [429] * 2
    owner = Browser("198.51.100.1")
    assert {owner.get(path).status_code for _ in range(15)} == {200}


@pytest.mark.req("A15")
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_administrator(group):
    path = fresh_path()

    def take(number: int) -> int:
        form = {**FORM, "username": f"root{number}", "email": f"root{number}@example.com"}
        return Browser(f"10.0.0.{number}").post(path, form).status_code

    codes = together(20, take)
    assert sorted(codes) == [302] + [404] * 19
    assert User.objects.filter(is_superuser=True).count() == User.objects.count() == 1
    assert ledger.balance(User.objects.get().pk).free == 10 * money.NANO


@pytest.mark.req("A15")
@pytest.mark.django_db(transaction=True)
def test_links_made_at_once_leave_one_that_works(group):
    paths = together(8, lambda _: fresh_path())

    def take(number: int) -> bool:
        try:
            name = f"root{number}"
            setup.claim(token_of(paths[number]), username=name, email=f"{name}@example.com", password=PASSWORD)
        except setup.LinkInvalid:
            return False
        return True

    assert sum(together(8, take)) == 1
    assert User.objects.count() == 1
