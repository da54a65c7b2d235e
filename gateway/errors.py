"""What a caller of /v1 can be told: one exception per refusal, each with its status and code (contract, section 4)."""

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Refusal(Exception):
    """A refusal with the words for the client. `headers` are added to the answer."""

    message: str
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    status = 400
    code = "invalid_request"
    type = "invalid_request_error"


class InvalidRequest(Refusal):
    """The request cannot be understood or is not allowed; the message says what to change."""


class InvalidApiKey(Refusal):
    """Missing, malformed, unknown, revoked, expired, or its owner disabled: one same answer."""

    status, code, type = 401, "invalid_api_key", "authentication_error"


class NotFound(Refusal):
    """Nothing answers at this path."""

    status, code = 404, "not_found"


class MethodNotAllowed(Refusal):
    """The path exists, but not for this method; Allow names those it has."""

    status, code = 405, "method_not_allowed"


class ModelNotFound(Refusal):
    """No enabled channel of the group serves the model."""

    status, code = 404, "model_not_found"


class ModelNotAllowed(Refusal):
    """The key's or the group's own list leaves the model out."""

    status, code, type = 403, "model_not_allowed", "permission_error"


class IpNotAllowed(Refusal):
    """The key is tied to other addresses."""

    status, code, type = 403, "ip_not_allowed", "permission_error"


class ModelPriceNotSet(Refusal):
    """Served, but without a price, and the user does not accept that."""

    status, code, type = 403, "model_price_not_set", "permission_error"


class InsufficientQuota(Refusal):
    """The wallet does not cover the hold."""

    status, code, type = 402, "insufficient_quota", "insufficient_quota"


class KeyLimitReached(Refusal):
    """The key's own spending limit does not cover the hold."""

    status, code, type = 402, "key_limit_reached", "insufficient_quota"


class CapReached(Refusal):
    """The account's cap for calls without a price does not cover the hold."""

    status, code, type = 402, "cap_reached", "insufficient_quota"


class BodyTooLarge(Refusal):
    """The body is larger than the gate reads."""

    status, code = 413, "invalid_request"


class UnsupportedMediaType(Refusal):
    """The body is not of a type that the endpoint reads."""

    status, code = 415, "invalid_request"


class RateLimited(Refusal):
    """Requests, tokens, parallel calls or open streams of the group are used up; Retry-After says for how long."""

    status, code, type = 429, "rate_limit_exceeded", "rate_limit_error"


class InternalError(Refusal):
    """Something unforeseen; the log has it under the request id."""

    status, code, type = 500, "internal_error", "api_error"


class UpstreamFailed(Refusal):
    """Every candidate failed before the first byte."""

    status, code, type = 502, "upstream_error", "api_error"


@dataclass(slots=True, eq=False)
class UpstreamRefused(Refusal):
    """The upstream says that the request is wrong: 400, 404, 413 or 422, relayed with its own body."""

    status: int = 400

    code, type = "upstream_error", "invalid_request_error"


class NoChannel(Refusal):
    """Every channel of the model rests."""

    status, code, type = 503, "no_channel", "api_error"


class ServiceUnavailable(Refusal):
    """The database is out of reach: nothing was sent upstream, or the end of the answer is withheld."""

    status, code, type = 503, "service_unavailable", "api_error"


class UpstreamTimeout(Refusal):
    """The upstream was silent for too long."""

    status, code, type = 504, "upstream_timeout", "api_error"
