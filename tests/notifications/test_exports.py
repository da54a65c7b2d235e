"""What an account takes along of its methods: where they lead, and no secret."""

import json

import pytest

from notifications import changes, exports
from notifications.models import Method


@pytest.mark.req("I19")
def test_an_export_says_where_methods_lead_and_holds_no_secret(user, monkeypatch):
    monkeypatch.setattr("common.outbound.check_reach", lambda _url: None)
    changes.save(user, "bark", form={"url": "https://192.0.2.1/TheKeyOfTheDevice/{{title}}"}, enabled=True)
    changes.save(user, "gotify", form={"url": "https://192.0.2.1", "token": "AppTokenOfMine"}, enabled=True)
    changes.save(user, "webhook", form={"url": "https://192.0.2.1/hook"}, enabled=False)
    Method.objects.create(user=user, kind="email", enabled=True, target="else@example.org")
    table = next(table for table in exports.tables(user) if table.name == "notification_methods")
    rows = [row for batch in table.batches() for row in batch]
    assert {row["kind"]: row["leads_to"] for row in rows} == {
        "bark": "https://192.0.2.1/Th…/{{title}}",
        "gotify": "https://192.0.2.1",
        "webhook": "https://192.0.2.1/hook",
        "email": "else@example.org",
    }
    written = json.dumps(rows, default=str)
    assert [secret for secret in ("TheKeyOfTheDevice", "AppTokenOfMine", "whsec_") if secret in written] == []
