"""An account with something on every page, for looking at: run inside the served installation."""

import math
import random
import time
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from accounts.models import User
from common import windows
from common.money import NANO
from console.accounts import open_account
from gateway import keys
from gateway.models import ApiKey, Channel, Route
from security import events, sudo, tokens
from security.models import AccessToken, Event, Passkey, Session
from security.sessions import SessionStore
from tests.booked import REFUSED, book, draft
from tests.second_factor import enroll
from usage.models import HourlyUsage
from wallet import ledger
from wallet.models import Budget

USERNAME, NEWCOMER, PASSWORD = "mei.lin", "noa", "correct horse battery staple"
MODELS = {
    "claude-sonnet-4-5": 3.25,
    "gpt-5-mini": 1.4,
    "deepseek-v3.2": 0.66,
    "qwen3-max": 0.5,
    "gemini-2.5-flash": 0.33,
}  # dollars a day
CI: keys.Rules = {"limit": 5 * NANO, "period": "day", "subnets": ["10.0.0.0/8"]}
PARTNER: keys.Rules = {"limit": 10 * NANO, "period": "total", "allowed_models": ["gpt-5-mini", "qwen3-max"]}
CALL = {"stream": True, "cached_tokens": 400, "reasoning_tokens": 64, "latency_ms": 1840, "ttfb_ms": 310}
REFUSALS = [
    {"status": 402, "code": "key_limit_reached", "api_key": "discord-bot", "model": "deepseek-v3.2"},
    {"status": 403, "code": "model_price_not_set", "api_key": "mei-laptop", "model": "mj-v7-fast"},
    {"status": 502, "code": "upstream_error", "api_key": "ci-smoke-tests", "model": "gemini-2.5-flash"},
]


def fill() -> None:
    """Make the account and its month."""
    user = open_account(username=USERNAME, email="mei@example.com", password=PASSWORD, staff=True)
    enroll(user)
    _credentials(user)
    open_account(username=NEWCOMER, email="noa@example.com", password=PASSWORD)
    ledger.credit(user.pk, 150 * NANO, kind=ledger.Kind.CREDIT, reference="invoice-7", note="Invoice 7")
    channel = Channel.objects.create(name="main", base_url="https://upstream.example")
    Route.objects.bulk_create(Route(channel=channel, model=name) for name in MODELS)
    _keys(user)
    _month(user)
    _calls(user)


def _credentials(user: User) -> None:
    now = timezone.now()
    tokens.make(user, name="terraform", scopes=["read", "keys"])
    AccessToken.objects.update(created_at=now - timedelta(days=74), last_used_at=now - timedelta(hours=26))
    for number, (name, backed_up) in enumerate({"MacBook Pro": True, "YubiKey 5C": False}.items()):
        key = {"credential_id": bytes([number]) * 16, "public_key": b"none", "backed_up": backed_up}
        Passkey.objects.create(user=user, name=name, last_used_at=now - timedelta(hours=3 + 200 * number), **key)
    for kind, detail in ((Event.Kind.PASSKEY_ADDED, "YubiKey 5C"), (Event.Kind.TOKEN_MADE, "terraform")):
        events.record(user, kind, detail=detail)


def _keys(user: User) -> None:
    now = timezone.now()
    plans: list[tuple[str, keys.Rules, int, timedelta | None, int | None]] = [
        ("old-notebook", {}, 0, timedelta(days=25), -19),
        ("partner-demo", PARTNER, 0, None, 39),
        ("discord-bot", {"limit": 20 * NANO, "allowed_models": ["deepseek-v3.2"]}, 20 * NANO, timedelta(hours=3), None),
        ("mei-laptop", {}, 0, timedelta(days=1), None),
        ("ci-smoke-tests", CI, 4_120_000_000, timedelta(minutes=41), 12),
        ("production-backend", {"limit": 150 * NANO}, 96_400_000_000, timedelta(minutes=2), None),
    ]
    for name, rules, spent, used, days in plans:
        key, _ = keys.mint(user, name, **rules)
        ends = None if days is None else now + timedelta(days=days)
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=used and now - used, expires_at=ends)
        if key.limit and spent:
            start = windows.opens(key.period, now.timestamp())
            Budget.objects.create(
                wallet_id=user.pk, kind="key", owner=key.pk, period_start=start, limit=key.limit, spent=spent
            )
    keys.disable(user.api_keys.get(name="partner-demo"))


def _month(user: User) -> None:
    dice = random.Random(7)
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = []
    for days in range(30):
        when = today - timedelta(days=days)
        weight = (0.42 if when.weekday() >= 5 else 1) * (1.2 - days / 60 + 0.12 * math.sin(days / 2.1))
        for model, dollars in MODELS.items():
            paid = int(dollars * weight * dice.uniform(0.78, 1.22) * NANO)
            rows.append(
                HourlyUsage(
                    user=user,
                    hour=int(when.timestamp()) // 3600,
                    model=model,
                    api_key="mei-laptop",
                    calls=dice.randint(100, 400),
                    errors=dice.randint(0, 2),
                    input_tokens=paid // 3000,
                    output_tokens=paid // 9000,
                    paid=paid,
                )
            )
    HourlyUsage.objects.bulk_create(rows)


def _calls(user: User) -> None:
    now = timezone.now()
    rows = []
    for number in range(60):
        columns = {"model": list(MODELS)[number % len(MODELS)], "api_key": "production-backend", **CALL}
        columns |= {
            "input_tokens": 1200 + 37 * number,
            "output_tokens": 300 + 11 * number,
            "charge": 4_200_000 + 99_000 * number,
        }
        if number % 11 == 3:
            columns = REFUSED | REFUSALS[number % 3]
        rows.append(draft(user, now - timedelta(minutes=7 * number + 2), **columns))
    book(rows)


def prove() -> None:
    """Let everybody who is signed in have proven who they are a moment ago."""
    reader = SessionStore()
    for row in Session.objects.exclude(user=None):
        data = reader.decode(row.session_data)
        if sudo.KEY in data:
            data[sudo.KEY] = {**data[sudo.KEY], "at": time.time()}
            Session.objects.filter(pk=row.pk).update(session_data=reader.encode(data))
