"""What a person reads about what happened to their account: by the kind of the event."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from common import money
from notifications.operator_texts import OPERATOR_TEXTS
from notifications.pricing_texts import accept_unpriced
from notifications.security_texts import SECURITY_TEXTS
from notifications.text import Data, Text


def quota_low(data: Data) -> Text:
    """Tell that the balance fell below the threshold."""
    total, threshold = money.usd(_nano(data, "total")), money.usd(_nano(data, "threshold"))
    return Text(
        _("Your balance is down to %(total)s") % {"total": total},
        (
            _("The balance of your account is %(total)s, below your warning at %(threshold)s.")
            % {"total": total, "threshold": threshold},
            _("Calls go on until it is used up. There is no further warning until it has been above the mark again."),
        ),
        "wallet",
        _("Wallet"),
    )


def quota_exhausted(_data: Data) -> Text:
    """Tell that there is nothing left."""
    return Text(
        _("Your balance is used up"),
        (_("The balance of your account is used up. Calls are refused with 402 until it is topped up."),),
        "wallet",
        _("Wallet"),
    )


def account_made(data: Data) -> Text:
    """Tell who has an account now, by somebody else's hand, how to get in."""
    until = data["until"]
    if not isinstance(until, datetime):
        raise TypeError("until is a moment")
    return Text(
        _("An account was made for you on Tollgate"),
        (
            _("Somebody made an account for you. Follow the link to choose a password, and sign in with it."),
            _("The link works once, until %(until)s UTC. After that, ask for a new one on the sign-in page.")
            % {"until": f"{until.astimezone(UTC):%Y-%m-%d %H:%M}"},
        ),
        "account_reset_password",
        _("Choose a password"),
        url=str(data["url"]),
    )


def _nano(data: Data, key: str) -> int:
    amount = data[key]
    if not isinstance(amount, int):
        raise TypeError(f"{key} is an amount in nano-USD")
    return amount


TEXTS: dict[str, Callable[[Data], Text]] = {
    **SECURITY_TEXTS,
    **OPERATOR_TEXTS,
    "account.made": account_made,
    "pricing.accept_unpriced": accept_unpriced,
    "quota.low": quota_low,
    "quota.exhausted": quota_exhausted,
}
