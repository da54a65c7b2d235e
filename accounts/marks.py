"""What is remembered of an account that is gone: keyed hashes, from which nobody reads a name or an address."""

import unicodedata

from django.utils.crypto import salted_hmac


def of_name(username: str) -> str:
    """Return the mark of a username, in whatever capitals."""
    return _mark("accounts.name", username.casefold())


def of_mailbox(email: str) -> str:
    """Return the mark of a mailbox: capitals and what follows a + in front of the @ lead to the same one."""
    local, _, domain = unicodedata.normalize("NFKC", email.strip()).casefold().rpartition("@")
    return _mark("accounts.mailbox", f"{local.partition('+')[0] or local}@{domain}")


def of_identity(provider: str, subject: str) -> str:
    """Return the mark of an account at an identity provider."""
    return _mark("accounts.identity", f"{provider} {subject}")


def _mark(purpose: str, text: str) -> str:
    return salted_hmac(purpose, text, algorithm="sha256").hexdigest()
