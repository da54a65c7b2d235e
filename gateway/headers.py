"""Which headers pass the gate: what an upstream gets to see of a client, and a client of an upstream."""

from collections.abc import Mapping

from gateway.exchange import Order
from gateway.routing import Candidate, Credential

PASSED_ON = frozenset({"content-type", "anthropic-version", "anthropic-beta", "openai-beta", "idempotency-key"})
# whoever lists these for a channel still does not get them: credentials, addresses and what frames a message
WITHHELD = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "cookie",
        "user-agent",
        "host",
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "cf-ipcountry",
        "fastly-client-ip",
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "transfer-encoding",
        "content-length",
        "content-encoding",
        "accept-encoding",
        "expect",
    }
)
ANSWERED = ("content-type", "content-language", "content-disposition")


def sent(order: Order, candidate: Candidate, credential: Credential) -> dict[str, str]:
    """Return what the upstream gets to see: content, the channel's own headers and key, nothing of the client."""
    wanted = PASSED_ON.union(candidate.forward) - WITHHELD if candidate.forward else PASSED_ON
    headers = {name: value for name, value in order.headers.items() if name in wanted}
    headers.setdefault("content-type", "application/json")
    headers["accept"] = "text/event-stream" if order.stream else "application/json"
    headers["accept-encoding"] = "identity"
    headers["user-agent"] = "Tollgate"
    if credential.secret:
        headers["authorization"] = f"Bearer {credential.secret}"
    headers.update((name.lower(), value) for name, value in candidate.headers)
    return headers


def answered(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what a client gets to see of an upstream's headers: what its answer is."""
    return {name: headers[name] for name in ANSWERED if name in headers}
