"""Whom a provider brings: people of its domains, and those for whom an operator made an account."""

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from accounts import identities, invites, provider_rules, services, start_credit
from accounts.identities import Identity
from accounts.models import StartCredit, User
from notifications.models import Delivery
from security.models import Event
from tests.security.ceremonies import register
from tests.security.visits import PROFILE, bind, is_signed_in, sign_in, sign_up
from tests.together import together
from wallet import ledger

pytestmark = pytest.mark.django_db
VERIFIED = {"sub": "u-1", "preferred_username": "ann", "email": "ann@acme.example", "email_verified": True}


@pytest.fixture
def waiting(group) -> User:
    """An account that an operator made for somebody."""
    return services.create(username="ann", email="ann@acme.example", password=None, group=group)


def ann(url: str, subject: str = "u-1") -> Identity:
    return Identity("acme", subject, "ann", url, "ann@acme.example", verified=True)


# --- domains


@pytest.mark.parametrize(
    "said",
    [
        {"email": "ann@evil.example"},
        {"email": "ann@sub.acme.example"},
        {"email": "acme.example"},
        {"email": ""},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
    ],
)
def test_who_has_no_verified_address_of_the_domains_is_not_let_in(bound, browser, idp, rule, said):
    rule(domains=("acme.example",))
    idp.person = VERIFIED | said
    answer = sign_in(browser, idp)
    assert answer.status_code == 400
    assert "verified e-mail address of acme.example" in answer.content.decode()
    assert is_signed_in(browser) is None


def test_one_address_is_not_verified_by_what_is_said_of_another(bound, browser, idp, rule):
    rule(domains=("acme.example",))
    idp.person = {"sub": "u-1", "email": "ann@acme.example"}
    idp.claims = {"email": "other@acme.example", "email_verified": True}
    assert sign_in(browser, idp).status_code == 400


def test_the_id_token_may_say_it_alone(bound, browser, idp, rule):
    rule(domains=("acme.example",))
    idp.claims = {"email": "ann@acme.example", "email_verified": True}
    sign_in(browser, idp)
    assert is_signed_in(browser) == bound


def test_who_has_one_is(bound, browser, idp, rule):
    rule(domains=("other.example", "acme.example"))
    idp.person = VERIFIED | {"email": "Ann@ACME.example"}
    sign_in(browser, idp)
    assert is_signed_in(browser) == bound


def test_nobody_else_is_bound_either(user, signed_in, idp, rule):
    rule(domains=("acme.example",))
    idp.person = VERIFIED | {"email": "ann@evil.example"}
    assert bind(signed_in, idp).status_code == 400
    assert not SocialAccount.objects.exists()


def test_an_account_is_made_with_the_verified_address_and_no_mail(browser, idp, rule, settings, group):
    settings.SIGNUP, settings.ACCOUNT_EMAIL_VERIFICATION = "open", "mandatory"
    rule(domains=("acme.example",))
    idp.person = VERIFIED
    sign_in(browser, idp)
    assert "Your provider has verified this address." in browser.page("/accounts/providers/sign-up/")
    sign_up(browser, email="other@evil.example")
    made = is_signed_in(browser)
    assert made
    assert made.email == "ann@acme.example"
    assert EmailAddress.objects.get(user=made).verified
    assert not Delivery.objects.filter(subject__contains="onfirm").exists()


def test_its_start_credit_comes_at_once(browser, idp, rule, settings, group):
    settings.SIGNUP, settings.ACCOUNT_EMAIL_VERIFICATION, settings.SIGNUP_CREDIT = "open", "mandatory", 5
    rule(domains=("acme.example",))
    idp.person = VERIFIED
    sign_in(browser, idp)
    sign_up(browser)
    assert ledger.balance(User.objects.get().pk).free == 5_000_000_000


def test_without_domains_an_address_is_verified_by_mail_like_any_other(browser, idp, settings, group):
    settings.SIGNUP, settings.ACCOUNT_EMAIL_VERIFICATION = "open", "mandatory"
    idp.person = VERIFIED
    sign_in(browser, idp)
    sign_up(browser)
    assert is_signed_in(browser) is None
    assert not EmailAddress.objects.get().verified


@pytest.mark.parametrize("mode", ["closed", "invite", "domain"])
def test_the_policy_of_sign_up_holds_beside_the_domains(browser, idp, rule, settings, group, mode):
    settings.SIGNUP, settings.SIGNUP_DOMAINS, settings.EMAIL_URL = mode, ["elsewhere.example"], "smtp://x"
    rule(domains=("acme.example",))
    idp.person = VERIFIED
    sign_in(browser, idp)
    assert sign_up(browser).status_code == {"domain": 422}.get(mode, 403)
    assert not User.objects.exists()


