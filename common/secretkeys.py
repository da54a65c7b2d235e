"""Secrets that people copy: a prefix, 32 random base62 characters (190 bits), and a CRC32 as 6 more.

The checksum is no secret: it lets a mistyped key be refused without asking the database. The form is GitHub's
(https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/).
"""

import hashlib
import secrets
import string
import zlib

API_KEY = "sk-tg-"
ACCESS_TOKEN = "tgat-"  # noqa: S105 (a prefix, not a secret)
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM, CHECK = 32, 6


def mint(prefix: str) -> str:
    """Return a new secret with this prefix."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return prefix + body + checksum(body)


def checksum(body: str) -> str:
    """Return the CRC32 of `body` in six base62 characters."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def well_formed(secret: str, prefix: str) -> bool:
    """Return whether `secret` has the prefix, the length, the alphabet and the checksum of one that was minted."""
    body, check = secret[len(prefix) : -CHECK], secret[-CHECK:]
    return secret.startswith(prefix) and len(body) == RANDOM and body.isascii() and checksum(body) == check


def digest(secret: str) -> str:
    """Return what is stored in place of a secret: SHA-256 in hex, enough for 190 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hint(secret: str) -> tuple[str, str]:
    """Return the first 10 and last 4 characters, by which its owner knows a secret again."""
    return secret[:10], secret[-4:]
