"""One code, two dozen browsers, two server processes: one of them gets in, and no more than five are even looked at."""

import re
from collections import Counter
from collections.abc import Iterator

import pyotp
import pytest
import requests

from tests.scale import scaled
from tests.second_factor import SECRET
from tests.serving import Server
from tests.together import together

BROWSERS = 24
NAME, PASSWORD = "mei", "correct horse battery staple"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PREPARE = f"""
from accounts.models import Limit, User
from console.accounts import open_account
from security.models import TOTPDevice
from tests.second_factor import enroll

user = User.objects.filter(username={NAME!r}).first()
user = user or open_account(username={NAME!r}, email="mei@example.com", password={PASSWORD!r})
TOTPDevice.objects.filter(user=user).delete()
Limit.objects.all().delete()
print("|".join(enroll(user)))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(workers=2) as running:
        yield running


class Visitor:
    """A browser that has given the password and waits at the second step."""

    def __init__(self, site: str) -> None:
        self.site, self.session = site, requests.Session()
        self.session.trust_env = False
        self.post("/accounts/login/", login=NAME, password=PASSWORD)
        self.token = self.ask("/accounts/login/second-factor/")

    def ask(self, path: str) -> str:
        found = TOKEN.search(self.session.get(self.site + path, timeout=30).text)
        assert found, f"{path} has no form"
        return found[1]

    def post(self, path: str, **fields: str) -> int:
        data = {"csrfmiddlewaretoken": getattr(self, "token", None) or self.ask(path), **fields}
        return self.session.post(self.site + path, data, allow_redirects=False, timeout=30).status_code

    def finish(self, code: str) -> int:
        return self.post("/accounts/login/second-factor/", code=code)

    @property
    def inside(self) -> bool:
        answer = self.session.get(f"{self.site}/settings/profile/", allow_redirects=False, timeout=30)
        return answer.status_code == 200


@pytest.mark.req("D1", "D5", "E2", "A6")
@pytest.mark.parametrize("kind", ["code", "recovery code"])
def test_one_of_24_browsers_gets_in_over_two_processes(server, kind):
    for _ in range(scaled(10)):
        codes = server.manage("shell", "-v", "0", "-c", PREPARE).strip().split("|")
        visitors = [Visitor(server.url) for _ in range(BROWSERS)]
        typed = pyotp.TOTP(SECRET).now() if kind == "code" else codes[0]
        statuses = Counter(together(BROWSERS, lambda number: visitors[number].finish(typed)))  # noqa: B023 (at once)
        assert statuses[302] == 1, statuses
        assert statuses[422] <= 5
        assert sum(statuses.values()) == statuses[302] + statuses[422] + statuses[429] == BROWSERS
        assert [visitor.inside for visitor in visitors].count(True) == 1
