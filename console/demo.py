"""A believable month for looking at: one account, its keys, its money and some thousand calls.

Ledger, call log, roll-up, budgets and balance add up, as they do for real calls; only the month itself is invented.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from django.db import transaction

from accounts import holds
from accounts import services as accounts
from accounts.models import User
from common import callids
from common.money import NANO
from console import demo_traffic as traffic
from console.accounts import open_account
from console.demo_books import Books
from console.demo_traffic import Sketch
from gateway import keys
from pricing import catalogue
from pricing import services as pricing
from pricing.units import Rates
from usage import history as usage
from wallet import history as wallet

NAME, EMAIL = "demo", "demo@example.com"
DISABLED_FOR = timedelta(days=12)


@dataclass(frozen=True, slots=True)
class Plan:
    """A key to make, and its share of the calls."""

    name: str
    share: float
    rules: keys.Rules = field(default_factory=keys.Rules)
    enabled: bool = True


KEYS = (
    Plan("chat-app", 0.5, {"limit": 25 * NANO, "period": "month"}),
    Plan("nightly-reports", 0.26, {"limit": 5 * NANO, "period": "week"}),
    Plan("experiments", 0.16, {"limit": NANO // 4, "period": "day"}),
    Plan("old-laptop", 0.08, enabled=False),
)


class DemoExists(Exception):
    """There is a demo account already."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was made. The password is stored nowhere."""

    username: str
    password: str
    administrator: bool
    keys: int
    calls: int
    errors: int
    paid: int
    free: int


@transaction.atomic
def fill(
    *,
    seed: int,
    now: datetime,
    calls: int = 3_000,
    again: bool = False,
    progress: Callable[[int], None] = lambda _done: None,
) -> Filled:
    """Make the demo account and its month before `now`, the same for the same seed; `progress` is told of calls booked.

    It is an administrator where it is the first account of all. Raises DemoExists unless `again` replaces the old one.
    """
    old = User.objects.filter(username=NAME).first()
    if old and not again:
        raise DemoExists
    if old:
        accounts.remove(old)  # the next one takes its place, as an administrator too if nobody else is
    holds.release(NAME)
    catalogue.load_first_party(today=now.date())
    password, first = secrets.token_urlsafe(15), not User.objects.exists()
    user = open_account(username=NAME, email=EMAIL, password=password, staff=first)
    books = Books(user, {each.name: keys.mint(user, each.name, **each.rules)[0] for each in KEYS}, _prices())
    shares = {each.name: each.share for each in KEYS}
    chance = Random(seed)  # noqa: S311 (the same month again, not a secret)
    plan = traffic.month(chance, now=now, calls=calls, keys=shares, models=books.prices)
    plan = [_handed_over(each, now) for each in plan]
    books.write(plan)
    wallet.book(user.pk, books.entries)
    wallet.use(user.pk, books.budgets())
    for _day, rows in groupby(books.rows, key=lambda row: callids.moment(row["id"]).date()):
        day = list(rows)
        usage.log(user.pk, day)
        progress(len(day))
    _age(books, plan)
    errors = sum(row["kind"] == "error" for row in books.rows)
    paid = sum(row["charge"] for row in books.rows)
    return Filled(NAME, password, first, len(books.keys), len(plan) - errors, errors, paid, books.free)


def _handed_over(sketch: Sketch, now: datetime) -> Sketch:
    """Return the call by the first key, if the key it had has been disabled since."""
    gone = {each.name for each in KEYS if not each.enabled and sketch.at > now - DISABLED_FOR}
    return replace(sketch, key=KEYS[0].name) if sketch.key in gone else sketch


def _prices() -> dict[str, Rates]:
    """Return the prices of the models in use; one that the operator has left without a price is not used."""
    models = [each.model for each in traffic.HABITS]
    return {model: rates for (model, channel), rates in pricing.live_rates(models).items() if not channel}


def _age(books: Books, plan: Sequence[Sketch]) -> None:
    """Let the keys be as old and as used as they are.

    The account stays as young as it is: from an administrator of a month ago a second factor would be demanded first.
    """
    born = min([each.at for each in plan], default=books.user.date_joined) - timedelta(days=1)
    for number, each in enumerate(KEYS):
        last = max((sketch.at for sketch in plan if sketch.key == each.name), default=None)
        made = born + timedelta(minutes=5 + 7 * number)
        books.user.api_keys.filter(name=each.name).update(created_at=made, last_used_at=last)
        if not each.enabled:
            keys.disable(books.keys[each.name])
