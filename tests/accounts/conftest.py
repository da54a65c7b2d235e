"""Browsers, and what they do most."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts import services
from accounts.models import User
from console import setup
from notifications import services as notifications
from tests.second_factor import enroll, fresh_code

PASSWORD = "correct horse battery"


class Browser(Client):
    """A visitor with an address of their own."""

    def __init__(self, address: str = "203.0.113.7", **kwargs):
        super().__init__(REMOTE_ADDR=address, **kwargs)

    def request(self, **request):
        """Take a file in whole, as a browser does, which closes it."""
        answer: Any = super().request(**request)
        if answer.streaming and not answer.is_async:
            whole = b"".join(answer.streaming_content)
            answer.streaming_content = [whole]
        return answer

    def sign_in(self, login: str = "mei", password: str = PASSWORD, **extra):
        return self.post("/accounts/login/", {"login": login, "password": password, **extra})

    def confirm(self, user: User):
        """The last step of the sign-in: a code."""
        return self.post("/accounts/login/second-factor/", {"code": fresh_code(user)})

    def page(self, path: str, **kwargs) -> str:
        return self.get(path, **kwargs).content.decode()


def fresh_path() -> str:
    """Path and query of a new first-run link."""
    link = setup.first_link()
    assert link
    return link.removeprefix("http://localhost:8000")


@pytest.fixture(autouse=True)
def outbox(settings):
    """The product's own mail backend; Django's test runner puts another in its place."""
    settings.EMAIL_BACKEND = "notifications.mail.OutboxEmailBackend"


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def new_browser() -> type[Browser]:
    return Browser


@pytest.fixture
def mailed_link(user: User, settings, tmp_path):
    """Ask for a reset and return the path of the link in the mail."""

    def ask(prefix: str) -> str:
        settings.EMAIL_FILES = tmp_path
        Browser().post("/accounts/password/reset/", {"email": user.email})
        notifications.deliver_due()
        found = re.search(rf"http://localhost:8000({prefix}\S+/)\s", max(tmp_path.iterdir()).read_text())
        assert found
        return found[1]

    return ask


@pytest.fixture
def signed_in(user: User, browser: Browser) -> Browser:
    """A browser in which `user` has just given the password."""
    assert browser.sign_in().status_code == 302
    return browser


@pytest.fixture
def admin(group) -> User:
    """An administrator whose second factor is not set up yet."""
    return services.create(
        username="root", email="root@example.com", password="quite a long passphrase", staff=True, group=group
    )


@pytest.fixture
def admin_browser(admin: User) -> Browser:
    """An administrator who has just signed in with password and code."""
    enroll(admin)
    browser = Browser("198.51.100.9")
    assert browser.sign_in("root", "quite a long passphrase")["Location"] == "/accounts/login/second-factor/"
    assert browser.confirm(admin).status_code == 302
    return browser
