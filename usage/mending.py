"""What a refused or failed call means in words, and the page that mends it."""

from dataclasses import dataclass
from http import HTTPStatus

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KEYS, WALLET, SAFEGUARD = "keys", "wallet", "settings_pricing"
PAGES: dict[str, str | Promise] = {KEYS: _("API keys"), WALLET: _("Wallet"), SAFEGUARD: _("Price safeguard")}

WORDS: dict[str, str | Promise] = {
    "model_not_found": _("No such model"),
    "model_not_allowed": _("Model not allowed"),
    "ip_not_allowed": _("Address not allowed for this key"),
    "model_price_not_set": _("Model has no price"),
    "insufficient_quota": _("Balance too low"),
    "key_limit_reached": _("Limit of the key reached"),
    "cap_reached": _("Cap for models without a price reached"),
    "invalid_request": _("Request not understood"),
    "rate_limit_exceeded": _("Too many calls"),
    "upstream_error": _("Upstream failed"),
    "no_channel": _("No upstream available"),
    "service_unavailable": _("Service interrupted"),
    "upstream_timeout": _("Upstream too slow"),
    "internal_error": _("Something went wrong here"),
}
UPSTREAM_REFUSED = _("Upstream refused the request")
MENDED_ON = {
    "model_price_not_set": SAFEGUARD,
    "cap_reached": SAFEGUARD,
    "insufficient_quota": WALLET,
    "key_limit_reached": KEYS,
    "model_not_allowed": KEYS,
    "ip_not_allowed": KEYS,
}


@dataclass(frozen=True, slots=True)
class Mend:
    """A page on which the reader can do something about it."""

    name: str
    url: str


def words(code: str, status: int) -> str:
    """Return what happened, in a few words; the code itself where there are none."""
    if code == "upstream_error" and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return str(UPSTREAM_REFUSED)
    return str(WORDS.get(code, code))


def mend(code: str) -> Mend | None:
    """Return the page that mends the cause, None where its owner cannot."""
    page = MENDED_ON.get(code)
    return Mend(str(PAGES[page]), reverse(page)) if page else None
