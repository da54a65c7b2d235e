"""An account with a browser and a program, and an administrator who has just proven who they are."""

import pytest
from django.test import Client

from accounts.models import User
from tests.api.conftest import Program, program
from tests.second_factor import enroll, fresh_code


@pytest.fixture
def page(client, user) -> Client:
    """A signed-in browser."""
    client.force_login(user)
    return client


@pytest.fixture
def api(user) -> Program:
    """A program of the user with every scope."""
    return program(user)


@pytest.fixture
def admin(group) -> Client:
    """A browser of an administrator."""
    root = User.objects.create_user("root", "root@example.com", "correct horse battery", group=group)
    root.is_staff = root.is_superuser = True
    root.save()
    enroll(root)
    browser = Client()
    browser.post("/accounts/login/", {"login": "root", "password": "correct horse battery"})
    browser.post("/accounts/login/second-factor/", {"code": fresh_code(root)})
    return browser
