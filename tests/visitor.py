"""A browser without a window, for a served installation: cookies, the tokens of forms, and a sign-in."""

from urllib.parse import urljoin

import pyotp
import requests

from tests.browsing import token
from tests.second_factor import SECRET

SECOND = "/accounts/login/second-factor/"


class Visitor:
    """One person at one browser; `headers` go with every request."""

    def __init__(self, site: str, **headers: str) -> None:
        self.site, self.session = site, requests.Session()
        self.session.trust_env = False
        self.session.headers.update(headers)

    def get(self, path: str) -> requests.Response:
        """Return the answer, redirects not followed."""
        return self.session.get(urljoin(self.site, path), allow_redirects=False, timeout=60)

    def post(self, path: str, *, page: str = "", **fields: str) -> requests.Response:
        """Send the form that is on `page`, by default the one at `path`."""
        shown = self.session.get(urljoin(self.site, page or path), timeout=60).text
        data = {"csrfmiddlewaretoken": token(shown), **fields}
        return self.session.post(urljoin(self.site, path), data, allow_redirects=False, timeout=60)

    def sign_in(self, name: str, password: str) -> requests.Response:
        """Give name and password."""
        return self.post("/accounts/login/", login=name, password=password)

    def confirm(self) -> requests.Response:
        """Give a code of the app that tests.second_factor enrolls."""
        return self.post(SECOND, code=pyotp.TOTP(SECRET).now())
