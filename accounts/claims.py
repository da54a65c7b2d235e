"""What an operator's rules read in the claims of a provider: groups, administrators, and proofs given there."""

from collections.abc import Mapping
from typing import Any

from accounts.providers import Provider

MOST = 1000  # groups of a person
Claims = Mapping[str, Any]


def groups(provider: Provider, said: Claims) -> tuple[str, ...]:
    """Return the names that the provider's group claim holds."""
    return _texts(_value(said, provider.group_claim))[:MOST] if provider.group_claim else ()


def staff(provider: Provider, said: Claims) -> bool:
    """Return whether the staff claim makes an administrator: it holds the staff value or, without one, is true."""
    if not provider.staff_claim:
        return False
    value = _value(said, provider.staff_claim)
    return provider.staff_value in _texts(value) if provider.staff_value else value is True


def proven(provider: Provider, token: Claims) -> bool:
    """Return whether an ID token tells of a second factor that the operator trusts (`amr` or `acr`, RFC 8176)."""
    return bool({*_texts(token.get("amr")), *_texts(token.get("acr"))} & {*provider.mfa})


def _value(said: Claims, name: str) -> Any:
    """Return a claim; where there is none of this name, its dots lead into objects (realm_access.roles)."""
    if name in said:
        return said[name]
    found: Any = said
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(text for text in listed if isinstance(text, str) and text and text.isprintable())
