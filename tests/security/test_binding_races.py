"""Bindings under races and at their ends: one owner for an identity, one way in that stays, credit once."""

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts import identities, ports, services, start_credit
from accounts.identities import Identity
from accounts.models import StartCredit, User
from security import ways
from tests.security.ceremonies import register
from tests.security.visits import PROFILE, confirm, sign_in
from tests.together import together

ISSUER = "https://id.acme.example"
ANN = Identity("acme", "u-1", "ann", ISSUER)


@pytest.mark.req("G8")
@pytest.mark.django_db(transaction=True)
def test_of_twenty_that_bind_one_identity_one_does(user, stranger):
    def attempt(number: int) -> str:
        try:
            identities.bind((user, stranger)[number % 2], ANN, session_key=None)
        except identities.BoundElsewhere:
            return "elsewhere"
        return "bound"

    said = together(20, attempt)
    kept = SocialAccount.objects.get()
    assert set(said) == {"bound", "elsewhere"}
    assert said.count("elsewhere") == 10
    assert kept.user_id in {user.pk, stranger.pk}


@pytest.mark.req("G8")
@pytest.mark.django_db(transaction=True)
def test_of_twenty_identities_of_a_provider_one_is_bound(user):
    def attempt(number: int) -> bool:
        try:
            identities.bind(user, Identity("acme", f"u-{number}", "ann", ISSUER), session_key=None)
        except identities.AlreadyBound:
            return False
        return True

    assert together(20, attempt).count(True) == 1
    assert SocialAccount.objects.count() == 1


@pytest.mark.req("G7")
@pytest.mark.django_db(transaction=True)
def test_of_two_unbound_at_once_one_stays(social, idp):
    identities.keep(social, Identity("github", "77", "ann", idp.url))
    rows = list(SocialAccount.objects.order_by("pk"))

    def attempt(number: int) -> bool:
        try:
            identities.unbind(social, rows[number].pk, session_key=None)
        except identities.LastWayIn:
            return False
        return True

    assert sorted(together(2, attempt)) == [False, True]
    assert SocialAccount.objects.count() == 1


@pytest.mark.req("G7")
@pytest.mark.django_db
def test_the_last_way_in_stays_bound(social):
    with pytest.raises(identities.LastWayIn):
        identities.unbind(social, SocialAccount.objects.get().pk, session_key=None)
    assert SocialAccount.objects.exists()


@pytest.mark.req("G7")
@pytest.mark.django_db
def test_a_passkey_is_another_way_in(social, key):
    register(social, key)
    identities.unbind(social, SocialAccount.objects.get().pk, session_key=None)
    assert not SocialAccount.objects.exists()


@pytest.mark.req("G7")
@pytest.mark.django_db
def test_a_provider_that_is_switched_off_is_no_way_in(social, settings):
    assert ways.count(social) == 1
    identities.keep(social, Identity("gone", "1", "ann", ISSUER))
    assert ways.count(social) == 1
    settings.PROVIDERS = []
    assert ways.count(social) == 0


@pytest.mark.req("G7")
@pytest.mark.django_db
def test_the_page_says_why_the_last_way_in_stays(social, browser, idp):
    sign_in(browser, idp)
    confirm(browser, idp)
    browser.post(f"/accounts/providers/{SocialAccount.objects.get().pk}/unbind/")
    assert "the last way into your account" in browser.page(PROFILE)


@pytest.mark.django_db
def test_a_binding_goes_with_its_account(bound):
    services.delete(bound)
    assert not SocialAccount.objects.exists()


@pytest.mark.django_db
def test_start_credit_is_given_once_to_an_identity(user, stranger, settings, monkeypatch):
    given = []
    monkeypatch.setattr(ports, "opened", lambda account, amount: given.append((account, amount)))
    settings.SIGNUP_CREDIT = 5
    identities.keep(user, ANN)
    assert start_credit.give(user)
    services.delete(user)
    identities.keep(stranger, ANN)
    assert not start_credit.give(stranger), "another address, the same person at the provider"
    assert [amount for _, amount in given] == [5_000_000_000]
    assert "u-1" not in str(list(StartCredit.objects.values()))
    assert User.objects.filter(pk=stranger.pk).exists()
