"""Rows of somebody else: every route that names one, by every method, for everybody it does not belong to."""

import re

import pytest

from tests.proofs.test_looking import everything
from tests.proofs.urlmap import CHANGES, routes

METHODS = ("GET", "HEAD", *CHANGES)
TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value=|"X-CSRFToken": )"\w+"')


def told(response, path: str) -> tuple[int, str, str]:
    """What an answer tells, but for the form's token and the path that was asked for."""
    body = TOKEN.sub("", response.content.decode()).replace(path, "PATH")
    return response.status_code, response.headers.get("Location", "").replace(path, "PATH"), body


@pytest.mark.req("I16")
def test_a_row_of_somebody_else_is_answered_like_one_that_does_not_exist(
    user, other, other_browser, admin_browser, browser, capsys
):
    wrong, cells = [], 0
    named = [route for route in routes() if route.owned]
    for route in named:
        theirs, unknown = route.of(user), route.path()
        before = everything()
        for method in METHODS:
            for who, client in {"stranger": browser, "other account": other_browser, "admin": admin_browser}.items():
                cells += 1
                found = told(client.generic(method, theirs), theirs)
                if found != told(client.generic(method, unknown), unknown):
                    wrong.append((route.name, method, who, found[0]))
        assert everything() == before, route.name
    with capsys.disabled():
        print(f"\nrows of others: {cells} cells, {len(wrong)} told apart")  # noqa: T201 (a figure to report)
    assert cells == len(named) * len(METHODS) * 3 >= 100
    assert wrong == []


@pytest.mark.req("I16")
def test_its_owner_finds_the_same_row(user, account_browser):
    for route in (route for route in routes() if route.owned):
        ask = account_browser.get if account_browser.post(route.path()).status_code == 405 else account_browser.post
        assert ask(route.of(user)).status_code not in {404, 405}, route.name
        assert ask(route.path()).status_code == 404, route.name
