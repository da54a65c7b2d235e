"""System checks: everything that only a running installation would notice otherwise."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from accounts import jobs, ports


def ports_filled(**_: Any) -> list[CheckMessage]:
    """Report verbs that no room carries."""
    return [
        Error(f"No room fills the port {port.name!r}.", id="accounts.E001") for port in ports.PORTS if not port.filled
    ]


def jobs_resolve(**_: Any) -> list[CheckMessage]:
    """Report verbs of jobs that do not exist."""
    found: list[CheckMessage] = []
    for name in jobs.KINDS:
        try:
            import_string(name)
        except ImportError:
            found.append(Error(f"Jobs may be {name!r}, which does not exist.", id="accounts.E004"))
    return found


def signup_possible(**_: Any) -> list[CheckMessage]:
    """Refuse sign-up by domain where no address can be verified."""
    if settings.SIGNUP != "domain":
        return []
    found: list[CheckMessage] = []
    if not settings.EMAIL_URL:
        found.append(Error("TOLLGATE_SIGNUP=domain needs EMAIL_URL: addresses must be verified.", id="accounts.E002"))
    if not settings.SIGNUP_DOMAINS:
        found.append(Error("TOLLGATE_SIGNUP=domain needs TOLLGATE_SIGNUP_DOMAINS.", id="accounts.E003"))
    return found
