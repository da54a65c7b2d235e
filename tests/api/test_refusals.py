"""How /api says no: one shape, whatever went wrong."""

import logging

import pytest
from django.db import OperationalError

from accounts import services as accounts
from tests.api.conftest import Program, error
from tests.gateway.malformed import MALFORMED
from wallet import ledger


def test_an_unknown_path_is_refused_in_the_same_shape(api):
    for path in ("/nowhere", "/keys/", "/keys/abc", "/account/1", "/", "/docs/", "/keys/1/secret"):
        answer = api.get(path)
        assert (path, answer.status_code, error(answer)["code"]) == (path, 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "FOO"])
def test_a_method_that_a_path_does_not_have_is_named(api, method):
    answer = api(method, "/keys")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST")
    if method != "HEAD":
        assert error(answer)["code"] == "method_not_allowed"


def test_every_answer_has_a_request_id_and_is_not_kept(api):
    answers = [api.get("/account"), api.get("/nowhere"), Program("").get("/account"), api("PUT", "/keys")]
    assert all(answer["x-request-id"].startswith("api_") for answer in answers)
    assert len({answer["x-request-id"] for answer in answers}) == len(answers)
    assert {answer["Cache-Control"] for answer in answers} == {"no-store"}
    assert {answer["X-Content-Type-Options"] for answer in answers} == {"nosniff"}


@pytest.mark.req("N4")
@pytest.mark.parametrize("name", sorted(MALFORMED))
def test_malformed_bodies_are_a_4xx(user, api, name):
    answer = api.post("/keys", MALFORMED[name])
    assert answer.status_code in {400, 413, 422}
    assert error(answer)["message"]
    assert not user.api_keys.exists()


def test_a_body_that_is_not_json_by_its_own_word_is_refused(api):
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = api.client.generic(
            "POST", "/api/keys", b'{"name": "a"}', media, headers={"Authorization": f"Bearer {api.secret}"}
        )
        assert (media, answer.status_code) == (media, 415)
        assert error(answer)["code"] == "invalid_request"


def test_a_large_body_is_refused(user, api):
    answer = api.post("/keys", b'{"name": "' + b"x" * 65_536 + b'"}')
    assert answer.status_code == 413
    assert error(answer)["code"] == "invalid_request"


def test_a_missing_body_is_refused_by_field(api):
    answer = api("POST", "/keys")
    assert (answer.status_code, error(answer)["param"]) == (422, "body")


@pytest.mark.req("N10")
def test_a_fault_tells_nothing_of_the_inside(api, monkeypatch, caplog):
    def fail(user_id):
        raise RuntimeError("secret place /srv/x")

    monkeypatch.setattr(ledger, "balance", fail)
    with caplog.at_level(logging.ERROR):
        answer = api.get("/wallet")
    assert answer.status_code == 500
    assert error(answer)["code"] == "internal_error"
    assert "srv" not in answer.content.decode()
    assert "RuntimeError" in caplog.text


@pytest.mark.req("N10")
def test_a_database_out_of_reach_is_a_503(api, monkeypatch):
    def fail(user_id):
        raise OperationalError("could not connect to server at 10.0.0.5")

    monkeypatch.setattr(ledger, "balance", fail)
    answer = api.get("/wallet")
    assert (answer.status_code, error(answer)["code"]) == (503, "service_unavailable")
    assert "10.0.0.5" not in answer.content.decode()


def test_words_follow_the_language_that_is_asked_for(api):
    answer = api("POST", "/keys", {"name": "a", "subnets": ["nowhere"]}, **{"Accept-Language": "zh-hans"})
    assert "不是" in error(answer)["message"]


def test_a_disabled_account_is_out(user, api):
    accounts.disable(user)
    assert api.get("/account").status_code == 401
