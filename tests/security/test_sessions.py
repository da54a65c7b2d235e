"""Sessions: whose they are, how they end, and that what has ended stays ended."""

import base64
from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import connection
from django.utils import timezone

from accounts import services
from accounts.models import User
from security.models import Session
from security.sessions import SessionStore, end_sessions, stored

PAGE = "/settings/profile/"
START = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


def inside(browser) -> bool:
    return bool(browser.get(PAGE).status_code == 200)


def test_a_session_knows_its_user(user, signed_in):
    assert Session.objects.get().user == user


@pytest.mark.req("B5")
def test_a_session_ends_after_a_day_without_use(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(hours=23, minutes=59))
        assert inside(browser)
        clock.shift(timedelta(hours=24, minutes=1))
        assert not inside(browser)


@pytest.mark.req("B5")
def test_a_session_ends_after_two_weeks_of_use(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        for _ in range(27):
            clock.shift(timedelta(hours=12))
            assert inside(browser)
        clock.shift(timedelta(hours=12))
        assert not inside(browser)


@pytest.mark.req("B5")
def test_the_session_of_an_administrator_ends_after_an_hour_without_use(admin, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in("root", "quite a long passphrase")
        clock.shift(timedelta(minutes=59))
        assert inside(browser)
        clock.shift(timedelta(minutes=61))
        assert not inside(browser)


@pytest.mark.req("B5")
def test_the_session_of_an_administrator_ends_after_a_day_of_use(admin, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in("root", "quite a long passphrase")
        for _ in range(47):
            clock.shift(timedelta(minutes=30))
            assert inside(browser)
        clock.shift(timedelta(minutes=30))
        assert not inside(browser)


@pytest.mark.req("B5")
def test_who_becomes_an_administrator_has_their_limits_at_once(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        User.objects.update(is_staff=True)
        clock.shift(timedelta(hours=2))
        assert not inside(browser)
        SessionStore.clear_expired()
        assert not Session.objects.exists()


@pytest.mark.req("B1", "B5")
def test_a_new_key_is_no_new_life(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        before = Session.objects.get()
        clock.shift(timedelta(hours=5))
        store = SessionStore(browser.cookies["session"].value)
        store.cycle_key()
        store.save()
        after = Session.objects.get()
        assert after.pk != before.pk
        assert (after.created_at, after.expire_date) == (before.created_at, before.expire_date)
        assert (after.user, after.device) == (user, before.device)


def test_another_account_in_the_same_browser_begins_a_session_of_its_own(user, admin, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(hours=5))
        browser.post("/accounts/logout/")
        browser.sign_in("root", "quite a long passphrase")
        session = Session.objects.get()
        assert (session.user, session.created_at) == (admin, START + timedelta(hours=5))


def test_saving_a_session_does_not_prolong_its_life(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        end = Session.objects.get().expire_date
        clock.shift(timedelta(hours=5))
        session = browser.session
        session["something"] = 1
        session.save()
        assert Session.objects.get().expire_date == end == START + timedelta(days=14)


def test_use_is_noted_every_five_minutes_at_most(user, browser, django_assert_num_queries):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=4))
        browser.get(PAGE)
        assert Session.objects.get().seen_at == START
        clock.shift(timedelta(minutes=2))
        browser.get(PAGE)
        assert Session.objects.get().seen_at == START + timedelta(minutes=6)


def test_only_what_has_ended_is_cleared(user, new_browser):
    with time_machine.travel(START, tick=False) as clock:
        new_browser().sign_in()
        clock.shift(timedelta(hours=20))
        fresh = new_browser()
        fresh.sign_in()
        clock.shift(timedelta(hours=5))
        SessionStore.clear_expired()
        assert [row.pk for row in Session.objects.all()] == [stored(fresh.cookies["session"].value)]


@pytest.mark.req("B4")
def test_ending_sessions_spares_the_own_one(user, signed_in, new_browser):
    other = new_browser()
    other.sign_in()
    assert end_sessions(user, signed_in.cookies["session"].value) == 1
    assert inside(signed_in)
    assert not inside(other)


def test_another_account_keeps_its_sessions(user, signed_in, admin_browser):
    end_sessions(user)
    assert not inside(signed_in)
    assert inside(admin_browser)


@pytest.mark.req("B4")
def test_a_disabled_account_is_out_at_the_next_request(user, signed_in):
    services.disable(user)
    assert not inside(signed_in)
    services.enable(user)
    assert not inside(signed_in), "the session itself has ended"


@pytest.mark.req("B4")
def test_sessions_go_with_the_account(user, signed_in):
    services.delete(user)
    assert not Session.objects.exists()
    assert not inside(signed_in)


def test_an_ended_session_cannot_be_written_back(user, signed_in):
    store = SessionStore(signed_in.cookies["session"].value)
    store["something"] = 1
    end_sessions(user)
    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


@pytest.mark.req("B2")
def test_session_ids_are_long_and_never_repeat(db):
    store = SessionStore()
    ids = {store._get_new_session_key() for _ in range(10_000)}  # type: ignore[attr-defined]
    assert len(ids) == 10_000
    assert min(len(key) for key in ids) >= 32  # of 36 letters: 165 bits


def test_the_asynchronous_side_knows_the_same_ends(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        key = browser.cookies["session"].value

        async def holder() -> str | None:
            return await SessionStore(key).aget("_auth_user_id")

        assert async_to_sync(holder)() == str(user.pk)
        clock.shift(timedelta(hours=25))
        assert async_to_sync(holder)() is None


def test_the_asynchronous_side_keeps_beginning_and_owner(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(hours=1))

        async def write() -> None:
            store = SessionStore(browser.cookies["session"].value)
            await store.aset("something", 1)
            await store.asave()

        async_to_sync(write)()
        row = Session.objects.get()
        assert (row.user, row.created_at) == (user, START)


@pytest.mark.parametrize("cookie", ["", "x", "x" * 40, "x" * 4000, "' OR 1=1"])
def test_a_made_up_cookie_is_nobody(user, browser, cookie):
    browser.cookies["session"] = cookie
    assert not inside(browser)


@pytest.mark.req("I19")
def test_what_the_database_holds_signs_nobody_in(signed_in, new_browser):
    key, row = signed_in.cookies["session"].value, Session.objects.get()
    assert row.session_key == stored(key) != key
    thief = new_browser()
    thief.cookies["session"] = row.session_key
    assert thief.get("/settings/profile/").status_code == 302
    assert signed_in.get("/settings/profile/").status_code == 200
    assert stored("") is stored(None) is None


@pytest.mark.req("I19")
def test_what_a_session_holds_is_encrypted(user, settings):
    store = SessionStore()
    held = {"name": "a link that was mailed"}
    kept = store.encode(held)
    assert b"a link" not in base64.urlsafe_b64decode(kept)
    assert store.decode(kept) == held
    assert store.decode(DatabaseStore().encode(held)) == held, "from before"
    settings.FIELD_KEYS = ["another key"]
    assert store.decode(kept) == {}


@pytest.mark.django_db(transaction=True)
def test_a_new_key_for_an_account_that_is_gone_ends_the_request(user, signed_in):
    store = SessionStore(signed_in.cookies["session"].value)
    assert store["_auth_user_id"] == str(user.pk)
    user.delete()
    with pytest.raises(SessionInterrupted):
        store.cycle_key()
    assert not Session.objects.exists()


def test_sessions_from_before_go_on_under_digests(signed_in, new_browser):
    moved = import_module("security.migrations.0008_session_digests")
    key = signed_in.cookies["session"].value
    Session.objects.update(session_key=key)
    assert signed_in.get("/settings/profile/").status_code == 302
    signed_in.cookies["session"] = key
    moved.digest(apps, connection.schema_editor())
    assert signed_in.get("/settings/profile/").status_code == 200
    moved.end(apps, connection.schema_editor())
    assert not Session.objects.exists()
