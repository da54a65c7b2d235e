"""Programs that call /api, as the page of an account lets them."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from security import tokens

SCOPES = ["read", "write", "keys"]


class Program:
    """A client with an access token and nothing else."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.client = Client(raise_request_exception=False)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str):
        """Send a request under /api; `body` is sent as JSON, bytes are sent as they are."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.secret}", **headers} if self.secret else headers
        return self.client.generic(method, f"/api{path}", data, content_type="application/json", headers=headers)

    def get(self, path: str, **headers: str):
        return self("GET", path, **headers)

    def post(self, path: str, body: Any):
        return self("POST", path, body)

    def patch(self, path: str, body: Any):
        return self("PATCH", path, body)

    def put(self, path: str, body: Any):
        return self("PUT", path, body)

    def delete(self, path: str):
        return self("DELETE", path)


def program(user: User, scopes: list[str] = SCOPES, name: str = "") -> Program:
    """Return a program with a new token of the account."""
    return Program(tokens.make(user, name=name or "-".join(scopes), scopes=scopes)[1])


def error(response) -> dict[str, Any]:
    """Return the error of an answer, which has our shape and nothing else."""
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    return dict(body["error"])


@pytest.fixture
def api(user) -> Program:
    """A program of the user with every scope."""
    return program(user)


@pytest.fixture
def other(group) -> User:
    """Another account."""
    return User.objects.create_user("lin", "lin@example.com", "correct horse battery", group=group)
