"""Mutated answers of authenticators at the pages that take them, 10,000 at full scale: each gets a 4xx or is right."""

import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from security.models import Passkey
from tests.accounts.conftest import Browser, outbox
from tests.fuzz.test_webauthn import SEED, mutated
from tests.scale import scaled
from tests.security.ceremonies import register
from tests.security.softkey import SoftKey

__all__ = ["outbox"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("F11")]
SIGN_IN, SUDO = "/accounts/login/passkey/", "/accounts/reauthenticate/passkey/"
NEW = "/settings/security/passkeys/new/"


class Visits:
    """A person with one passkey who keeps coming back, from another address each time: tries are counted."""

    def __init__(self, key: SoftKey) -> None:
        self.key, self._number = key, 0
        self.browser = self.next()

    def next(self, *, signed_in: bool = False) -> Browser:
        self._number += 1
        number = self._number
        self.browser = Browser(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        if signed_in:
            answer = self.key.get(self.options(SIGN_IN))
            assert self.browser.post(SIGN_IN, {"credential": json.dumps(answer)}).status_code == 200
        return self.browser

    def send(self, path: str, credential: str, **more: str) -> int:
        """Post the bytes as they are, with what is no text at all."""
        form = urlencode({"credential": credential.encode("utf-8", "surrogatepass"), **more})
        return self.browser.post(path, form, content_type="application/x-www-form-urlencoded").status_code

    def options(self, path: str, page: str = "options/") -> dict[str, Any]:
        answer = self.browser.post(path + page)
        assert answer.status_code == 200, answer.content
        return answer.json()


def sign_in(visits: Visits, mutate: Callable[[dict[str, Any]], str]) -> int:
    visits.next()
    answer = visits.key.get(visits.options(SIGN_IN))
    return visits.send(SIGN_IN, mutate(answer))


def confirm(visits: Visits, mutate: Callable[[dict[str, Any]], str]) -> int:
    visits.next(signed_in=True)
    answer = visits.key.get(visits.options(SUDO))
    return visits.send(SUDO, mutate(answer))


def add(visits: Visits, mutate: Callable[[dict[str, Any]], str]) -> int:
    if not visits.browser.session.get("_auth_user_id"):
        visits.next(signed_in=True)
    answer = SoftKey().create(visits.options(NEW))
    status = visits.send(NEW + "confirm/", mutate(answer), name="x")
    Passkey.objects.exclude(credential_id__in=list(visits.key.keys)).delete()
    return status


@pytest.mark.parametrize(("ceremony", "times"), [(sign_in, 4000), (confirm, 2000), (add, 4000)])
def test_no_page_fails_whatever_an_authenticator_says(user, ceremony, times):
    dice, key = random.Random(f"{SEED} {ceremony.__name__}"), SoftKey()
    register(user, key)
    visits = Visits(key)
    seen = {ceremony(visits, lambda answer: mutated(dice, answer)) for _ in range(scaled(times, least=100))}
    assert 400 in seen
    assert seen <= {200, 400}
