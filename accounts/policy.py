"""Who may make an account: the operator's switch in admin, else the environment."""

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import SignupPolicy
from common import money

Mode = SignupPolicy.Mode


def mode() -> str:
    """Return who may sign up. Domains need a mail server, since only a verified address counts: without one, nobody."""
    chosen = _stored().mode or settings.SIGNUP
    return Mode.CLOSED.value if chosen == Mode.DOMAIN and not settings.EMAIL_URL else chosen


def domains() -> tuple[str, ...]:
    """Return the domains whose addresses may sign up, in lower case."""
    stored = _stored().domains
    listed = stored.split(",") if stored else settings.SIGNUP_DOMAINS
    return tuple(name for name in (item.strip().lower().lstrip("@") for item in listed) if name)


def credit() -> int:
    """Return what a new account is given, in nano-USD."""
    stored = _stored().credit
    return money.from_usd(settings.SIGNUP_CREDIT) if stored is None else stored


def admits(email: str) -> bool:
    """Return whether the owner of an address may sign up; for domains exactly these, not what lies below them."""
    if mode() == Mode.DOMAIN:
        return email.rpartition("@")[2].lower() in domains()
    return mode() == Mode.OPEN


def problem(mode: str, domains: str) -> str | None:
    """Return why a policy cannot work here, None if it can."""
    if mode != Mode.DOMAIN:
        return None
    if not settings.EMAIL_URL:
        return _("Domains need a mail server (EMAIL_URL): only a verified address counts.")
    return None if domains.strip() or settings.SIGNUP_DOMAINS else _("Name at least one domain.")


def _stored() -> SignupPolicy:
    return SignupPolicy.objects.first() or SignupPolicy()
