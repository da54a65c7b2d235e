"""A text column that is encrypted at rest and fails closed."""

import base64
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key)) for key in keys])


def _derive(key: str) -> bytes:
    raw = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"tollgate.field.v1").derive(key.encode())
    return base64.urlsafe_b64encode(raw)


def cipher() -> MultiFernet:
    """Return the cipher of TOLLGATE_FIELD_KEYS: the first key writes, all of them read."""
    return _cipher(tuple(settings.FIELD_KEYS))


def newest(token: str) -> bool:
    """Return whether a stored token was written with the first key."""
    try:
        _cipher(tuple(settings.FIELD_KEYS[:1])).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


class EncryptedTextField(models.TextField[str, str]):
    """Text stored as a Fernet token. A wrong key raises InvalidToken; only `isnull` can be looked up."""

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return text if text is None else cipher().encrypt(text.encode()).decode()

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        """Return the text in clear. Raises cryptography.fernet.InvalidToken if no key fits."""
        return value if value is None else cipher().decrypt(value.encode()).decode()

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse comparisons: equal texts have different tokens."""
        if lookup_name != "isnull":
            raise TypeError(f"{lookup_name} cannot be asked of an encrypted column")
        return super().get_lookup(lookup_name)
