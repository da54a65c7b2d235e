"""How often someone may try: counts of tries in windows of time, exact over all workers, without naming anyone.

A try is taken before the password is looked at and given back if it was right, so that tries in parallel cannot slip
past the count. Rows carry an HMAC of who tries, with a key that changes every day; no address is stored.
"""

import hashlib
import hmac
import time
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from accounts.models import Limit

FOR_GOOD = 0  # a window that stays open until a right password or a reset
DAY = 86_400
TAKE = """
    INSERT INTO accounts_limit (key, window_start, tries) VALUES (%s, %s, 1)
    ON CONFLICT (key, window_start) DO UPDATE SET tries = accounts_limit.tries + 1 WHERE accounts_limit.tries < %s
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most so many tries in each of its windows: pairs of (tries, seconds)."""

    kind: str
    windows: tuple[tuple[int, int], ...]


# NIST SP 800-63B-4 3.2.2 wants a stop at 100 failures in a row; the shorter windows are ours
SIGN_IN_ACCOUNT = Rule("sign-in account", ((5, 300), (20, 3600), (50, DAY), (100, FOR_GOOD)))
SIGN_IN_ADDRESS = Rule("sign-in address", ((10, 60), (100, 3600)))
SIGN_UP_TRY = Rule("sign-up try", ((20, 3600),))  # each one may ask whether a name is taken
SIGN_UP = Rule("sign-up", ((5, 3600),))
RESET = Rule("reset", ((5, DAY),))
RESET_ADDRESS = Rule("reset address", ((20, DAY),))
MAIL = Rule("mail", ((5, 3600), (20, DAY)))  # links to one address, for whatever reason
NOBODY = Rule("nobody", ((10**9, 3600),))  # failed sign-ins to no account: written like any other
PROVIDER = Rule("provider", ((60, 60), (600, 3600)))  # visits to identity providers: each takes requests of ours
SETUP = Rule("setup", ((10, 60), (100, 3600)))
BAD_TOKEN = Rule("bad token", ((60, 60),))  # unknown access tokens under /api


class TooManyTries(Exception):
    """A window is full; `retry_after` is the rest of it in seconds, None where waiting does not help."""

    def __init__(self, retry_after: int | None) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Try:
    """Tries that were taken: rows of (key, window start)."""

    rows: tuple[tuple[str, int], ...]


def account(user_id: int) -> str:
    """Return by what name an account is counted."""
    return f"account {user_id}"


def browser(device_id: int, password: str) -> str:
    """Return by what name a known browser is counted; a new password (its hash) begins the count anew."""
    return f"device {device_id} {password}"


def network(address: IPv4Address | IPv6Address) -> str:
    """Return the network that is counted for an address: itself for IPv4, its /64 for IPv6."""
    return str(address) if isinstance(address, IPv4Address) else str(ip_network((address, 64), strict=False))


def take(rule: Rule, who: str, *, now: float | None = None) -> Try:
    """Count one try of `who` in every window of the rule, or in none. Raises TooManyTries if one of them is full."""
    now = time.time() if now is None else now
    rows = _rows(rule, who, now)
    with transaction.atomic(), connection.cursor() as cursor:
        for (most, seconds), (key, start) in zip(rule.windows, rows, strict=True):
            cursor.execute(TAKE, [key, start, most])
            if cursor.rowcount != 1:
                raise TooManyTries(start + seconds - int(now) if seconds else None)
    return Try(rows)


def give_back(tried: Try) -> None:
    """Uncount a try that was right; failures in a row start anew."""
    for key, start in tried.rows:
        if start == FOR_GOOD:
            Limit.objects.filter(key=key, window_start=start).delete()
        else:
            Limit.objects.filter(key=key, window_start=start, tries__gt=0).update(tries=F("tries") - 1)


def forgive(rule: Rule, who: str, *, now: float | None = None) -> None:
    """Forget every try of `who` under the rule."""
    for key, start in _rows(rule, who, time.time() if now is None else now):
        Limit.objects.filter(key=key, window_start=start).delete()


def prune(now: float | None = None) -> int:
    """Delete counts of windows that have closed; return how many."""
    oldest = int(time.time() if now is None else now) - DAY
    return Limit.objects.filter(window_start__gt=FOR_GOOD, window_start__lt=oldest).delete()[0]


def _rows(rule: Rule, who: str, now: float) -> tuple[tuple[str, int], ...]:
    rows = []
    for _most, seconds in rule.windows:
        day = int(now) // DAY if seconds else FOR_GOOD
        mark = hmac.new(settings.SECRET_KEY.encode(), f"limit {day}".encode(), hashlib.sha256).digest()
        key = hmac.new(mark, f"{rule.kind}\n{seconds}\n{who}".encode(), hashlib.sha256).hexdigest()
        rows.append((key, int(now) // seconds * seconds if seconds else FOR_GOOD))
    return tuple(rows)
