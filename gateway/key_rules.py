"""What a key may be told to obey, checked and brought into the form that is stored."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_network

from django.utils import timezone
from django.utils.translation import gettext as _

from common import money
from gateway.models import ApiKey

FARTHEST = timedelta(days=36_525)  # beyond year 9999 there is no clock to show it by
MOST = 100  # entries of a list of models or addresses
LONGEST = 64  # characters of a name
MODEL_NAME = 200  # characters
PRINTABLE = re.compile(r"[\x21-\x7e]{20,200}", re.ASCII)


class KeyRefused(Exception):
    """A key cannot be made this way. `field` names the rule at fault, the text says what to do."""

    field = "name"


class InvalidName(KeyRefused):
    """Empty, too long, or with control characters."""


class NameTaken(KeyRefused):
    """The user has a key with this name."""


class TooManyKeys(KeyRefused):
    """The user's group allows no more keys."""


class InvalidSecret(KeyRefused):
    """Not a secret that can be taken over from another system."""

    field = "secret"


class SecretTaken(InvalidSecret):
    """A key with this secret exists."""


class InvalidLimit(KeyRefused):
    """Not an amount above zero that the ledger can count."""

    field = "limit"


class InvalidPeriod(KeyRefused):
    """Not a period after which a limit can reset."""

    field = "period"


class InvalidModels(KeyRefused):
    """A list of models that cannot be stored."""

    field = "allowed_models"


class InvalidSubnet(KeyRefused):
    """Not an address or network."""

    field = "subnets"


class InvalidExpiry(KeyRefused):
    """Not a moment in the future."""

    field = "expires_at"


def name(text: str) -> str:
    """Return the name without outer spaces. Raises InvalidName."""
    text = text.strip()
    if not text:
        raise InvalidName(_("Give the key a name."))
    if len(text) > LONGEST or not text.isprintable():
        raise InvalidName(_("Use at most %(n)s characters, all of them visible.") % {"n": LONGEST})
    return text


def limit(nano: int | None) -> int | None:
    """Return a spending limit in nano-USD, None for none. Raises InvalidLimit."""
    if nano is not None and not 0 < nano <= money.LARGEST:
        raise InvalidLimit(_("Enter an amount above 0, or leave it empty for no limit."))
    return nano


def period(text: str) -> str:
    """Return the period of a limit. Raises InvalidPeriod."""
    if text not in ApiKey.Period.values:
        raise InvalidPeriod(_("Choose one of: %(periods)s.") % {"periods": ", ".join(ApiKey.Period.values)})
    return text


def models(names: Iterable[str]) -> list[str]:
    """Return model names without repeats; an empty list allows all. Raises InvalidModels."""
    kept = list(dict.fromkeys(stripped for item in names if (stripped := item.strip())))
    for item in kept:
        if len(item) > MODEL_NAME or not item.isprintable():
            raise InvalidModels(_("“%(name)s” is not the name of a model.") % {"name": item[:50]})
    if len(kept) > MOST:
        raise InvalidModels(_("List at most %(n)s models.") % {"n": MOST})
    return kept


def subnets(items: Iterable[str]) -> list[str]:
    """Return addresses and networks as CIDRs ("203.0.113.7" -> "203.0.113.7/32"). Raises InvalidSubnet."""
    kept = list(dict.fromkeys(_cidr(stripped) for item in items if (stripped := item.strip())))
    if len(kept) > MOST:
        raise InvalidSubnet(_("List at most %(n)s addresses.") % {"n": MOST})
    return kept


def _cidr(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError as error:
        hint = _("“%(text)s” is not an IP address or network like 203.0.113.0/24.") % {"text": text[:50]}
        raise InvalidSubnet(hint) from error


def expiry(moment: datetime | None) -> datetime | None:
    """Return when a key ends, None for never. Raises InvalidExpiry."""
    if moment is not None and not timezone.now() < moment < timezone.now() + FARTHEST:
        raise InvalidExpiry(_("Choose a day in the future, within a hundred years."))
    return moment


def secret(text: str) -> str:
    """Return a secret of another system as it is presented. Raises InvalidSecret."""
    if not PRINTABLE.fullmatch(text):
        raise InvalidSecret(_("A secret has 20 to 200 visible ASCII characters and no spaces."))
    return text
