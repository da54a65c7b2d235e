"""Group, administrators and second factors by the word of a provider, anew at every sign-in."""

import pytest

from accounts import identities, provider_rules, services
from accounts.identities import Identity
from accounts.models import Group, User
from common import version
from security import factors
from security.models import Event, SecurityPolicy, Session
from tests.second_factor import enroll
from tests.security.visits import PROFILE, is_signed_in, sign_in, sign_up
from tests.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(social) -> User:
    """An account that the provider made."""
    account = identities.of(social)[0]
    account.extra_data["made"] = True
    account.save()
    return social


@pytest.fixture
def gold() -> Group:
    return Group.objects.create(name="gold")


def stored(user: User) -> User:
    return User.objects.get(pk=user.pk)


# --- groups


def test_the_first_group_that_there_is_counts(made, browser, idp, rule, gold):
    rule(group_claim="groups")
    Group.objects.create(name="silver")
    idp.person["groups"] = ["platinum", "gold", "silver"]
    sign_in(browser, idp)
    assert stored(made).group == gold
    assert Event.objects.get(kind="rights-changed").detail == "Acme Login: group: default → gold"


@pytest.mark.parametrize("groups", [["platinum"], [], None, {"gold": 1}, "Gold"])
def test_who_is_in_none_goes_back_to_the_default_one(made, browser, idp, rule, gold, groups):
    rule(group_claim="groups")
    made.group = gold
    made.save()
    idp.person["groups"] = groups
    sign_in(browser, idp)
    assert stored(made).group == services.default_group()


def test_a_new_account_is_in_it_from_the_first(browser, idp, rule, settings, group, gold):
    settings.SIGNUP = "open"
    rule(group_claim="groups", staff_claim="role", staff_value="admin")
    idp.person |= {"groups": ["gold"], "role": ["admin"]}
    sign_in(browser, idp)
    sign_up(browser)
    new = is_signed_in(browser)
    assert new
    assert (new.group, new.is_staff, new.is_superuser) == (gold, True, True)


def test_workers_hear_of_it(made, browser, idp, rule, gold):
    rule(group_claim="groups")
    idp.person["groups"] = "gold"
    before = version.current()
    sign_in(browser, idp)
    assert version.current() > before


def test_nothing_new_is_nothing_to_tell(made, browser, new_browser, idp, rule, gold):
    rule(group_claim="groups")
    idp.person["groups"] = "gold"
    sign_in(browser, idp)
    before = version.current()
    sign_in(new_browser(), idp)
    assert version.current() == before
    assert Event.objects.filter(kind="rights-changed").count() == 1


def test_an_account_that_was_made_here_keeps_its_rights(bound, admin, browser, idp, rule, gold):
    rule(group_claim="groups", staff_claim="role")
    idp.person |= {"groups": "gold", "role": True}
    sign_in(browser, idp)
    assert is_signed_in(browser) == bound
    assert (stored(bound).group.name, stored(bound).is_staff) == ("default", False)


# --- administrators


def test_the_claim_makes_an_administrator_and_takes_it_back(made, admin, new_browser, idp, rule):
    rule(staff_claim="role", staff_value="admin")
    idp.person["role"] = ["admin", "dev"]
    sign_in(new_browser(), idp)
    assert (stored(made).is_staff, stored(made).is_superuser) == (True, True)
    idp.person["role"] = ["dev"]
    sign_in(new_browser(), idp)
    assert (stored(made).is_staff, stored(made).is_superuser) == (False, False)
    details = list(Event.objects.filter(kind="rights-changed").order_by("pk").values_list("detail", flat=True))
    assert details == [
        "Acme Login: staff: no → yes; superuser: no → yes",
        "Acme Login: staff: yes → no; superuser: yes → no",
    ]


def test_other_sessions_end_with_the_rights(made, admin, browser, new_browser, idp, rule):
    rule(staff_claim="role")
    sign_in(new_browser(), idp)
    before = set(Session.objects.values_list("pk", flat=True))
    idp.person["role"] = True
    sign_in(browser, idp)
    assert is_signed_in(browser) == made
    assert not before & set(Session.objects.filter(user=made).values_list("pk", flat=True))


