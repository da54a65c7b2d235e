"""Who gets in under /api: the owner of a good access token, by one header, and nobody else."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from common import secretkeys
from gateway import keyring, keys
from security import tokens
from tests.api.conftest import Program, error, program

START = timezone.now()


def bad_tokens(user) -> dict[str, str]:
    """Return one secret for each cause of a 401."""
    gone, revoked = tokens.make(user, name="gone", scopes=["read"])
    tokens.revoke(gone)
    late, expired = tokens.make(user, name="late", scopes=["read"])
    late.expires_at = timezone.now() - timedelta(seconds=1)
    late.save()
    disabled = User.objects.create_user("off", "off@example.com", group=user.group)
    dead = tokens.make(disabled, name="dead", scopes=["read"])[1]
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    good = tokens.make(user, name="good", scopes=["read"])[1]
    return {
        "missing": "",
        "malformed": "abc",
        "wrong checksum": good[:-1] + ("a" if good[-1] != "a" else "b"),
        "unknown": secretkeys.mint(secretkeys.ACCESS_TOKEN),
        "revoked": revoked,
        "expired": expired,
        "owner disabled": dead,
        "API key": keys.mint(user, "laptop")[1],
        "token in quotes": f'"{good}"',
        "token twice": f"{good},{good}",
        "token with a space before": f" {good}",
        "long": "tgat-" + "x" * 7_000,
    }


@pytest.mark.req("H6")
def test_every_cause_of_a_401_has_the_same_answer(user):
    answers = {cause: Program(secret).get("/account") for cause, secret in bad_tokens(user).items()}
    assert {cause: answer.status_code for cause, answer in answers.items() if answer.status_code != 401} == {}
    assert len({answer.content for answer in answers.values()}) == 1
    answer = answers["missing"]
    assert error(answer)["code"] == "invalid_api_key"
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.req("H1")
def test_a_wrong_checksum_is_refused_without_a_query(api, django_assert_num_queries):
    wrong = Program(api.secret[:-1] + ("a" if api.secret[-1] != "a" else "b"))
    with django_assert_num_queries(0):
        assert wrong.get("/account", Cookie="sessionid=abc").status_code == 401
        assert Program("").get("/account").status_code == 401
        assert Program("sk-tg-" + "0" * 38).get("/account").status_code == 401


@pytest.mark.req("H4")
def test_a_revoked_token_is_refused_by_the_next_call(user, api):
    assert api.get("/account").status_code == 200
    tokens.revoke(user.access_tokens.get())
    assert api.get("/account").status_code == 401


@pytest.mark.req("H4")
@pytest.mark.django_db(transaction=True)
def test_a_token_is_dead_for_every_process_once_it_is_revoked(user, api):
    """Nothing is kept in memory: whoever asks, asks the database."""
    assert api.get("/account").status_code == 200
    user.access_tokens.all().delete()  # as another process does it
    assert api.get("/account").status_code == 401


@pytest.mark.req("H5")
@pytest.mark.parametrize("name", ["key", "token", "access_token", "api_key", "Authorization"])
def test_a_token_in_the_address_opens_nothing(api, name):
    assert Program("").get(f"/account?{name}={api.secret}").status_code == 401


@pytest.mark.req("H10")
def test_only_one_header_counts(api, user):
    mine, key = api.secret, keys.mint(user, "laptop")[1]
    mixes = {
        "bearer alone": ({"Authorization": f"Bearer {mine}"}, 200),
        "in small letters": ({"Authorization": f"bearer {mine}"}, 200),
        "beside another x-api-key": ({"Authorization": f"Bearer {mine}", "x-api-key": key}, 200),
        "as x-api-key": ({"x-api-key": mine}, 401),
        "as basic": ({"Authorization": f"Basic {mine}"}, 401),
        "without a scheme": ({"Authorization": mine}, 401),
        "key before token": ({"Authorization": f"Bearer {key}", "x-api-key": mine}, 401),
        "two in one header": ({"Authorization": f"Bearer {mine}, Bearer {mine}"}, 401),
    }
    found = {mix: Client().get("/api/account", headers=headers).status_code for mix, (headers, _) in mixes.items()}
    assert found == {mix: status for mix, (_, status) in mixes.items()}


@pytest.mark.req("H10", "C5")
def test_a_session_opens_nothing_and_changes_nothing(user, other, api):
    browser = Client()
    browser.force_login(user)
    assert browser.get("/overview/").status_code == 200
    assert browser.get("/api/account").status_code == 401
    assert browser.post("/api/keys", {"name": "x"}, content_type="application/json").status_code == 401
    assert not user.api_keys.exists()
    theirs = browser.get("/api/account", headers={"Authorization": f"Bearer {program(other).secret}"})
    assert theirs.json()["username"] == "lin"


def test_no_answer_sets_a_cookie(api):
    answers = [api.get("/account"), Program("").get("/account"), api.get("/nowhere"), api.get("/openapi.json")]
    assert [answer.cookies.output() for answer in answers] == [""] * 4


@pytest.mark.req("I8")
def test_no_answer_lets_a_foreign_page_read_it(api):
    for answer in (
        api.get("/account", Origin="https://evil.example"),
        api("OPTIONS", "/account", Origin="https://evil.example", **{"Access-Control-Request-Method": "GET"}),
        Program("").get("/openapi.json", Origin="https://evil.example"),
    ):
        assert [name for name in answer.headers if name.lower().startswith("access-control")] == []


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        (["read"], {"GET /account": 200, "GET /keys": 200, "POST /keys": 403}),
        (["write"], {"GET /account": 403, "GET /keys": 403, "POST /keys": 403}),
        (["keys"], {"GET /account": 403, "GET /keys": 200, "POST /keys": 201}),
    ],
    ids=["read", "write", "keys"],
)
def test_a_scope_opens_its_own_calls(user, scopes, status):
    mine = program(user, scopes)
    found = {}
    for call in status:
        method, path = call.split()
        found[call] = mine(method, path, {"name": "laptop"} if method == "POST" else None).status_code
    assert found == status


def test_a_missing_scope_is_named(user):
    refused = error(program(user, ["read"]).post("/keys", {"name": "laptop"}))
    assert refused["code"] == "insufficient_scope"
    assert "keys" in refused["message"]


@pytest.mark.req("H9")
def test_unknown_tokens_are_limited_and_good_ones_go_on_working(api):
    with time_machine.travel(START, tick=False) as clock:
        stranger = Program(secretkeys.mint(secretkeys.ACCESS_TOKEN))
        statuses = [stranger.get("/account").status_code for _ in range(62)]
        assert statuses == [401] * 60 + [429] * 2
        answer = stranger.get("/account")
        assert error(answer)["code"] == "rate_limit_exceeded"
        assert 0 < int(answer["Retry-After"]) <= 60
        assert api.get("/account").status_code == 200
        clock.shift(timedelta(seconds=60))
        assert stranger.get("/account").status_code == 401


@pytest.mark.req("H2", "I19")
def test_no_log_line_holds_a_token(api, caplog):
    caplog.set_level("DEBUG")
    api.get("/account")
    api.get("/nowhere")
    api.post("/keys", b"{")
    Program(secretkeys.mint(secretkeys.ACCESS_TOKEN)).get("/account")
    assert "tgat-" not in caplog.text


@pytest.mark.req("C5")
def test_an_access_token_is_no_key_of_v1(api):
    """Keys of other systems may look like anything, but not like this: nobody is asked about it."""
    assert not keyring.well_formed(api.secret)
