"""The check-up at the head of the security page: four facts about an account, and the one step that mends each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from security import recovery
from security.models import AccessToken, Passkey, TOTPDevice

OLD = timedelta(days=60)  # a token is better replaced
State = Literal["fine", "todo", "none"]


@dataclass(frozen=True, slots=True)
class Check:
    """One fact, in words: fine, something to do at `url`, or nothing there."""

    state: State
    title: str
    more: str
    url: str = ""


def of(user: User, now: datetime) -> Mapping[str, Check]:
    """Return what this room knows of an account, by the name of the fact."""
    device = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    return {
        "two-factor": two_factor(device),
        "codes": codes(device, recovery.left(user) if device else 0),
        "token": tokens(list(user.access_tokens.all()), now),
    }


def two_factor(device: TOTPDevice | None) -> Check:
    """Return whether signing in takes a code."""
    if device is None:
        return Check("todo", _("Two-factor off"), _("Set it up"), reverse("two_factor"))
    return Check("fine", _("Two-factor on"), _("Authenticator app"))


def passkeys(held: Sequence[Passkey], *, offered: bool) -> Check:
    """Return how many passkeys there are; `offered` is whether this browser could make one here."""
    if held:
        title = ngettext("%(n)s passkey", "%(n)s passkeys", len(held)) % {"n": len(held)}
        return Check("fine", title, _("Phishing-resistant"))
    if not offered:
        return Check("none", _("No passkey"), _("Not available here"))
    return Check("none", _("No passkey"), _("Add one"), reverse("passkey_new"))


def codes(device: TOTPDevice | None, left: int) -> Check:
    """Return how many recovery codes are left."""
    if device is None:
        return Check("none", _("No recovery codes"), _("Part of two-factor"))
    title = ngettext("%(n)s recovery code", "%(n)s recovery codes", left) % {"n": left}
    if left <= recovery.LOW:
        return Check("todo", title, _("Make new codes"), reverse("recovery_codes"))
    used = recovery.COUNT - left
    return Check("fine", title, ngettext("%(n)s used", "%(n)s used", used) % {"n": used} if used else _("None used"))


def tokens(held: Sequence[AccessToken], now: datetime | None = None) -> Check:
    """Return how old the oldest access token is, or that one is over."""
    now = now or timezone.now()
    if not held:
        return Check("fine", _("No access token"), _("Nothing acts for you"))
    card = reverse("security") + "#token-card"
    if any(token.expires_at <= now for token in held):
        return Check("todo", _("A token has expired"), _("Replace it"), card)
    days = (now - min(token.created_at for token in held)).days
    if days >= OLD.days:
        title = ngettext("Token %(n)s day old", "Token %(n)s days old", days) % {"n": days}
        return Check("todo", title, _("Replace it"), card)
    title = ngettext("%(n)s access token", "%(n)s access tokens", len(held)) % {"n": len(held)}
    return Check("fine", title, ngettext("At most %(n)s day old", "At most %(n)s days old", days) % {"n": days})
