"""Making an account oneself: closed unless the operator says otherwise."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as product

from accounts.models import SignupPolicy, User
from common import money
from notifications import services as notifications
from notifications.models import Delivery
from tests.accounts.conftest import Browser
from tests.together import together
from wallet import ledger

PASSWORD = "quite a long passphrase"
FORM = {"username": "ann", "email": "ann@example.com", "password1": PASSWORD, "password2": PASSWORD}
PATH = "/accounts/signup/"


@pytest.fixture
def open_signup(settings, group):
    settings.SIGNUP = "open"


@pytest.fixture
def mail(settings, tmp_path):
    """A mail server as far as the policy is concerned; the letters go to files."""
    settings.EMAIL_URL = "smtp://mail.example:25"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    def letters() -> str:
        settings.EMAIL_URL = ""
        settings.EMAIL_FILES = tmp_path
        notifications.deliver_due()
        settings.EMAIL_URL = "smtp://mail.example:25"
        return "\n".join(path.read_text() for path in sorted(tmp_path.iterdir()))

    return letters


def test_sign_up_is_closed_unless_said_otherwise(group, browser):
    assert product.SIGNUP == "closed"
    assert "Sign-up is closed" in browser.page(PATH)
    assert browser.post(PATH, FORM).status_code == 403
    assert not User.objects.exists()


def test_the_sign_in_page_offers_what_is_possible(group, browser, settings):
    assert "Sign up" not in browser.page("/accounts/login/")
    settings.SIGNUP = "open"
    assert "Sign up" in browser.page("/accounts/login/")


def test_open_to_everybody(open_signup, browser):
    assert browser.get(PATH).status_code == 200
    assert browser.post(PATH, FORM)["Location"] == "/overview/"
    ann = User.objects.get()
    assert (ann.group.is_default, ann.is_staff, ann.is_superuser) == (True, False, False)
    assert ledger.balance(ann.pk).free == 0
    assert ann.wallet.balance == 0


def test_the_switch_in_admin_stands_above_the_environment(open_signup, browser):
    SignupPolicy.objects.create(mode="closed")
    assert browser.get(PATH).status_code == 403


def test_an_empty_switch_leaves_it_to_the_environment(open_signup, browser):
    SignupPolicy.objects.create(mode="")
    assert browser.get(PATH).status_code == 200


def test_reading_the_policy_writes_nothing(open_signup, browser):
    browser.get(PATH)
    assert not SignupPolicy.objects.exists()


def test_an_invitation_is_asked_for(settings, group, browser):
    settings.SIGNUP = "invite"
    assert "An invitation is needed" in browser.page(PATH)
    assert browser.post(PATH, FORM).status_code == 403


def test_a_new_account_gets_the_operators_credit(open_signup, browser):
    SignupPolicy.objects.create(credit=3 * money.NANO)
    browser.post(PATH, FORM)
    entry = User.objects.get().wallet.entries.get()
    assert (entry.kind, entry.amount) == ("start", 3 * money.NANO)


def test_only_addresses_of_the_domains(settings, group, browser, mail):
    settings.SIGNUP, settings.SIGNUP_DOMAINS = "domain", ["example.com", "@Example.ORG"]
    for address in ("ann@example.net", "ann@sub.example.com", "ann@example.com.evil.example", "ann@notexample.com"):
        refused = browser.post(PATH, {**FORM, "email": address})
        assert refused.status_code == 422
        assert "Only addresses of example.com, example.org" in refused.content.decode()
    assert browser.post(PATH, {**FORM, "email": "Ann@EXAMPLE.org"}).status_code == 302
    assert User.objects.get().email == "ann@example.org"


def test_domains_without_a_mail_server_admit_nobody(settings, group, browser):
    settings.SIGNUP, settings.SIGNUP_DOMAINS = "domain", ["example.com"]
    assert browser.get(PATH).status_code == 403


def test_an_address_is_verified_before_it_opens_anything(settings, open_signup, browser, mail):
    SignupPolicy.objects.create(credit=money.NANO)
    assert browser.post(PATH, FORM)["Location"] == "/accounts/confirm-email/"
    assert "Look into your mail" in browser.page("/accounts/confirm-email/")
    ann = User.objects.get()
    assert ledger.balance(ann.pk).free == 0
    assert browser.get("/settings/profile/").status_code == 302
    assert browser.sign_in("ann", PASSWORD)["Location"] == "/accounts/confirm-email/"
    link = re.findall(r"http://localhost:8000(/accounts/confirm-email/\S+/)\s", mail())[-1]  # signed anew each second
    assert "belongs to the account ann" in browser.page(link)
    assert ledger.balance(ann.pk).free == 0, "looking is not confirming"
    browser.post(link)
    assert EmailAddress.objects.get().verified
    assert ledger.balance(ann.pk).free == money.NANO
    assert browser.sign_in("ann", PASSWORD)["Location"] == "/overview/"
    assert "does not work any more" in browser.page(link)


@pytest.mark.req("A2")
def test_a_taken_address_gets_the_answer_of_a_free_one(open_signup, browser, mail, user):
    free = browser.post(PATH, FORM)
    taken = Browser("198.51.100.1").post(PATH, {**FORM, "username": "bob", "email": "mei@example.com"})
    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"])
    assert not User.objects.filter(username="bob").exists()
    assert Delivery.objects.get(user=user).subject == "You have an account already"


@pytest.mark.usefixtures("noon")
@pytest.mark.req("A2")
def test_five_accounts_an_hour_from_one_client(open_signup, new_browser):
    codes = [
        new_browser().post(PATH, {**FORM, "username": f"ann{n}", "email": f"ann{n}@example.com"}).status_code
        for n in range(7)
    ]
    assert codes == [302] * 5 + [429] * 2
    assert User.objects.count() == 5


@pytest.mark.usefixtures("noon")
@pytest.mark.req("A2")
def test_asking_whether_names_are_taken_is_counted(open_signup, new_browser):
    codes = [new_browser().post(PATH, {**FORM, "password2": "x"}).status_code for _ in range(22)]
    assert codes == [422] * 20 + [429] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "a b"},
        {"username": "a"},
        {"username": "x" * 65},
        {"username": "ann@example.com"},
        {"username": "\uff41nn"},
        {"username": "a\u200bnn"},
        {"username": "ann\u202e"},
        {"username": "a\x00nn"},
        {"username": "ann\r\nBcc: x@example.com"},
        {"email": "ann@example.com\r\nBcc: x@example.com"},
        {"email": "ann@example.com\nx"},
        {"email": "ann"},
        {"email": f"ann@{'x' * 60}.{'y' * 60}.{'z' * 60}.{'w' * 60}.example.com"},
        {"password1": "short", "password2": "short"},
        {"password2": "another passphrase"},
        {"password1": "", "password2": ""},
        {"username": "MEI"},
    ],
)
@pytest.mark.req("I11")
def test_what_will_not_do_is_refused_with_422(open_signup, user, browser, wrong):
    assert browser.post(PATH, {**FORM, **wrong}).status_code == 422
    assert User.objects.count() == 1
    assert not Delivery.objects.exists()


@pytest.mark.req("I15")
def test_a_form_cannot_make_itself_an_administrator(open_signup, browser):
    browser.post(PATH, {**FORM, "is_staff": "on", "is_superuser": "on", "group": "2", "credit": "100"})
    ann = User.objects.get()
    assert not ann.is_staff
    assert not ann.is_superuser


@pytest.mark.parametrize("name", ["mei.li", "陈美", "Žofie", "a_b+c-d", "ab", "x" * 64])
def test_names_of_any_script_are_welcome(open_signup, browser, name):
    assert browser.post(PATH, {**FORM, "username": name}).status_code == 302
    assert User.objects.get().username == name


@pytest.mark.django_db(transaction=True)
def test_one_name_taken_by_many_at_once_is_one_account(open_signup):
    def take(number: int) -> int:
        form = {**FORM, "email": f"ann{number}@example.com"}
        return Browser(f"10.0.0.{number}").post(PATH, form).status_code

    codes = together(12, take)
    assert codes.count(302) == 1
    assert set(codes) <= {302, 422}
    assert User.objects.count() == 1
