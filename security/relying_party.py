"""Who this site is to authenticators, and whether passkeys are on: from BASE_URL and the operator's switch.

Never from a request: the Host header is the client's word. A passkey belongs to the host of BASE_URL for good.
"""

from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

from accounts import identities
from accounts.models import User
from security.models import SecurityPolicy

PORTS = {"http": 80, "https": 443}  # a browser leaves them out of an origin


class Off(Exception):
    """Passkeys are off, by the operator's switch or by the address of this site."""


def rp_id() -> str:
    """Return the host that passkeys are bound to (WebAuthn Level 3, 4: RP ID)."""
    return _base().hostname or ""


def origin() -> str:
    """Return the origin that browsers must name."""
    base = _base()
    host = f"[{base.hostname}]" if ":" in (base.hostname or "") else base.hostname
    port = "" if base.port in {None, PORTS.get(base.scheme)} else f":{base.port}"
    return f"{base.scheme}://{host}{port}"


def possible() -> bool:
    """Return whether browsers offer passkeys at BASE_URL: by https on a name, by http on localhost only."""
    base, host = _base(), rp_id()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return base.scheme == "https" and ":" not in host and not host.rpartition(".")[2].isdigit()


def enabled() -> bool:
    """Return whether passkeys can be registered and sign in, now."""
    switch = SecurityPolicy.objects.values_list("passkeys", flat=True).first()
    return possible() and switch is not False


def enabled_for(user: User) -> bool:
    """Return whether an account may have passkeys; not where a provider is its only way in, without leave."""
    alone = identities.sole(user)
    return enabled() and (alone is None or alone.passkeys)


def offered(request: HttpRequest) -> bool:
    """Return whether the browser that asks can use a passkey here: they are on, and this is the host they belong to."""
    return split_domain_port(request.get_host())[0] == rp_id() and enabled()


def require(user: User | None = None) -> None:
    """Raise Off where passkeys are off, or are for this account."""
    if not (enabled() if user is None else enabled_for(user)):
        raise Off


def _base() -> SplitResult:
    return urlsplit(settings.BASE_URL)