@pytest.mark.req("A16")
def test_the_administration_asks_an_administrator_of_the_claim_for_a_factor_here(made, admin, browser, idp, rule):
    rule(staff_claim="role", mfa=("otp",))
    idp.person["role"] = True
    idp.claims = {"amr": ["pwd", "otp"]}
    sign_in(browser, idp)
    assert browser.get("/admin/").status_code == 302


def test_the_last_administrator_stays_one(made, browser, idp, rule):
    rule(staff_claim="role", staff_value="admin")
    User.objects.filter(pk=made.pk).update(is_staff=True, is_superuser=True)
    sign_in(browser, idp)
    assert is_signed_in(browser) == made
    assert stored(made).is_superuser
    assert not Event.objects.filter(kind="rights-changed").exists()


@pytest.mark.django_db(transaction=True)
def test_of_the_last_two_administrators_one_stays(made, stranger, idp, rule):
    identities.keep(stranger, Identity("acme", "u-2", "eve", idp.url), made=True)
    rule(staff_claim="role")
    User.objects.update(is_staff=True, is_superuser=True)

    def attempt(number: int) -> bool:
        subject = f"u-{number % 2 + 1}"
        return provider_rules.enter(Identity("acme", subject, "x", idp.url)) is not None

    assert together(8, attempt) == [True] * 8
    assert User.objects.filter(services.ADMINISTRATORS).count() == 1


# --- second factors


@pytest.mark.req("A16")
@pytest.mark.parametrize("said", [{"amr": ["pwd", "otp"]}, {"acr": "otp"}])
def test_a_factor_given_there_stands_for_the_one_of_the_sign_in(made, browser, idp, rule, said):
    rule(mfa=("otp", "hwk"))
    enroll(made)
    idp.claims = said
    sign_in(browser, idp)
    assert is_signed_in(browser) == made
    assert browser.get(PROFILE).status_code == 200


@pytest.mark.req("A16")
@pytest.mark.parametrize(
    ("mfa", "said"), [((), {"amr": ["otp"]}), (("otp",), {"amr": ["pwd"]}), (("otp",), {}), (("otp",), {"amr": 7})]
)
def test_without_trust_or_proof_the_code_is_asked_for(made, browser, idp, rule, mfa, said):
    rule(mfa=mfa)
    enroll(made)
    idp.claims = said
    assert sign_in(browser, idp)["Location"] == "/accounts/login/second-factor/"
    assert is_signed_in(browser) is None


@pytest.mark.req("A16")
def test_what_the_provider_says_beside_the_signed_token_is_no_proof(made, browser, idp, rule):
    rule(mfa=("otp",))
    enroll(made)
    idp.userinfo = {"amr": ["otp"]}
    assert sign_in(browser, idp)["Location"] == "/accounts/login/second-factor/"


@pytest.mark.req("A16", "C2")
def test_it_opens_neither_what_matters_nor_what_the_operator_demands_a_factor_for(made, browser, idp, rule):
    rule(mfa=("otp",))
    enroll(made)
    idp.claims = {"amr": ["otp"]}
    sign_in(browser, idp)
    assert browser.get("/accounts/email/")["Location"].startswith("/accounts/reauthenticate/code/")
    assert confirm_refused(browser, idp)
    SecurityPolicy.objects.create(second_factor=SecurityPolicy.Required.EVERYONE, grace_days=0)
    assert browser.get(PROFILE)["Location"].startswith("/accounts/reauthenticate/code/")
    assert factors.enabled(made)


def confirm_refused(browser, idp) -> bool:
    """Return whether the page that confirms by the provider leads elsewhere."""
    return browser.post("/accounts/reauthenticate/provider/", {"provider": "acme"}).status_code == 302


def test_the_next_sign_in_by_another_way_asks_again(made, browser, new_browser, idp, rule):
    rule(mfa=("otp",))
    enroll(made)
    idp.claims = {"amr": ["otp"]}
    sign_in(browser, idp)
    made.set_password("a long passphrase of mei")
    made.save()
    other = new_browser()
    assert other.sign_in("mei", "a long passphrase of mei")["Location"] == "/accounts/login/second-factor/"