def test_an_invitation_keeps_its_own_address(browser, idp, rule, settings, group, monkeypatch):
    settings.SIGNUP = "invite"
    rule(domains=("acme.example",))
    idp.person = VERIFIED
    monkeypatch.setattr("accounts.invites.secrets.token_urlsafe", lambda _size: "a-token")
    invites.invite("invited@elsewhere.example", group=group)
    monkeypatch.undo()
    sign_in(browser, idp, invitation="a-token")
    sign_up(browser)
    assert User.objects.get().email == "invited@elsewhere.example"


# --- accounts that wait for their owner


def test_an_account_that_waits_goes_to_whom_the_provider_vouches_for(waiting, browser, idp, rule):
    rule(premade=True)
    idp.person = VERIFIED
    sign_in(browser, idp)
    assert is_signed_in(browser) == waiting
    assert identities.made_by(waiting, "acme")
    assert Event.objects.filter(user=waiting, kind="bound", detail="acme").count() == 1


def test_it_is_claimed_once(waiting, browser, new_browser, idp, rule):
    rule(premade=True)
    idp.person = VERIFIED
    sign_in(browser, idp)
    idp.person = VERIFIED | {"sub": "u-2"}
    another = new_browser()
    assert sign_in(another, idp)["Location"] == "/accounts/providers/sign-up/"
    assert is_signed_in(another) is None
    assert SocialAccount.objects.get().uid == "u-1"


@pytest.mark.req("G3")
def test_without_leave_of_the_operator_it_is_not(waiting, browser, idp):
    idp.person = VERIFIED
    assert sign_in(browser, idp)["Location"] == "/accounts/providers/sign-up/"
    assert not SocialAccount.objects.exists()


@pytest.mark.req("G3")
@pytest.mark.parametrize("said", [{"email_verified": False}, {"email_verified": "true"}, {"email": "a@acme.example"}])
def test_nor_without_the_verified_address(waiting, browser, idp, rule, said):
    rule(premade=True)
    idp.person = VERIFIED | said
    sign_in(browser, idp)
    assert is_signed_in(browser) is None
    assert not SocialAccount.objects.exists()


@pytest.mark.req("G3")
def test_github_claims_nothing(waiting, browser, idp, rule):
    rule(premade=True)
    idp.person = {"sub": 77, "preferred_username": "ann"}
    idp.emails = [{"email": "ann@acme.example", "primary": True, "verified": True}]
    sign_in(browser, idp, "github")
    assert not SocialAccount.objects.exists()


def has_password(user: User, _key) -> None:
    user.set_password("a long passphrase of ann")


def has_signed_in(user: User, _key) -> None:
    user.last_login = timezone.now()


def has_passkey(user: User, key) -> None:
    register(user, key)


def is_bound(user: User, _key) -> None:
    SocialAccount.objects.create(user=user, provider="gone", uid="1")


def is_disabled(user: User, _key) -> None:
    user.is_active = False


def is_administrator(user: User, _key) -> None:
    user.is_staff = user.is_superuser = True


def is_unverified(user: User, _key) -> None:
    EmailAddress.objects.filter(user=user).update(verified=False)


@pytest.mark.req("G3")
@pytest.mark.parametrize(
    "touch", [has_password, has_signed_in, has_passkey, is_bound, is_disabled, is_administrator, is_unverified]
)
def test_an_account_that_is_somebodys_already_is_not_claimed(waiting, browser, idp, rule, key, touch):
    rule(premade=True)
    touch(waiting, key)
    waiting.save()
    idp.person = VERIFIED
    sign_in(browser, idp)
    assert is_signed_in(browser) is None
    assert not SocialAccount.objects.filter(provider="acme").exists()


@pytest.mark.req("G3", "G8")
@pytest.mark.django_db(transaction=True)
def test_of_twenty_that_claim_at_once_one_gets_it(waiting, idp, rule):
    rule(premade=True)

    def attempt(number: int) -> bool:
        return provider_rules.enter(ann(idp.url, f"u-{number}")) is not None

    assert together(20, attempt).count(True) == 1
    assert SocialAccount.objects.count() == 1


def test_who_claims_keeps_to_the_one_way_in(waiting, browser, idp, rule):
    rule(premade=True, only=True)
    idp.person = VERIFIED
    sign_in(browser, idp)
    assert "your account signs in by Acme Login alone" in browser.page(PROFILE)


def test_start_credit_of_a_mailbox_is_not_given_again_to_its_identity(user, stranger, idp, settings, monkeypatch):
    given: list[int] = []
    monkeypatch.setattr("accounts.ports.opened", lambda _user, amount: given.append(amount))
    settings.SIGNUP_CREDIT = 5
    identities.keep(user, ann(idp.url), made=True)
    assert start_credit.give(user)
    identities.keep(stranger, ann(idp.url, "u-2"), made=True)
    User.objects.filter(pk=stranger.pk).update(email="mei+again@example.com")
    stranger.refresh_from_db()
    assert not start_credit.give(stranger), "another identity, the same mailbox"
    assert given == [5_000_000_000]
    assert StartCredit.objects.count() == 3
