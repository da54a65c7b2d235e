"""System checks of the ways out."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from notifications.transports.email import Server


def mail_server(**_: Any) -> list[CheckMessage]:
    """Report an EMAIL_URL that names no mail server."""
    try:
        if settings.EMAIL_URL:
            Server.of(settings.EMAIL_URL)
    except ValueError as error:
        return [Error(f"{error}", id="notifications.E001")]
    return []
