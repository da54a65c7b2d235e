"""An OpenID Connect provider and a GitHub on a free loopback port, honest until told to be otherwise.

    with IdentityProvider() as idp:
        idp.url                      # the issuer, and the GITHUB_URL
        idp.person = {"sub": "…"}    # who is signed in there
        code, state = idp.authorize(url)   # what a browser does there: visit the page, and be sent back
        idp.twist = bad_signature    # what is done to the next ID token instead of signing it

`requests` holds what it was asked (path, form, headers), `answers` what is sent instead of JSON at a path.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT, SECRET = "tollgate", "a secret of the client"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())


@dataclass
class Request:
    path: str
    form: dict[str, str]
    authorization: str
    cookie: str


@dataclass
class IdentityProvider:
    """Serves in a thread of its own."""

    person: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1", "preferred_username": "ann"})
    twist: Callable[["IdentityProvider", dict[str, Any]], str] | None = None
    userinfo: dict[str, Any] = field(default_factory=dict)  # said there instead of what the ID token says
    claims: dict[str, Any] = field(default_factory=dict)  # said in the ID token besides
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    emails: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.codes: dict[str, dict[str, str]] = {}
        self.issued: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def authorize(self, url: str) -> tuple[str, str]:
        """Return the code and state that the browser comes back with."""
        asked = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        assert asked["code_challenge_method"] == "S256"
        assert asked.get("response_type", "code") == "code"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return code, asked["state"]

    def token(self, code: str) -> dict[str, Any]:
        asked = self.codes[code]
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": str(self.person["sub"]),
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce", ""),
            "auth_time": now,
            **self.claims,
        }
        self.issued = [secrets.token_urlsafe(16), (self.twist or sign)(self, claims)]
        return {"token_type": "Bearer", "access_token": self.issued[0], "id_token": self.issued[1]}

    def verifies(self, form: dict[str, str]) -> bool:
        """Whether a code is redeemed by whom it was made for (PKCE), for the first time."""
        asked = self.codes.get(form.get("code", ""), {})
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return bool(asked) and asked["code_challenge"] == proof and asked["redirect_uri"] == form.get("redirect_uri")


def sign(idp: IdentityProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, RSA, "RS256", headers={"kid": "rsa"})


def keys() -> dict[str, Any]:
    listed = {
        "rsa": jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True),
        "ec": jwt.algorithms.ECAlgorithm.to_jwk(EC.public_key(), as_dict=True),
    }
    return {"keys": [{**key, "kid": name, "use": "sig"} for name, key in listed.items()]}


def _handler(idp: IdentityProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            path = urlsplit(self.path).path
            headers = self.headers.get("authorization", ""), self.headers.get("cookie", "")
            idp.requests.append(Request(path, form, *headers))
            if path in idp.answers:
                idp.answers[path](self)
                return
            status, said = PAGES[path](idp, form, headers[0])
            self.send(status, json.dumps(said).encode())

        def send(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


Answer = tuple[int, Any]


def _metadata(idp: IdentityProvider, *_: object) -> Answer:
    paths = {"authorization": "/authorize", "token": "/token", "userinfo": "/userinfo"}
    said = {f"{name}_endpoint": idp.url + path for name, path in paths.items()}
    return 200, {"issuer": idp.url, "jwks_uri": f"{idp.url}/keys", **said, **idp.metadata}


def _token(idp: IdentityProvider, form: dict[str, str], authorization: str) -> Answer:
    pair = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
    known = authorization == f"Basic {pair}" or form.get("client_secret") == SECRET
    if not known or not idp.verifies(form):
        return 400, {"error": "invalid_grant"}
    said = idp.token(form["code"])
    del idp.codes[form["code"]]
    return 200, said


def _userinfo(idp: IdentityProvider, _form: object, authorization: str) -> Answer:
    if authorization != f"Bearer {idp.issued[0]}":
        return 401, {}
    return 200, {**idp.person, **idp.userinfo}


def _github_user(idp: IdentityProvider, _form: object, authorization: str) -> Answer:
    return 200, {"id": idp.person["sub"], "login": idp.person.get("preferred_username"), "email": None}


PAGES: dict[str, Callable[..., Answer]] = {
    "/.well-known/openid-configuration": _metadata,
    "/keys": lambda *_: (200, keys()),
    "/token": _token,
    "/userinfo": _userinfo,
    "/login/oauth/access_token": _token,
    "/api/v3/user": _github_user,
    "/api/v3/user/emails": lambda idp, *_: (200, idp.emails),
}
