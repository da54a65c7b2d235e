"""Another address: it takes over once a mail to it was answered."""

import re

import pytest
from allauth.account.models import EmailAddress

from accounts.models import User
from notifications import services as notifications
from notifications.models import Delivery
from security.models import Event

PAGE = "/accounts/email/"


@pytest.fixture
def files(settings, tmp_path):
    """The folder into which mail goes."""
    settings.EMAIL_FILES = tmp_path
    return tmp_path


@pytest.fixture
def link(files):
    """The path of the newest link that confirms an address."""

    def read() -> str:
        notifications.deliver_due()
        found = re.search(r"http://localhost:8000(/accounts/confirm-email/\S+/)\s", max(files.iterdir()).read_text())
        assert found
        return found[1]

    return read


def test_a_new_address_takes_over_when_it_is_confirmed(user, signed_in, link):
    signed_in.post(PAGE, {"action_add": "", "email": "new@example.com"})
    user.refresh_from_db()
    assert user.email == "mei@example.com"
    assert "new@example.com takes over" in signed_in.page(PAGE)
    signed_in.post(link())
    user.refresh_from_db()
    assert user.email == "new@example.com"
    assert [row.email for row in EmailAddress.objects.all()] == ["new@example.com"]


@pytest.mark.req("A17")
def test_the_old_address_is_told_that_another_took_over(user, signed_in, link, files):
    signed_in.post(PAGE, {"action_add": "", "email": "new@example.com"})
    path = link()
    assert not Event.objects.filter(kind="email-changed").exists()
    signed_in.post(path)
    event = Event.objects.get(kind="email-changed")
    assert (event.user, event.detail) == (user, "")
    notifications.deliver_due()
    letter = max(files.iterdir()).read_text()
    assert "To: mei@example.com" in letter
    assert "Subject: Your Tollgate e-mail address was changed" in letter


def test_confirming_the_first_address_changes_nothing(user, signed_in, link):
    signed_in.get(PAGE)
    signed_in.post(PAGE, {"action_send": "", "email": "mei@example.com"})
    signed_in.post(link())
    assert not Event.objects.filter(kind="email-changed").exists()


@pytest.mark.req("A2")
def test_a_taken_address_gets_the_same_answer_and_never_takes_over(user, signed_in, link, group):
    """The other account never confirmed it: allauth alone would run into the database's refusal."""
    User.objects.create_user("bob", "bob@example.com", "x", group=group)
    free = signed_in.post(PAGE, {"action_add": "", "email": "free@example.com"})
    taken = signed_in.post(PAGE, {"action_add": "", "email": "BOB@example.com"})
    assert (free.status_code, free["Location"]) == (taken.status_code, taken["Location"])
    answer = signed_in.post(link())
    assert answer.status_code < 500
    user.refresh_from_db()
    assert user.email == "mei@example.com"


@pytest.mark.req("I11")
@pytest.mark.parametrize("email", ["", "x", "a@example.com\r\nBcc: b@example.com", "a@b\x00.com", "mei@example.com"])
def test_what_is_no_new_address_is_refused(user, signed_in, email):
    signed_in.get(PAGE)
    assert signed_in.post(PAGE, {"action_add": "", "email": email}).status_code == 422


@pytest.mark.parametrize("action", ["action_send", "action_remove", "action_primary", "nothing"])
@pytest.mark.parametrize("email", ["mei@example.com", "nobody@example.com", "\x00", "x" * 500])
def test_made_up_actions_break_nothing(user, signed_in, action, email):
    assert signed_in.post(PAGE, {action: "", "email": email}).status_code < 500
    user.refresh_from_db()
    assert user.email == "mei@example.com"


def test_one_can_keep_the_old_address_after_all(user, signed_in):
    signed_in.post(PAGE, {"action_add": "", "email": "new@example.com"})
    signed_in.post(PAGE, {"action_remove": "", "email": "new@example.com"})
    assert [row.email for row in EmailAddress.objects.all()] == ["mei@example.com"]


def test_an_address_that_was_never_confirmed_can_be(user, signed_in, link):
    assert "not confirmed yet" in signed_in.page(PAGE)
    signed_in.post(PAGE, {"action_send": "", "email": "mei@example.com"})
    signed_in.post(link())
    assert EmailAddress.objects.get().verified


@pytest.mark.usefixtures("noon")
@pytest.mark.req("A2")
def test_one_address_gets_five_links_an_hour(user, signed_in):
    signed_in.get(PAGE)
    codes = [signed_in.post(PAGE, {"action_send": "", "email": "mei@example.com"}).status_code for _ in range(7)]
    assert codes == [302] * 5 + [429] * 2
    assert Delivery.objects.count() == 5
