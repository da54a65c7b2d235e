"""Error pages: plain words, the right status, nothing of the inside, no database."""

import logging

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client
from django.urls import include, path

from config.urls import handler400, handler403, handler404, handler500
from console import errors

SECRET = "postgres://user:hunter2@/var/lib"


def fails(request, how):
    raise {"500": RuntimeError, "403": PermissionDenied, "400": SuspiciousOperation}[how](SECRET)


urlpatterns = [path("", include("config.urls")), path("fails/<str:how>/", fails)]
__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def browser(client: Client, user) -> Client:
    client.force_login(user)
    client.raise_request_exception = False
    return client


@pytest.mark.req("N10")
@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/fails/500/", 500, "Something went wrong on our side"),
        ("/fails/403/", 403, "You may not open this page"),
        ("/fails/400/", 400, "This request can&#x27;t be understood"),
        ("/no/such/page/", 404, "There is nothing here"),
    ],
)
def test_error_pages_say_what_happened_and_nothing_of_the_inside(browser, address, status, words):
    answer = browser.get(address)
    text = answer.content.decode()
    assert answer.status_code == status
    assert words in text
    assert "hunter2" not in text
    assert "Traceback" not in text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_failure_gives_its_reader_a_reference_that_stands_in_the_log(browser, caplog):
    with caplog.at_level(logging.ERROR):
        text = browser.get("/fails/500/").content.decode()
    reference = text.split("<code>")[1].split("</code>")[0]
    assert len(reference) == 12
    assert reference in caplog.text


def test_error_pages_need_no_database(browser, rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert errors.server_error(rf.get("/")).status_code == 500
        assert errors.csrf_failure(rf.get("/")).status_code == 403


def test_a_form_without_its_token_is_told_to_reload(user):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    answer = browser.post("/settings/privacy/", {"record_ip": "on"})
    assert answer.status_code == 403
    assert "This form is out of date" in answer.content.decode()


def test_error_pages_speak_the_language_and_wear_the_theme_of_the_reader(browser):
    browser.cookies["theme"] = "dark"
    browser.cookies["language"] = "zh-hans"
    text = browser.get("/no/such/page/").content.decode()
    assert 'data-theme="dark"' in text
    assert 'lang="zh-Hans"' in text
