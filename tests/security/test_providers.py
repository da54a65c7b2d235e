"""Identity providers: signing up and in by them, binding and unbinding."""

import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts import invites
from accounts.models import Invite, User
from notifications.models import Delivery
from security.models import Event, Flow
from tests.accounts.conftest import Browser
from tests.security.visits import PROFILE, bind, come_back, is_signed_in, leave, sign_in, sign_up

pytestmark = pytest.mark.django_db
PROVIDERS = ["acme", "github"]


@pytest.fixture(autouse=True)
def numbered(request, idp):
    """GitHub's people are numbers."""
    if "github" in request.node.name:
        idp.person = {"sub": 77, "preferred_username": "ann"}


@pytest.fixture
def open_house(settings, group):
    settings.SIGNUP = "open"


def test_the_sign_in_page_offers_each_provider(browser, idp):
    page = browser.page("/accounts/login/?next=/usage/")
    assert "Continue with GitHub" in page
    assert "Continue with Acme Login" in page
    assert 'name="next" value="/usage/"' in page


def test_without_providers_nothing_is_offered(browser, settings):
    settings.PROVIDERS = []
    assert "Continue with" not in browser.page("/accounts/login/")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_who_is_unknown_makes_an_account(browser, idp, open_house, provider):
    assert sign_in(browser, idp, provider)["Location"] == "/accounts/providers/sign-up/"
    assert 'value="ann"' in browser.page("/accounts/providers/sign-up/")
    assert sign_up(browser).status_code == 302
    made = is_signed_in(browser)
    assert made
    assert made.username == "ann"
    assert not made.has_usable_password()
    assert [(bound.provider, bound.uid) for bound in SocialAccount.objects.filter(user=made)] == [
        (provider, str(idp.person["sub"]))
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_who_is_bound_signs_in(user, signed_in, new_browser, idp, provider):
    bind(signed_in, idp, provider)
    browser = new_browser()
    assert sign_in(browser, idp, provider, next="/usage/")["Location"] == "/usage/"
    assert is_signed_in(browser) == user


def test_a_page_elsewhere_is_not_gone_to(bound, browser, idp):
    assert sign_in(browser, idp, next="https://evil.example/")["Location"] == "/overview/"


def test_a_disabled_account_stays_shut(bound, browser, idp):
    User.objects.update(is_active=False)
    sign_in(browser, idp)
    assert is_signed_in(browser) is None


@pytest.mark.req("A17")
def test_binding_is_mailed_noted_and_ends_other_sessions(user, signed_in, new_browser, idp):
    other = new_browser()
    other.sign_in()
    assert bind(signed_in, idp)["Location"] == PROFILE
    assert "Bound to Acme Login." in signed_in.page(PROFILE)
    assert is_signed_in(signed_in) == user
    assert other.get(PROFILE).status_code == 302
    assert Event.objects.filter(user=user, kind="bound", detail="acme").count() == 1
    assert Delivery.objects.filter(user=user, event="security.bound").count() == 1


def test_binding_again_changes_nothing(bound, signed_in, idp):
    bind(signed_in, idp)
    assert SocialAccount.objects.count() == 1
    assert not Event.objects.filter(kind="bound").exists()


def test_one_identity_leads_into_one_account(bound, stranger, browser, idp):
    browser.sign_in("eve")
    assert bind(browser, idp)["Location"] == PROFILE
    assert "already bound to another account" in browser.page(PROFILE)
    assert SocialAccount.objects.get().user == bound


def test_a_second_identity_of_a_provider_waits_for_the_first_to_go(bound, signed_in, idp):
    idp.person = {"sub": "u-2"}
    bind(signed_in, idp)
    assert "Unbind that first" in signed_in.page(PROFILE)
    assert SocialAccount.objects.get().uid == "u-1"


@pytest.mark.req("A17")
def test_unbinding_is_mailed_noted_and_ends_other_sessions(bound, signed_in, new_browser):
    other = new_browser()
    other.sign_in()
    assert signed_in.post(f"/accounts/providers/{SocialAccount.objects.get().pk}/unbind/")["Location"] == PROFILE
    assert not SocialAccount.objects.exists()
    assert other.get(PROFILE).status_code == 302
    assert Event.objects.filter(kind="unbound").exists()
    assert Delivery.objects.filter(user=bound, event="security.unbound").count() == 1


def test_nobody_unbinds_for_another(bound, stranger, browser):
    browser.sign_in("eve")
    assert browser.post(f"/accounts/providers/{SocialAccount.objects.get().pk}/unbind/").status_code == 404
    assert SocialAccount.objects.exists()


@pytest.mark.req("G6")
@pytest.mark.parametrize("path", ["acme/sign-in/", "acme/bind/", "1/unbind/"])
def test_a_link_starts_nothing(signed_in, idp, path):
    assert signed_in.get(f"/accounts/providers/{path}").status_code == 405
    assert not Flow.objects.exists()


@pytest.mark.req("G6")
@pytest.mark.parametrize("path", ["acme/bind/", "1/unbind/"])
def test_binding_asks_who_is_there(bound, signed_in, path):
    session = signed_in.session
    del session["sudo"]
    session.save()
    path = path.replace("1", str(SocialAccount.objects.get().pk))
    answer = signed_in.post(f"/accounts/providers/{path}")
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert SocialAccount.objects.exists()
    assert not Flow.objects.exists()


@pytest.mark.req("G6")
def test_a_form_of_another_site_starts_nothing(user, idp):
    strict = Browser(enforce_csrf_checks=True)
    assert strict.post("/accounts/providers/acme/sign-in/").status_code == 403


@pytest.mark.req("G9")
def test_what_is_asked_of_a_provider_cannot_be_changed_from_outside(browser, idp):
    plain = parse_qs(urlsplit(leave(browser, "/accounts/providers/acme/sign-in/")).query)
    extra = "?scope=openid+admin&auth_params=prompt%3Dnone&redirect_uri=https://evil.example/"
    asked = parse_qs(urlsplit(leave(browser, f"/accounts/providers/acme/sign-in/{extra}", scope="all")).query)
    assert asked["scope"] == ["openid profile email"]
    assert asked.keys() == plain.keys()
    assert asked["redirect_uri"] == plain["redirect_uri"]


@pytest.mark.req("G2")
@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_provider_is_asked_with_pkce(bound, browser, idp, provider):
    url = leave(browser, f"/accounts/providers/{provider}/sign-in/")
    assert parse_qs(urlsplit(url).query)["code_challenge_method"] == ["S256"]
    come_back(browser, url, idp)
    [redeemed] = [request.form for request in idp.requests if "code_verifier" in request.form]
    assert len(redeemed["code_verifier"]) >= 43


@pytest.mark.parametrize(("mode", "status"), [("closed", 403), ("invite", 403), ("domain", 403)])
def test_sign_up_by_a_provider_keeps_to_the_policy(browser, idp, settings, group, mode, status):
    settings.SIGNUP = mode
    sign_in(browser, idp)
    assert browser.get("/accounts/providers/sign-up/").status_code == status
    assert sign_up(browser).status_code == status
    assert not User.objects.exists()


def test_a_domain_policy_holds_for_the_address_that_is_typed(browser, idp, settings, group):
    settings.SIGNUP, settings.SIGNUP_DOMAINS, settings.EMAIL_URL = "domain", ["acme.example"], "smtp://x"
    idp.person |= {"email": "ann@acme.example", "email_verified": True}
    sign_in(browser, idp)
    assert sign_up(browser, email="ann@evil.example").status_code == 422
    assert not User.objects.exists()


def test_an_invitation_is_used_by_a_provider_too(browser, idp, settings, group):
    settings.SIGNUP = "invite"
    token = _token_of(invites.invite("ann@example.com", group=group))
    assert 'name="invitation"' in browser.page(f"/accounts/signup/?invitation={token}")
    sign_in(browser, idp, invitation=token)
    assert sign_up(browser, email="other@example.com").status_code == 302
    assert User.objects.get().email == "ann@example.com", "an invitation is for its address"
    assert Invite.objects.get().used_at


def _token_of(invite: Invite) -> str:
    Invite.objects.filter(pk=invite.pk).update(digest=hashlib.sha256(b"a token").hexdigest())
    return "a token"


@pytest.mark.req("G3")
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("verified", [True, False, "true"])
def test_an_address_never_leads_into_an_account(user, browser, idp, open_house, provider, verified):
    idp.person |= {"email": user.email, "email_verified": verified}
    idp.emails = [{"email": user.email, "primary": True, "verified": verified}]
    sign_in(browser, idp, provider)
    sign_up(browser, username="mallory", email=user.email)
    assert is_signed_in(browser) is None
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 1


@pytest.mark.req("G10")
@pytest.mark.parametrize("provider", PROVIDERS)
def test_of_a_person_only_id_and_name_are_kept(user, signed_in, idp, provider):
    idp.person |= {"picture": "canary-picture", "email": "canary@example.com", "phone_number": "canary-phone"}
    bind(signed_in, idp, provider)
    kept = SocialAccount.objects.get()
    assert kept.extra_data == {"name": "ann"}
    said = str(list(signed_in.session.items())) + str(list(Flow.objects.values()))
    assert "canary" not in said
    assert not any(token in said for token in idp.issued)
