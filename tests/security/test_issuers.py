"""The id of a provider belongs to one issuer: another one under it would sign in as whoever is bound to the first."""

import io
import json

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.management import CommandError, call_command
from typer import Abort

from accounts import identities, providers
from accounts.identities import Identity
from accounts.models import Issuer
from console import doctor
from security import ways
from tests.peers.identity_provider import SECRET, IdentityProvider
from tests.security.visits import PROFILE, is_signed_in, leave, sign_in, sign_up
from tests.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def moved(bound, settings):
    """Another provider, in the place of the one that `user` is bound to; it has a person of the same subject."""
    with IdentityProvider(person={"sub": "u-1", "preferred_username": "mallory"}) as another:
        settings.PROVIDERS = [listed | {"url": another.url} for listed in settings.PROVIDERS]
        yield another


@pytest.mark.req("G3")
def test_another_issuer_under_an_old_id_signs_nobody_in(moved, browser):
    assert browser.post("/accounts/providers/acme/sign-in/").status_code == 404
    assert browser.get("/accounts/providers/acme/callback/?code=x&state=y").status_code == 404
    assert "Continue with Acme Login" not in browser.page("/accounts/login/")
    assert moved.requests == []


@pytest.mark.req("G3")
def test_a_visit_that_began_before_ends_nowhere(bound, browser, idp, settings):
    url = leave(browser, "/accounts/providers/acme/sign-in/")
    code, state = idp.authorize(url)
    settings.PROVIDERS = [listed | {"url": "https://other.example"} for listed in settings.PROVIDERS]
    assert browser.get("/accounts/providers/acme/callback/", {"code": code, "state": state}).status_code == 404
    assert is_signed_in(browser) is None


@pytest.mark.req("G3")
def test_a_sign_up_of_the_old_issuer_is_not_finished_at_the_new_one(browser, idp, settings, group):
    settings.SIGNUP = "open"
    sign_in(browser, idp)
    settings.PROVIDERS = [listed | {"url": "https://other.example"} for listed in settings.PROVIDERS]
    assert sign_up(browser)["Location"] == "/accounts/login/"
    assert not SocialAccount.objects.exists()


def test_an_id_that_nobody_is_bound_to_may_move(browser, settings, idp):
    settings.PROVIDERS = [listed | {"url": "https://other.example"} for listed in settings.PROVIDERS]
    assert [found.url for found in providers.enabled()] == ["https://other.example"] * 2


@pytest.mark.req("G3")
@pytest.mark.usefixtures("moved")
def test_the_old_binding_is_no_way_in_and_can_be_taken_away(user, signed_in):
    assert ways.count(user, lock=False) == 1, "the password"
    assert "Unbind acme" in signed_in.page(PROFILE)


@pytest.mark.req("G3")
@pytest.mark.usefixtures("moved")
def test_nothing_is_bound_at_a_new_issuer(stranger):
    with pytest.raises(providers.Unknown):
        identities.bind(stranger, Identity("acme", "u-9", "eve", "https://other.example"), session_key=None)
    assert SocialAccount.objects.count() == 1


@pytest.mark.usefixtures("moved")
def test_the_doctor_says_what_is_wrong():
    found = doctor.identity_providers()
    assert (found.state, "acme" in found.words) == ("broken", True)


def test_the_doctor_names_those_that_work(idp):
    found = doctor.identity_providers()
    assert (found.state, found.words) == ("ok", "github, acme.")


def test_a_provider_that_moved_house_keeps_its_people_at_the_operators_word(moved, user, browser):
    call_command("provider", "move", "acme", "--yes")
    sign_in(browser, moved)
    assert is_signed_in(browser) == user


@pytest.mark.parametrize(("provider", "why"), [("acme", "already"), ("nobody", "No provider")])
def test_nothing_else_moves(bound, capsys, provider, why):
    with pytest.raises(CommandError):
        call_command("provider", "move", provider, "--yes")
    assert why in capsys.readouterr().err


@pytest.mark.req("G3")
def test_nothing_moves_unasked(moved, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    with pytest.raises((CommandError, Abort)):
        call_command("provider", "move", "acme")
    assert providers.displaced()


def test_providers_are_listed_without_their_secrets(moved, capsys):
    call_command("provider", "list")
    assert f"acme  {moved.url}  1 accounts  off" in capsys.readouterr().out
    call_command("provider", "list", "--json")
    said = capsys.readouterr().out
    assert [row["accounts"] for row in json.loads(said)] == [0, 1]
    assert SECRET not in said


@pytest.mark.req("G3")
@pytest.mark.django_db(transaction=True)
def test_of_twenty_issuers_at_once_an_id_gets_one():
    def attempt(number: int) -> bool:
        try:
            providers.settle("acme", f"https://{number}.example")
        except providers.Unknown:
            return False
        return True

    assert together(20, attempt).count(True) == 1
    assert Issuer.objects.count() == 1
