"""Visits to a provider: the state that brings a browser back, and providers that lie, dawdle or are gone."""

import html
import re
import socket
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from common import outbound
from security import flows
from security.models import Flow
from tests.peers.identity_provider import CLIENT, SECRET, IdentityProvider
from tests.peers.upstream import Upstream
from tests.security.visits import PROFILE, bind, come_back, is_signed_in, leave, sign_in

pytestmark = pytest.mark.django_db
START, BACK = "/accounts/providers/acme/sign-in/", "/accounts/providers/acme/callback/"
CANARY = "the words of a provider"
METADATA, KEYS = "/.well-known/openid-configuration", "/keys"


def asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.mark.req("G1")
def test_a_state_has_256_bits_and_is_stored_as_a_digest(browser, idp):
    states = {asked(leave(browser, START))["state"] for _ in range(3)}
    assert len(states) == 3
    assert all(len(state) == 43 for state in states)
    assert not any(state in str(list(Flow.objects.values())) for state in states)


@pytest.mark.req("G1")
def test_a_state_works_once(bound, browser, new_browser, idp):
    url = leave(browser, START)
    code, state = idp.authorize(url)
    assert browser.get(BACK, {"code": code, "state": state}).status_code == 302
    code, _ = idp.authorize(url)
    browser.post("/accounts/logout/")
    assert browser.get(BACK, {"code": code, "state": state}).status_code == 400
    assert is_signed_in(browser) is None


@pytest.mark.req("G1")
def test_a_failed_visit_uses_its_state_up_too(bound, browser, idp):
    url = leave(browser, START)
    state = asked(url)["state"]
    assert browser.get(BACK, {"code": "wrong", "state": state}).status_code == 400
    assert come_back(browser, url, idp).status_code == 400


@pytest.mark.req("G1")
def test_another_browser_cannot_come_back(bound, browser, new_browser, idp):
    url = leave(browser, START)
    victim = new_browser()
    leave(victim, START)
    assert come_back(victim, url, idp).status_code == 400
    assert is_signed_in(victim) is None


@pytest.mark.req("G1")
def test_a_visit_of_nobody_binds_nothing_to_who_signs_in_meanwhile(user, browser, idp):
    url = leave(browser, START)
    browser.sign_in()
    assert come_back(browser, url, idp).status_code == 400
    assert not SocialAccount.objects.exists()


@pytest.mark.req("G1")
def test_a_visit_lasts_ten_minutes(bound, browser, idp):
    url = leave(browser, START)
    late = timezone.now() - timedelta(seconds=1)
    assert timezone.now() + flows.AGE - Flow.objects.get().expires_at < timedelta(seconds=5)
    Flow.objects.update(expires_at=late)
    assert come_back(browser, url, idp).status_code == 400
    assert flows.prune() == 1


@pytest.mark.req("G1")
@pytest.mark.parametrize("query", [{}, {"state": ""}, {"state": "x\x00"}, {"code": "c"}, {"state": "é" * 5000}])
def test_who_never_left_cannot_come_back(browser, idp, query):
    assert browser.get(BACK, query).status_code == 400


@pytest.mark.req("G5")
def test_the_code_of_one_provider_is_refused_at_another(bound, browser, idp, settings):
    with IdentityProvider(person={"sub": "u-1"}) as evil:
        settings.PROVIDERS = [
            *settings.PROVIDERS,
            {"id": "evil", "name": "E", "url": evil.url, "client_id": CLIENT, "client_secret": SECRET},
        ]
        code, state = idp.authorize(leave(browser, START))
        assert browser.get("/accounts/providers/evil/callback/", {"code": code, "state": state}).status_code == 400
        assert not [request for request in evil.requests if request.path == "/token"], "the code went elsewhere"
        _, state = evil.authorize(leave(browser, "/accounts/providers/evil/sign-in/"))
        assert browser.get(BACK, {"code": code, "state": state}).status_code == 400
    assert is_signed_in(browser) is None


@pytest.mark.req("G5")
def test_who_comes_back_from_another_issuer_is_refused(bound, browser, idp):
    assert come_back(browser, leave(browser, START), idp, iss="https://evil.example").status_code == 400
    assert come_back(browser, leave(browser, START), idp, iss=idp.url).status_code == 302


@pytest.mark.req("G5")
def test_an_issuer_that_names_itself_must(bound, browser, idp):
    idp.metadata = {"authorization_response_iss_parameter_supported": True}
    assert sign_in(browser, idp).status_code == 400


def test_a_person_who_declines_is_told_so(browser, idp):
    state = asked(leave(browser, START))["state"]
    answer = browser.get(BACK, {"error": "access_denied", "error_description": "<b>canary</b>", "state": state})
    assert answer.status_code == 400
    assert "did not let you through" in answer.content.decode()
    assert "canary<" not in html.unescape(answer.content.decode()), "the provider's words are not shown"


