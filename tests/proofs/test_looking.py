"""Looking at the whole site changes nothing: every route by GET and HEAD, every row before and after."""

from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from tests.proofs.urlmap import routes

# what looking does change: when a session and a device were last seen
SEEN = {"seen_at", "last_seen_at"}
# and what is counted, because a look is a guess
COUNTED = {"setup": ["accounts.Limit"], "provider_back": ["accounts.Limit"], "link_sign_in": ["accounts.Limit"]}


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, without what only says when somebody was last seen."""
    rows = {}
    for model in apps.get_models(include_auto_created=True):
        names = [field.attname for field in model._meta.concrete_fields if field.attname not in SEEN]
        held = model._base_manager.order_by("pk").values_list(*names)
        rows[model._meta.label] = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in held]
    return rows


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [label for label in before if before[label] != after[label]]


@pytest.mark.req("I2")
@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_every_page_changes_no_row(user, admin, account_browser, admin_browser, method, capsys):
    found, looks = [], 0
    browsers = {"account": (account_browser, user), "admin": (admin_browser, admin), "stranger": (Client(), user)}
    for route in routes():
        for who, (client, owner) in browsers.items():
            path = route.of(owner)
            before = everything()
            answer = getattr(client, method)(path)
            looks += 1
            assert answer.status_code < 500, path
            tables = changed(before, everything())
            if tables and tables != COUNTED.get(route.name):
                found.append((route.name, who, tables))
    with capsys.disabled():
        print(f"\nlooking by {method.upper()}: {looks} looks, {len(found)} changed something")  # noqa: T201 (a figure)
    assert looks > 400
    assert found == []


def test_a_change_would_be_noticed(user, account_browser):
    before = everything()
    account_browser.post("/settings/privacy/", {"record_ip": "on"})
    assert changed(before, everything()) == ["common.Version", "privacy.PrivacySettings"]
