"""Sessions and events in admin: to look at, not to change."""

import pytest

from security import events
from security.models import Event, Session
from tests.second_factor import enroll, fresh_code

EVENTS, SESSIONS = "/admin/security/event/", "/admin/security/session/"


@pytest.fixture
def administrator(admin, new_browser):
    enroll(admin)
    browser = new_browser("198.51.100.9")
    browser.sign_in("root", "quite a long passphrase")
    browser.post("/accounts/login/second-factor/", {"code": fresh_code(admin)})
    return browser


@pytest.mark.req("B6")
def test_an_administrator_sees_who_is_signed_in_but_no_key(administrator, signed_in):
    page = administrator.page(SESSIONS)
    assert "mei" in page
    for session in Session.objects.all():
        assert session.session_key not in page


def test_an_administrator_sees_what_happened_and_finds_it_by_name(administrator, user, admin):
    events.record(user, Event.Kind.DISABLED, actor=admin, reason="Left the company")
    page = administrator.page(f"{EVENTS}?q=mei")
    assert "Left the company" in page
    assert "Account disabled by an administrator" in page
    assert "Left the company" not in administrator.page(f"{EVENTS}?q=nobody")


@pytest.mark.parametrize("page", [EVENTS, SESSIONS])
def test_nothing_of_it_is_changed_there(administrator, user, signed_in, page):
    model = Event if page == EVENTS else Session
    row = model._default_manager.filter(user=user).first()
    assert row
    assert administrator.get(f"{page}add/").status_code == 403
    for verb in ("delete", "change"):
        assert administrator.post(f"{page}{row.pk}/{verb}/", {"post": "yes", "detail": "x"}).status_code == 403
    assert administrator.post(page, {"action": "delete_selected", "_selected_action": row.pk}).status_code < 500
    assert model._default_manager.filter(pk=row.pk).exists()
