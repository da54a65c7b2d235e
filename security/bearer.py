"""Who calls /api: the owner of the access token in the Authorization header. Nothing else is looked at."""

from collections.abc import Sequence

from django.http import HttpRequest
from ninja.security.http import HttpAuthBase

from accounts import http, limits
from common.api import Problem
from security import tokens
from security.models import AccessToken

Scope = AccessToken.Scope
SAFE = {"GET", "HEAD"}


class BadToken(Problem):
    """Missing, malformed, unknown, revoked, expired, or its owner disabled: one same answer."""

    status, code, type = 401, "invalid_api_key", "authentication_error"

    def __init__(self) -> None:
        super().__init__(
            "The access token is missing, malformed, unknown, revoked or expired. "
            "Send it as 'Authorization: Bearer <token>'; yours are on the Security page.",
            headers={"WWW-Authenticate": "Bearer"},
        )


class ScopeMissing(Problem):
    """The token was not made for this."""

    status, code, type = 403, "insufficient_scope", "permission_error"


class TooManyBadTokens(Problem):
    """Too many tokens that nobody has came from this address."""

    status, code, type = 429, "rate_limit_exceeded", "rate_limit_error"


class AccessTokenAuth(HttpAuthBase):
    """Let a token in that has one of the scopes: of `reads` to look, of `writes` to change something."""

    openapi_scheme = "bearer"

    def __init__(self, *, reads: Sequence[Scope] = (Scope.READ,), writes: Sequence[Scope] = (Scope.WRITE,)) -> None:
        super().__init__()
        self.reads, self.writes = tuple(reads), tuple(writes)

    def __call__(self, request: HttpRequest) -> AccessToken:
        """Return the token, and let the request be its owner's. Raises a Problem."""
        token = known(request, presented(request))
        needed = self.needed(str(request.method))
        if not set(needed) & set(token.scopes):
            raise ScopeMissing(f"This token lacks the scope {' or '.join(needed)}. Make one that has it.")
        request.user = token.user
        return token

    def needed(self, method: str) -> tuple[Scope, ...]:
        """Return the scopes of which one is enough for a method."""
        return self.reads if method in SAFE else self.writes


def presented(request: HttpRequest) -> str:
    """Return the secret of the Authorization header, empty where there is none."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret if scheme.lower() == "bearer" else ""


def known(request: HttpRequest, secret: str) -> AccessToken:
    """Return the token. Raises BadToken, or TooManyBadTokens after 60 unknown ones a minute from one address.

    Tokens that are good are let in all the while. One with a wrong checksum costs no query, so it is not counted.
    """
    try:
        return tokens.authenticate(secret)
    except tokens.InvalidToken:
        if tokens.well_formed(secret):
            _count(request)
        raise BadToken from None


def _count(request: HttpRequest) -> None:
    try:
        limits.take(limits.BAD_TOKEN, http.network(request))
    except limits.TooManyTries as reached:
        raise TooManyBadTokens(
            "Too many unknown access tokens came from your address. Wait a minute.",
            headers={"Retry-After": str(reached.retry_after)},
        ) from reached
