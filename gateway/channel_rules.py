"""What a channel may consist of, checked and brought into the form that is stored."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from common import outbound

LONGEST_NAME = 64  # characters
LONGEST_URL = 290  # characters; the column holds ten more
SPARES_ITS_END = 16  # characters that a secret must have for its last four to be no loss
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110 5.6.2
HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,4000}")
FRAMING = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "upgrade"})
MODEL = re.compile(r"[^\s\x00-\x1f\x7f]{1,200}")
SECRET = re.compile(r"[\x21-\x7e]{1,4000}")


class InvalidChannel(ValueError):
    """The channel cannot be made like this; the message says what to change."""


def name(text: str) -> str:
    """Return the name of a channel without the blanks around it. Raises InvalidChannel."""
    text = text.strip()
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise InvalidChannel("Give the channel a name of at most 64 characters.")
    return text


def base_url(url: str) -> str:
    """Return the base URL as it is stored: with /v1 where it names no path. Raises InvalidChannel."""
    try:
        checked = outbound.check_url(url.strip())
        outbound.check_reach(checked)
    except outbound.UrlRefused as error:
        raise InvalidChannel(str(error)) from error
    except outbound.AddressRefused as error:
        raise InvalidChannel(f"The base URL is on a private network: {error}") from error
    if urlsplit(checked).query:
        raise InvalidChannel("The base URL must not contain a query (?).")
    if len(checked) > LONGEST_URL:
        raise InvalidChannel("The base URL is too long.")
    base = checked.rstrip("/").removesuffix("/chat/completions")
    return base if urlsplit(base).path else f"{base}/v1"


def headers(given: Mapping[str, str]) -> dict[str, str]:
    """Return the extra headers. Raises InvalidChannel for those that HTTP does not allow or the gate sets itself."""
    for field, value in given.items():
        if not HEADER_NAME.fullmatch(field) or not HEADER_VALUE.fullmatch(value):
            raise InvalidChannel(f"{field!r} is no header with a value of printable ASCII characters.")
        if field.lower() in FRAMING:
            raise InvalidChannel(f"The header {field} is set by the gate itself.")
    return dict(given)


def model(text: str) -> str:
    """Return the name of a model. Raises InvalidChannel."""
    if not MODEL.fullmatch(text):
        raise InvalidChannel(f"{text!r} is no name of a model: 1 to 200 characters, no blanks.")
    return text


def secret(text: str) -> str:
    """Return an upstream key without the blanks around it. Raises InvalidChannel."""
    text = text.strip()
    if not SECRET.fullmatch(text):
        raise InvalidChannel("The key must be printable ASCII without blanks.")
    return text


def hint(text: str) -> str:
    """Return the end of a secret that tells it from others, nothing of one too short to spare any."""
    return text[-4:] if len(text) >= SPARES_ITS_END else ""
