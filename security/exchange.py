"""The talk with an identity provider: a few guarded requests that end together after ten seconds, answered in JSON."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from common import outbound, strictjson

OK = 200
FORM = "application/x-www-form-urlencoded"


class ProviderDown(Exception):
    """The provider cannot be reached, or answers nothing that makes sense; trying again later may help."""


class Refused(Exception):
    """What the provider said does not prove who somebody is."""


class Exchange:
    """Requests to one provider for one page: however many there are, the page is answered in time."""

    def __init__(self) -> None:
        self._end = time.monotonic() + outbound.DEADLINE

    def get(self, url: str, *, bearer: str = "") -> Any:
        """Return the JSON at an address. Raises ProviderDown."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        reply = self._send("GET", url, headers=headers)
        if reply.status != OK:
            raise ProviderDown
        return _json(reply)

    def post(self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the JSON object that answers a form. Raises Refused where the form was, ProviderDown."""
        reply = self._send("POST", url, headers={"Content-Type": FORM, **headers}, body=urlencode(form).encode())
        if reply.status in {400, 401, 403}:
            raise Refused
        if reply.status != OK:
            raise ProviderDown
        return as_object(_json(reply))

    def _send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"") -> outbound.Reply:
        left = self._end - time.monotonic()
        if left <= 0:
            raise ProviderDown
        try:
            sent = {"Accept": "application/json", **headers}
            reply = outbound.request(method, url, headers=sent, body=body, within=left)
        except (outbound.OutboundFailed, outbound.UrlRefused) as error:
            raise ProviderDown from error
        if not reply.complete:
            raise ProviderDown
        return reply


def as_object(value: Any) -> dict[str, Any]:
    """Return a JSON object. Raises ProviderDown for anything else."""
    if not isinstance(value, dict):
        raise ProviderDown
    return value


def text(value: Any) -> str:
    """Return a text that a provider must have sent. Raises Refused for anything else, an empty or unprintable one."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise Refused
    return value


def _json(reply: outbound.Reply) -> Any:
    try:
        return strictjson.parse(reply.body)
    except strictjson.Malformed as error:
        raise ProviderDown from error
