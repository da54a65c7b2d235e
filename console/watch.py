"""What somebody must be told of that no single call tells: the worker looks for it.

Each look covers more than the time since the last one; that nobody is told twice is counted, over all workers.
"""

from datetime import datetime, timedelta

from accounts import limits
from accounts.models import User
from gateway.models import ApiKey, Route
from notifications import services as notifications
from usage import refusals
from wallet import verify

LOOK = timedelta(minutes=2)
KEY_LIMIT = "key_limit_reached"
UNSERVED = {"model_not_found": True, "model_price_not_set": False}  # whether a price is there, as far as that went
DAY, HOURS = limits.DAY, 6 * 3600
ONCE_A_KEY = limits.Rule("key limit told", ((1, DAY),))
ONCE_A_MODEL = limits.Rule("model told", ((1, DAY),))
MODELS = limits.Rule("models told", ((20, DAY),))  # names are whatever callers write
STUCK = limits.Rule("outbox told", ((1, HOURS),))
MISMATCH = limits.Rule("mismatch told", ((1, DAY),))


def refused(now: datetime) -> int:
    """Tell of keys that reached their limit and of models that nobody serves; return how many messages that made."""
    told = 0
    for found in refusals.since(now - LOOK, [KEY_LIMIT, *UNSERVED]):
        told += _key(found) if found.code == KEY_LIMIT else _model(found)
    return told


def outbox(now: datetime) -> bool:
    """Tell administrators where messages do not leave; return whether they were told now."""
    count = notifications.overdue(now)
    return bool(count) and notifications.tell_administrators("outbox.stuck", {"count": count}, once=STUCK)


def wallets() -> list[verify.Mismatch]:
    """Return every account whose books disagree, and tell administrators once a day."""
    found = verify.check()
    if found:
        facts = {"count": len(found), "first": str(found[0])}
        notifications.tell_administrators("wallet.mismatch", facts, once=MISMATCH)
    return found


def _key(found: refusals.Refused) -> bool:
    key = ApiKey.objects.filter(user_id=found.user_id, name=found.api_key).first()
    owner = User.objects.filter(pk=found.user_id, is_active=True).first()
    if key is None or owner is None or key.limit is None or not _first(ONCE_A_KEY, f"{found.user_id} {key.pk}"):
        return False
    notifications.announce(owner, "key.limit", {"key": key.name, "limit": key.limit})
    return True


def _model(found: refusals.Refused) -> bool:
    # what no channel ever had is a caller's own text, which must not outlive its account in somebody's mailbox
    name = found.model if Route.objects.filter(model=found.model).exists() else ""
    if not _first(ONCE_A_MODEL, f"{name} {found.code}") or not _first(MODELS, "all"):
        return False
    facts = {"model": name, "count": found.count, "priced": UNSERVED[found.code]}
    return notifications.tell_administrators("model.unserved", facts)


def _first(rule: limits.Rule, who: str) -> bool:
    try:
        limits.take(rule, who)
    except limits.TooManyTries:
        return False
    return True
