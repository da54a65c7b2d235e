"""Invitations: a mailed link that makes one account for one address."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import invites, services
from accounts.models import Group, Invite, SignupPolicy, User
from common import money
from notifications import services as notifications
from notifications.models import Delivery
from tests.accounts.conftest import Browser
from tests.together import together
from wallet import ledger
from wallet.models import LedgerEntry

PASSWORD = "quite a long passphrase"
FORM = {"username": "ann", "password1": PASSWORD, "password2": PASSWORD}
PATH = "/accounts/signup/"
INVITES = "/admin/accounts/invite/"


@pytest.fixture(autouse=True)
def by_invitation(settings, group):
    settings.SIGNUP = "invite"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.fixture
def letters(settings, tmp_path):
    """Deliver what is due, and return the text of every letter."""

    def delivered() -> str:
        settings.EMAIL_FILES = tmp_path
        notifications.deliver_due()
        return "\n".join(path.read_text() for path in sorted(tmp_path.iterdir()))

    return delivered


@pytest.fixture
def invited(letters):
    """Invite an address and return the path of the link in the mail."""

    def invite(email: str = "ann@example.com", **offer) -> str:
        invites.invite(email, **offer)
        found = re.findall(r"http://localhost:8000(/accounts/signup/\?invitation=[\w-]+)\s", letters())
        assert found
        return found[-1]

    return invite


def test_without_a_link_the_page_stays_closed(browser):
    assert browser.get(PATH).status_code == 403
    assert browser.post(PATH, {**FORM, "email": "ann@example.com"}).status_code == 403
    assert not User.objects.exists()


def test_an_invitation_makes_an_account_signed_in_and_verified(browser, invited):
    gold = Group.objects.create(name="gold")
    link = invited(group=gold, credit=5 * money.NANO)
    page = browser.page(link)
    assert 'value="ann@example.com"' in page
    assert "The invitation is for this address." in page
    assert browser.post(link, FORM)["Location"] == "/overview/"
    ann = User.objects.get()
    assert (ann.email, ann.group, ann.is_staff) == ("ann@example.com", gold, False)
    assert EmailAddress.objects.get(user=ann).verified
    assert ledger.balance(ann.pk).free == 5 * money.NANO
    assert browser.get("/settings/profile/").status_code == 200
    assert "confirm" not in "".join(Delivery.objects.values_list("subject", flat=True)).lower()


def test_the_address_is_the_invited_one_whatever_is_sent(browser, invited):
    link = invited()
    browser.post(link, {**FORM, "email": "eve@example.com"})
    assert User.objects.get().email == "ann@example.com"
    assert not EmailAddress.objects.filter(email="eve@example.com").exists()


def test_a_link_works_once(browser, new_browser, invited):
    link = invited()
    browser.post(link, FORM)
    again = new_browser().get(link)
    assert again.status_code == 403
    assert "This invitation does not work any more" in again.content.decode()
    assert new_browser().post(link, {**FORM, "username": "eve"}).status_code == 403
    assert User.objects.count() == 1


def test_a_refused_form_leaves_the_link_as_it_was(user, browser, invited):
    link = invited()
    assert browser.post(link, {**FORM, "username": "mei"}).status_code == 422
    assert browser.post(link, {**FORM, "password2": "x"}).status_code == 422
    assert Invite.objects.get().used_at is None
    assert browser.post(link, FORM).status_code == 302


def test_a_link_works_for_seven_days(browser, invited):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        link = invited()
        clock.shift(timedelta(days=7, seconds=-1))
        assert browser.get(link).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert browser.get(link).status_code == 403


@pytest.mark.parametrize("link", ["", "x", "%00", "%FF", "a" * 5000, "%F0%9F%94%91"])
def test_what_is_no_link_opens_nothing(browser, link):
    invites.invite("ann@example.com")
    assert browser.get(f"{PATH}?invitation={link}").status_code == 403


def test_a_withdrawn_invitation_opens_nothing(browser, invited):
    link = invited()
    assert invites.withdraw(Invite.objects.get())
    assert browser.get(link).status_code == 403


def test_an_invitation_withdrawn_under_the_form_makes_nothing(browser, invited, monkeypatch):
    link = invited()
    stale = Invite.objects.get()
    invites.withdraw(stale)
    monkeypatch.setattr(invites, "offered", lambda token: stale)
    assert browser.post(link, FORM)["Location"] == link
    assert not User.objects.exists()
    assert not EmailAddress.objects.exists()


def test_a_used_invitation_is_not_withdrawn(browser, invited):
    browser.post(invited(), FORM)
    assert not invites.withdraw(Invite.objects.get())


def test_a_second_invitation_replaces_the_first(browser, invited):
    first, second = invited(), invited()
    assert first != second
    assert browser.get(first).status_code == 403
    assert browser.get(second).status_code == 200


def test_who_has_an_account_is_not_invited(user):
    with pytest.raises(services.EmailTaken):
        invites.invite("MEI@example.com")
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("email", ["", "ann", "ann@example.com\nBcc: x@example.com", f"ann@{'x' * 300}.example"])
def test_what_is_no_address_is_not_invited(email):
    with pytest.raises(ValidationError):
        invites.invite(email)
    assert not Invite.objects.exists()


def test_only_a_digest_of_the_link_is_kept(invited):
    token = invited().partition("=")[2]
    assert len(token) >= 43, "256 bits"
    assert token not in str(list(Invite.objects.values()))
    assert token not in str(list(Delivery.objects.values())), "the outbox is encrypted"


def test_an_open_house_honors_invitations_too(settings, browser, invited):
    settings.SIGNUP = "open"
    browser.post(invited(credit=money.NANO), FORM)
    assert ledger.balance(User.objects.get().pk).free == money.NANO
    assert Invite.objects.get().used_at


def test_a_closed_house_honors_none(settings, browser, invited):
    link = invited()
    settings.SIGNUP = "closed"
    assert browser.get(link).status_code == 403
    assert browser.post(link, FORM).status_code == 403


def test_the_switch_in_admin_opens_and_closes_it_too(settings, browser, invited):
    link, settings.SIGNUP = invited(), "closed"
    SignupPolicy.objects.create(mode="invite")
    assert browser.get(link).status_code == 200


def test_the_credit_of_an_invitation_comes_on_top(browser, invited):
    SignupPolicy.objects.create(credit=2 * money.NANO)
    browser.post(invited(credit=3 * money.NANO), FORM)
    entries = LedgerEntry.objects.values_list("amount", flat=True)
    assert sorted(entries) == [2 * money.NANO, 3 * money.NANO]


def test_deleting_an_account_forgets_its_invitation(browser, invited):
    browser.post(invited(), FORM)
    services.delete(User.objects.get())
    assert not Invite.objects.exists()


def test_old_invitations_are_forgotten_after_a_month(browser, invited):
    browser.post(invited(), FORM)
    invites.invite("bob@example.com")
    assert invites.prune() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert invites.prune() == 1, "used a month ago"
        invites.invite("eve@example.com")
    with time_machine.travel(timezone.now() + timedelta(days=38)):
        assert invites.prune() == 1, "expired a month ago"
    assert Invite.objects.get().email == "eve@example.com"


@pytest.mark.django_db(transaction=True)
def test_one_link_followed_by_twenty_at_once_is_one_account(invited):
    link = invited(credit=money.NANO)

    def follow(number: int) -> int:
        return Browser(f"10.0.0.{number}").post(link, {**FORM, "username": f"ann{number}"}).status_code

    codes = together(20, follow)
    assert set(codes) <= {302, 403, 422}
    ann = User.objects.get()
    assert ledger.balance(ann.pk).free == money.NANO
    assert LedgerEntry.objects.count() == 1


# --- admin


def offer(group: Group, **changed) -> dict[str, object]:
    return {"email": "Ann@example.com", "group": group.pk, "credit_usd": "2.50", "days": 3, **changed}


def test_an_administrator_invites_by_mail(group, admin_browser, letters):
    assert admin_browser.get(f"{INVITES}add/").status_code == 200
    made = admin_browser.post(f"{INVITES}add/", offer(group), follow=True)
    assert made.status_code == 200
    invite = Invite.objects.get()
    assert (invite.email, invite.credit, invite.invited_by) == ("ann@example.com", 2_500_000_000, "root")
    assert timedelta(days=2.9) < invite.expires_at - timezone.now() < timedelta(days=3)
    (token,) = set(re.findall(r"invitation=([\w-]+)\s", letters()))
    for page in (
        made.content.decode(),
        admin_browser.page(INVITES),
        admin_browser.page(f"{INVITES}{invite.pk}/change/"),
    ):
        assert "ann@example.com" in page
        assert token not in page
        assert invite.digest not in page


@pytest.mark.parametrize(
    "wrong", [{"email": "x"}, {"email": "root@example.com"}, {"credit_usd": "-1"}, {"days": 0}, {"days": ""}]
)
def test_an_invitation_that_will_not_do_is_not_made(group, admin_browser, wrong):
    assert admin_browser.post(f"{INVITES}add/", offer(group, **wrong)).status_code == 200, "the form again"
    assert not Invite.objects.exists()


def test_an_invitation_cannot_be_changed_in_admin(admin_browser):
    invite = invites.invite("ann@example.com")
    assert admin_browser.post(f"{INVITES}{invite.pk}/change/", {"credit": 10}).status_code == 403


def test_an_administrator_withdraws(browser, admin_browser, invited):
    link = invited()
    sent = {"action": "withdraw", "_selected_action": [Invite.objects.get().pk]}
    assert "1 invitation is withdrawn." in admin_browser.post(INVITES, sent, follow=True).content.decode()
    assert browser.get(link).status_code == 403
