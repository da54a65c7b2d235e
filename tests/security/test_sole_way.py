"""Accounts that one provider made and that sign in by it alone: no password, no reset, no passkey, nothing bound."""

from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.socialaccount.models import SocialAccount

from accounts import identities
from accounts.identities import Identity
from accounts.models import User
from notifications.models import Delivery
from security import passkeys, relying_party, resets, ways
from security.responses import Refused
from tests.accounts.conftest import PASSWORD
from tests.security import ceremonies
from tests.security.visits import PROFILE, bind, confirm, is_signed_in, sign_in, sign_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict(rule) -> None:
    rule(only=True)


@pytest.fixture
def made(user, idp) -> User:
    """`user`, made by the provider, with a password from before that was the only way in."""
    identities.keep(user, Identity("acme", "u-1", "ann", idp.url), made=True)
    return user


@pytest.fixture
def inside(made, browser, idp, strict):
    sign_in(browser, idp)
    confirm(browser, idp)
    assert is_signed_in(browser) == made
    return browser


@pytest.mark.req("A16")
@pytest.mark.usefixtures("strict")
def test_whom_it_made_signs_in_by_it(made, browser, idp):
    sign_in(browser, idp)
    assert is_signed_in(browser) == made


@pytest.mark.req("A1", "A16")
@pytest.mark.usefixtures("made", "strict")
def test_the_password_is_wrong_like_any_other(browser, new_browser):
    right, wrong = browser.sign_in(), new_browser().sign_in(password="not the password of mei")
    assert is_signed_in(browser) is None
    assert right.status_code == wrong.status_code
    assert "The username or the password is not right." in right.content.decode()


def test_without_the_rule_it_is_right(made, browser):
    browser.sign_in()
    assert is_signed_in(browser) == made


@pytest.mark.usefixtures("strict")
def test_an_account_that_is_only_bound_keeps_its_password(bound, browser):
    browser.sign_in()
    assert is_signed_in(browser) == bound


@pytest.mark.req("A2")
@pytest.mark.usefixtures("strict")
def test_a_reset_is_answered_as_ever_and_mailed_to_nobody(made, browser):
    assert browser.post("/accounts/password/reset/", {"email": made.email})["Location"].endswith("/done/")
    assert not Delivery.objects.exists()


@pytest.mark.usefixtures("strict")
def test_an_administrator_mails_no_reset_that_would_open_nothing(made, admin):
    with pytest.raises(identities.SoleWay):
        resets.send_reset(admin, made, "forgot it")
    assert not Delivery.objects.exists()


@pytest.mark.usefixtures("made")
def test_a_reset_link_from_before_opens_nothing(user, browser, rule):
    link = f"/accounts/password/reset/key/{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}/"
    page = browser.get(link)["Location"]
    rule(only=True)
    chosen = "another long passphrase of mei"
    browser.post(page, {"password1": chosen, "password2": chosen})
    browser.get(link)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize("page", ["/accounts/password/set/", "/accounts/password/change/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_password_is_chosen(inside, page, method):
    chosen = "another long passphrase of mei"
    form = {"oldpassword": PASSWORD, "password1": chosen, "password2": chosen}
    assert getattr(inside, method)(page, form)["Location"] == "/settings/security/"
    assert "Your account signs in by one provider alone." in inside.page("/settings/security/")
    assert not User.objects.get().check_password(chosen)


def test_the_pages_offer_neither_password_nor_passkey_nor_binding(inside):
    profile, security = inside.page(PROFILE), inside.page("/settings/security/")
    for page in (profile, security):
        assert "your account signs in by Acme Login alone" in page
        assert "/accounts/password/" not in page
    assert "Bind GitHub" not in profile
    assert "Unbind Acme Login" not in profile
    assert "/passkeys/new/" not in security


def test_nothing_else_is_bound(inside, idp):
    idp.person = {"sub": 77, "preferred_username": "ann"}
    bind(inside, idp, "github")
    assert "Your account signs in by one provider alone." in inside.page(PROFILE)
    assert SocialAccount.objects.count() == 1


def test_the_one_way_in_stays(inside):
    inside.post(f"/accounts/providers/{SocialAccount.objects.get().pk}/unbind/")
    assert "Your account signs in by one provider alone." in inside.page(PROFILE)
    assert SocialAccount.objects.exists()


def test_what_was_bound_before_signs_in_no_more_but_can_go(inside, made, new_browser, idp):
    identities.keep(made, Identity("github", "77", "ann", idp.url))
    idp.person = {"sub": 77, "preferred_username": "ann"}
    browser = new_browser()
    answer = sign_in(browser, idp, "github")
    assert (answer.status_code, is_signed_in(browser)) == (400, None)
    assert "signs in by another provider alone" in answer.content.decode()
    inside.post(f"/accounts/providers/{SocialAccount.objects.get(provider='github').pk}/unbind/")
    assert SocialAccount.objects.get().provider == "acme"


@pytest.mark.req("C3")
def test_the_provider_confirms_though_there_is_a_password(made, browser, idp, strict):
    sign_in(browser, idp)
    page = browser.get("/accounts/email/")
    assert page["Location"].startswith("/accounts/reauthenticate/provider/")
    assert confirm(browser, idp, "/accounts/email/")["Location"] == "/accounts/email/"


@pytest.mark.usefixtures("strict")
def test_no_passkey_is_made_used_or_counted(made, key, rule):
    rule(only=False)
    ceremonies.register(made, key)
    rule(only=True)
    assert ways.count(made, lock=False) == 1
    assert not passkeys.usable(made)
    with pytest.raises(Refused):
        ceremonies.sign_in(key)
    with pytest.raises(relying_party.Off):
        passkeys.begin(made, "a session")
    with pytest.raises(relying_party.Off):
        passkeys.begin_sudo(made, "a session")


def test_passkeys_by_leave_of_the_operator(made, key, rule):
    rule(only=True, passkeys=True)
    ceremonies.register(made, key)
    assert ways.count(made, lock=False) == 2
    assert ceremonies.sign_in(key).user == made


@pytest.mark.usefixtures("strict")
def test_a_new_account_is_one_of_them(browser, idp, settings, group):
    settings.SIGNUP = "open"
    sign_in(browser, idp)
    sign_up(browser)
    made = is_signed_in(browser)
    assert made
    alone: Any = identities.sole(made)
    assert alone.id == "acme"


@pytest.mark.usefixtures("strict")
def test_without_the_provider_the_rule_is_gone_too(made, browser, settings):
    settings.PROVIDERS = []
    browser.sign_in()
    assert is_signed_in(browser) == made
