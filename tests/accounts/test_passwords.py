"""Changing and resetting a password."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import services
from accounts.models import User
from notifications import services as notifications
from notifications.models import Delivery
from security import sudo
from security.models import Event, Session
from security.sessions import stored
from tests.accounts.conftest import PASSWORD, Browser
from tests.accounts.test_sign_in import bare

NEW = "another good passphrase"
RESET = "/accounts/password/reset/"
CHANGE = "/accounts/password/change/"
START = timezone.now()


@pytest.fixture
def letter(settings, tmp_path):
    """The text of the newest mail."""
    settings.EMAIL_FILES = tmp_path

    def read() -> str:
        notifications.deliver_due()
        return str(max(tmp_path.iterdir()).read_text())

    return read


@pytest.fixture
def link(mailed_link):
    """Ask for a reset and return the path that was mailed."""
    return lambda: mailed_link("/accounts/password/reset/key/")


def use(browser: Browser, path: str, password: str = NEW):
    """Follow a reset link and send the form behind it."""
    page = browser.get(path)
    return (
        browser.post(page["Location"], {"password1": password, "password2": password})
        if page.has_header("Location")
        else page
    )


@pytest.mark.req("A14")
def test_a_reset_sets_the_password_and_signs_nobody_in(user, link, signed_in, new_browser):
    visitor = new_browser()
    assert use(visitor, link())["Location"] == "/accounts/password/reset/key/done/"
    assert visitor.get("/settings/profile/").status_code == 302
    assert signed_in.get("/settings/profile/").status_code == 302, "other sessions end"
    assert visitor.sign_in(password=PASSWORD).status_code == 422
    assert visitor.sign_in(password=NEW).status_code == 302


@pytest.mark.req("A14")
def test_a_reset_link_works_once(link, new_browser):
    path = link()
    use(new_browser(), path)
    assert "does not work any more" in use(new_browser(), path, "a third long passphrase").content.decode()


@pytest.mark.req("A14")
def test_a_reset_link_works_for_ten_minutes(link, new_browser):
    with time_machine.travel(START, tick=False) as clock:
        path = link()
        clock.shift(timedelta(seconds=599))
        assert new_browser().get(path).status_code == 302
        clock.shift(timedelta(seconds=2))
        assert "does not work any more" in new_browser().page(path)


@pytest.mark.req("I7")
def test_the_link_is_made_from_the_base_url(user, letter, new_browser):
    for host in ("127.0.0.1", "127.0.0.1:9"):
        new_browser().post(
            RESET, {"email": "mei@example.com"}, headers={"host": host, "x-forwarded-host": "evil.example"}
        )
    mail = letter()
    assert "http://localhost:8000/accounts/password/reset/key/" in mail
    assert "evil" not in mail


@pytest.mark.req("A2")
def test_an_unknown_address_gets_the_same_answer_and_no_mail(user, new_browser):
    known = new_browser().post(RESET, {"email": "mei@example.com"})
    unknown = new_browser().post(RESET, {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [row.user for row in Delivery.objects.all()] == [user]


@pytest.mark.usefixtures("noon")
@pytest.mark.req("A14")
@pytest.mark.parametrize("email", ["mei@example.com", "nobody@example.com"])
def test_five_resets_a_day_for_an_address(user, email):
    codes = [Browser(f"10.0.0.{number}").post(RESET, {"email": email}).status_code for number in range(7)]
    assert codes == [302] * 5 + [429] * 2


@pytest.mark.usefixtures("noon")
def test_one_client_asks_for_twenty_resets_a_day(db):
    codes = [Browser().post(RESET, {"email": f"a{number}@example.com"}).status_code for number in range(22)]
    assert codes == [302] * 20 + [429] * 2


def test_a_disabled_account_gets_no_link(user, new_browser):
    services.disable(user)
    new_browser().post(RESET, {"email": "mei@example.com"})
    assert not Delivery.objects.exists()


@pytest.mark.usefixtures("noon")
@pytest.mark.req("A5")
def test_who_was_locked_out_gets_in_by_a_reset(user, link, new_browser):
    for number in range(8):
        Browser(f"10.0.0.{number}").sign_in(password="wrong password here")
    assert new_browser().sign_in().status_code == 429
    use(new_browser(), link())
    assert new_browser().sign_in(password=NEW).status_code == 302


@pytest.mark.req("I11")
@pytest.mark.parametrize(
    "email", ["", "x", "mei@example.com\r\nBcc: b@example.com", "a@b\x00.com", "mei@example.com\n"]
)
def test_a_reset_for_what_is_no_address_is_refused(user, browser, email):
    answer = browser.post(RESET, {"email": email})
    assert answer.status_code == 422 or email.endswith("\n")
    assert all("Bcc" not in row.payload for row in Delivery.objects.all())


@pytest.mark.parametrize("path", ["1-x", "zzzzzzzzzzzzzzzz-x", "0-set-password", "1-set-password", "1-" + "x" * 3000])
def test_made_up_reset_links_lead_nowhere(user, browser, path):
    answer = browser.get(f"/accounts/password/reset/key/{path}/")
    assert answer.status_code in {200, 404}
    assert answer.status_code == 404 or "does not work any more" in answer.content.decode()


@pytest.mark.req("A12")
def test_a_change_needs_old_new_and_again(user, signed_in):
    right = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    for wrong in ({"oldpassword": "x"}, {"password2": "x"}, {"password1": ""}, {"password2": ""}, {"oldpassword": ""}):
        assert signed_in.post(CHANGE, {**right, **wrong}).status_code == 422
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert signed_in.post(CHANGE, right).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)


@pytest.mark.req("B1", "B4")
def test_a_change_keeps_the_own_session_and_ends_the_others(user, signed_in, new_browser):
    other = new_browser()
    other.sign_in()
    before = signed_in.cookies["session"].value
    signed_in.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert signed_in.get("/settings/profile/").status_code == 200
    assert other.get("/settings/profile/").status_code == 302
    assert [row.pk for row in Session.objects.all()] == [stored(signed_in.cookies["session"].value)] != [stored(before)]
    assert signed_in.cookies["device"].value, "and this browser stays known"


@pytest.mark.req("A17")
def test_a_change_is_mailed_to_the_owner(user, signed_in, letter):
    signed_in.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    mail = letter()
    assert "Subject: Your Tollgate password was changed" in mail
    assert "203.0.113.7" not in mail


@pytest.mark.usefixtures("noon")
def test_guessing_the_old_password_is_counted(user, signed_in):
    form = {"password1": NEW, "password2": NEW}
    codes = [signed_in.post(CHANGE, {**form, "oldpassword": f"wrong {n}"}).status_code for n in range(7)]
    assert codes == [422] * 5 + [429] * 2


@pytest.mark.req("A11")
def test_a_password_is_verified_exactly_as_typed(group, new_browser):
    spaced = "  spaces are kept  "
    User.objects.create_user("ann", "ann@example.com", spaced, group=group)
    assert new_browser().sign_in("ann", spaced.strip()).status_code == 422
    assert new_browser().sign_in("ann", spaced).status_code == 302


@pytest.mark.req("A2")
def test_asking_for_a_reset_is_answered_alike_whoever_has_the_address(user, group, new_browser):
    User.objects.create_user("off", "off@example.com", PASSWORD, group=group, is_active=False)
    User.objects.create_user("bare", "bare@example.com", None, group=group)
    emails = ["mei@example.com", "MEI@example.com", "off@example.com", "bare@example.com", "nobody@example.com"]
    answers = [new_browser().post(RESET, {"email": email}, follow=True) for email in emails]
    assert {answer.status_code for answer in answers} == {200}
    assert len({bare(answer) for answer in answers}) == 1


@pytest.mark.req("A2")
def test_asking_for_the_link_again_is_answered_alike_for_any_address(user, signed_in):
    signed_in.get("/accounts/email/")
    own, foreign = (
        signed_in.post("/accounts/email/", {"action_send": "", "email": email})
        for email in ("mei@example.com", "nobody@example.com")
    )
    assert (own.status_code, own["Location"]) == (foreign.status_code, foreign["Location"])


@pytest.mark.req("A14")
def test_a_reset_ends_the_session_it_was_made_in_too(user, link, signed_in):
    use(signed_in, link())
    assert signed_in.get("/settings/profile/").status_code == 302
    assert Event.objects.filter(user=user, kind="password-reset").count() == 1


@pytest.mark.req("A14")
def test_behind_https_the_link_is_https(user, settings, letter, new_browser):
    settings.BASE_URL = "https://gate.example"
    new_browser().post(RESET, {"email": "mei@example.com"})
    assert "https://gate.example/accounts/password/reset/key/" in letter()


@pytest.mark.req("A14")
def test_a_link_dies_with_the_password_it_was_made_for(user, link, signed_in, new_browser):
    path = link()
    signed_in.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert "does not work any more" in new_browser().page(path)


@pytest.mark.req("C1")
@pytest.mark.parametrize("path", [CHANGE, "/accounts/password/set/"])
def test_a_password_is_changed_by_who_is_known_to_be_there(user, browser, path):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
        for answer in (browser.get(path), browser.post(path, form)):
            assert answer.status_code == 302
            assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert User.objects.get().check_password(PASSWORD)


def test_a_wrong_old_password_is_written_down(user, signed_in):
    signed_in.post(CHANGE, {"oldpassword": "wrong", "password1": NEW, "password2": NEW})
    assert Event.objects.filter(user=user, kind="sudo-failed").count() == 1


@pytest.mark.req("A12")
def test_an_account_without_a_password_chooses_its_first_one(user, browser):
    User.objects.filter(pk=user.pk).update(password="!")
    owner = User.objects.get()
    browser.force_login(owner)
    session = browser.session
    session[sudo.KEY] = {"user": owner.pk, "at": time.time(), "method": "passkey"}
    session.save()
    page = "/accounts/password/set/"
    assert browser.get(page).status_code == 200
    for wrong in ({"password1": NEW, "password2": "x"}, {"password1": "short", "password2": "short"}, {}):
        assert browser.post(page, wrong).status_code == 422
    assert browser.post(page, {"password1": NEW, "password2": NEW}).status_code == 302
    assert User.objects.get().check_password(NEW)
    assert Event.objects.filter(kind="password-changed").count() == 1
