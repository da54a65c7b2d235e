"""The list of sessions, and ending them."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from notifications.models import Delivery
from security import sessions
from security.models import Event, Session

PAGE = "/settings/security/sessions/"
FIREFOX = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"}
IPHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Version/19.1 Mobile Safari/604.1"}


@pytest.fixture
def laptop(user, new_browser):
    browser = new_browser(headers=FIREFOX)
    browser.sign_in()
    return browser


@pytest.fixture
def phone(laptop, new_browser):
    browser = new_browser(headers=IPHONE)
    browser.sign_in()
    return browser


def inside(browser) -> bool:
    return bool(browser.get("/settings/profile/").status_code == 200)


def own(browser) -> str:
    """The address that ends this browser's session."""
    session = Session.objects.get(session_key=sessions.stored(browser.cookies["session"].value))
    return f"{PAGE}{session.public_id}/end/"


@pytest.mark.req("B6")
def test_the_page_lists_browsers_and_marks_this_one(laptop, phone):
    page = laptop.page(PAGE)
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert page.count("This browser") == 1
    assert page.index("Firefox") < page.index("This browser") < page.index("Safari")


@pytest.mark.req("B6")
def test_no_session_key_and_no_address_is_on_the_page(laptop, phone):
    page = laptop.page(PAGE)
    for session in Session.objects.all():
        assert session.session_key not in page
    assert "203.0.113" not in page


@pytest.mark.req("B6")
def test_one_session_is_ended_by_one_press(laptop, phone):
    assert laptop.post(own(phone))["Location"] == "/settings/security/"
    assert not inside(phone)
    assert inside(laptop)
    assert Event.objects.filter(kind="session-ended", detail="Safari on iPhone").count() == 1


@pytest.mark.req("B6")
def test_all_others_are_ended_by_one_press(laptop, phone, new_browser):
    third = new_browser()
    third.sign_in()
    answer = laptop.post(f"{PAGE}others/end/", follow=True)
    assert "2 sessions have ended." in answer.content.decode()
    assert [inside(browser) for browser in (laptop, phone, third)] == [True, False, False]


@pytest.mark.req("B6")
def test_an_ended_session_cannot_be_replayed(laptop, phone, new_browser):
    stolen = phone.cookies["session"].value
    laptop.post(own(phone))
    thief = new_browser()
    thief.cookies["session"] = stolen
    assert not inside(thief)


def test_the_card_alone_is_swapped_where_htmx_asks(laptop, phone):
    answer = laptop.post(own(phone), headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert "session has ended" in answer["HX-Trigger"]


def test_the_form_leads_back_to_the_page_of_this_site_it_was_sent_from(laptop, phone):
    near = {"referer": f"http://localhost:8000{PAGE}"}
    assert laptop.post(own(phone), headers=near)["Location"] == PAGE
    far = {"referer": "https://evil.example/"}
    assert laptop.post(f"{PAGE}others/end/", headers=far)["Location"] == "/settings/security/"


def test_nobody_ends_the_session_of_another(laptop, admin_browser):
    assert admin_browser.post(own(laptop)).status_code == 404
    assert inside(laptop)


@pytest.mark.parametrize("name", ["x", "0" * 32, "others", "a" * 500])
def test_a_session_that_is_not_there_is_not_found(laptop, name):
    assert laptop.post(f"{PAGE}{name}/end/").status_code in {404, 302}
    assert inside(laptop)


def test_looking_ends_nothing(laptop, phone):
    assert laptop.get(own(phone)).status_code == 405
    assert laptop.get(f"{PAGE}others/end/").status_code == 405
    assert inside(phone)


def test_strangers_see_no_sessions(browser):
    assert browser.get(PAGE).status_code == 302


def test_what_has_ended_by_itself_is_not_listed(user, new_browser):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        new_browser(headers=IPHONE).sign_in()
        clock.shift(timedelta(hours=25))
        browser = new_browser()
        browser.sign_in()
        assert "iPhone" not in browser.page(PAGE)


def test_a_list_of_sessions_costs_a_fixed_number_of_queries(laptop, new_browser, django_assert_max_num_queries):
    for _ in range(5):
        new_browser().sign_in()
    with django_assert_max_num_queries(9):
        laptop.page(PAGE)


@pytest.mark.req("B6")
def test_an_administrator_ends_all_sessions_with_a_reason_that_is_mailed(user, laptop, phone, admin):
    Delivery.objects.all().delete()
    assert sessions.end_all(user, actor=admin, reason="Lost laptop") == 2
    assert not inside(laptop)
    event = Event.objects.get(kind="session-ended")
    assert (event.actor, event.reason) == ("root", "Lost laptop")
    assert Delivery.objects.get().subject == "You were signed out of Tollgate"


def test_ending_nothing_is_no_event(user):
    assert sessions.end_all(user) == 0
    assert not Event.objects.exists()