def test_a_provider_that_is_not_there_is_not_found(browser, idp):
    assert browser.post("/accounts/providers/nobody/sign-in/").status_code == 404
    assert browser.get("/accounts/providers/nobody/callback/").status_code == 404


def test_too_many_visits_are_refused(browser, idp):
    answers = [browser.get(f"{BACK}?state=x").status_code for _ in range(61)]
    assert answers == [400] * 60 + [429]
    assert browser.post(START).status_code == 429


def body(status: int, content: bytes, kind: str = "application/json"):
    return lambda handler: handler.send(status, content, kind)


def redirecting(handler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "http://127.0.0.1:9/")
    handler.end_headers()


NONSENSE = {
    "HTML": body(200, f"<html>{CANARY}</html>".encode(), "text/html"),
    "error": body(500, b"{}"),
    "10 MB": body(200, b'{"a": "' + b"x" * 10_000_000 + b'"}'),
    "array": body(200, b"[]"),
    "text": body(200, b'"true"'),
    "empty": body(200, b""),
    "names twice": body(200, b'{"issuer": "a", "issuer": "b"}'),
    "redirect": redirecting,
    "closed": lambda handler: handler.connection.shutdown(socket.SHUT_RDWR),
}


@pytest.mark.req("G11", "J3", "J5", "J6")
@pytest.mark.parametrize("path", [METADATA, KEYS, "/token", "/userinfo"])
@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_told_of_and_changes_nothing(bound, browser, idp, path, nonsense):
    url = leave(browser, START)
    idp.answers[path] = NONSENSE[nonsense]
    answer = come_back(browser, url, idp)
    assert answer.status_code in {400, 424}
    assert "Nothing came of Acme Login" in answer.content.decode()
    assert CANARY not in answer.content.decode(), "what it said is not shown"
    assert is_signed_in(browser) is None


@pytest.mark.req("G11")
@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": 7},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
        {"userinfo_endpoint": "gopher://x"},
        {"authorization_endpoint": 'http://x/"><script>'},
    ],
)
def test_an_issuer_that_publishes_nonsense_leads_nowhere(browser, idp, metadata):
    idp.metadata = metadata
    answer = browser.post(START)
    if answer.status_code == 200:
        assert "<script>" not in answer.content.decode()
    else:
        assert answer.status_code == 424


@pytest.mark.req("G11")
def test_true_as_text_is_not_true(browser, idp):
    idp.metadata = {"authorization_response_iss_parameter_supported": "true"}
    idp.person = {"sub": "u-9", "email": "ann@example.com", "email_verified": "true"}
    assert sign_in(browser, idp)["Location"] == "/accounts/providers/sign-up/"


@pytest.mark.req("G11")
def test_a_provider_that_is_down_is_told_of(browser, idp, settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings.PROVIDERS[1]["url"] = f"http://127.0.0.1:{port}"
    assert browser.post(START).status_code == 424


@pytest.mark.req("G11", "J5")
def test_a_slow_provider_is_waited_for_no_longer_than_one_deadline(bound, browser, idp, monkeypatch):
    monkeypatch.setattr(outbound, "DEADLINE", 1.0)
    url = leave(browser, START)

    def drip(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        try:
            for _ in range(60):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.1)  # it is the provider that dawdles
        except OSError:
            pass

    idp.answers["/token"] = drip
    began = time.monotonic()
    assert come_back(browser, url, idp).status_code == 424
    assert time.monotonic() - began < 3


@pytest.mark.req("J6")
def test_nothing_is_sent_to_a_provider_beside_what_it_needs(bound, browser, idp):
    sign_in(browser, idp)
    assert {request.cookie for request in idp.requests} == {""}
    told = [request for request in idp.requests if SECRET in str(request.form)]
    assert not told, "the secret goes as HTTP Basic where the provider takes that"


@pytest.mark.req("J7")
def test_a_provider_whose_certificate_nobody_vouches_for_is_not_talked_to(browser, idp, settings):
    with Upstream(tls=True) as impostor:
        settings.PROVIDERS[1]["url"] = impostor.url
        assert browser.post(START).status_code == 424
        assert not impostor.requests


def test_a_private_provider_must_be_allowed(browser, idp, settings):
    settings.OUTBOUND_ALLOW = []
    assert browser.post(START).status_code == 424
    assert not idp.requests


def test_the_page_that_sends_on_has_a_link_and_no_script(browser, idp):
    page = browser.post(START)
    assert page["Referrer-Policy"] == "same-origin"
    found = re.search(r'<a class="btn pri" href="([^"]+)"', page.content.decode())
    assert found
    assert found[1].startswith(idp.url)


def test_a_name_is_text_on_the_profile(user, signed_in, idp):
    idp.person = {"sub": "u-1", "preferred_username": "<script>alert(1)</script>"}
    bind(signed_in, idp)
    assert "&lt;script&gt;alert(1)" in signed_in.page(PROFILE)
