"""Try a channel with a tiny live call; it goes past the ledger and costs no account anything."""

import asyncio
import time
from dataclasses import dataclass, replace
from http import HTTPStatus

import orjson

from common import outbound, pinned
from gateway import channel_rules, channels, relay, upstream
from gateway.errors import UpstreamTimeout
from gateway.exchange import Answer, Order
from gateway.health import NO_KEY
from gateway.models import Channel
from gateway.routing import Candidate, Credential, Timeouts

PATIENCE = 30.0  # seconds
FEW_TOKENS = 16  # less is refused by some upstreams


@dataclass(frozen=True, slots=True)
class Result:
    """How one key of a channel fared, in words for its operator."""

    key: str  # its end; empty for a channel without keys
    works: bool
    words: str


def test(channel: Channel) -> list[Result]:
    """Return how each key of the channel fares; one that works is taken back, one that is refused rests.

    Raises InvalidChannel where the channel serves no model.
    """
    served = channels.candidates(channel)
    if not served:
        raise channel_rules.InvalidChannel("The channel serves no model.")
    patient = Timeouts(min(served[0].timeouts.connect, PATIENCE), PATIENCE, PATIENCE, PATIENCE)
    candidate = replace(served[0], timeouts=patient)
    results = []
    for key in candidate.credentials or (NO_KEY,):
        status, words = asyncio.run(_try(candidate, key))
        if key.id and status == HTTPStatus.OK:
            channels.recover(key.id)
        if key.id and status in upstream.KEY_PROBLEMS:
            channels.refuse(key.id, status=status)
        results.append(Result(channel_rules.hint(key.secret), status == HTTPStatus.OK, words))
    return results


async def _try(candidate: Candidate, key: Credential) -> tuple[int, str]:
    """Return the status of one call, 0 where there was none, and what it means."""
    began = time.monotonic()
    try:
        answer = await _ask(candidate, key)
    except UpstreamTimeout:
        return 0, f"No answer within {PATIENCE:g} seconds."
    except upstream.Failed as failure:
        return failure.status or 0, _words(failure)
    finally:
        await relay.close()
    if answer.status == HTTPStatus.NOT_FOUND:
        return answer.status, f"The upstream knows no {candidate.upstream_model!r}, or the base URL is wrong (404)."
    if answer.status != HTTPStatus.OK:
        return answer.status, f"The upstream did not take the call ({answer.status})."
    return answer.status, f"{candidate.model} answered in {(time.monotonic() - began) * 1000:.0f} ms."


async def _ask(candidate: Candidate, key: Credential) -> Answer:
    def body(candidate: Candidate, bounded: bool) -> bytes:  # noqa: FBT001 - as the relay calls it
        call: dict[str, object] = {"model": candidate.upstream_model, "messages": [{"role": "user", "content": "ping"}]}
        if bounded and candidate.bound_field != Channel.BoundField.NONE:
            call[candidate.bound_field] = FEW_TOKENS
        return orjson.dumps(call)

    order = Order("chat/completions", {}, stream=False, hint="", body=body)
    return await relay.ask(order, candidate, key)


def _words(failure: upstream.Failed) -> str:
    if failure.status in upstream.KEY_PROBLEMS:
        return f"The upstream refuses the key ({failure.status})."
    if failure.status == HTTPStatus.TOO_MANY_REQUESTS:
        return "The upstream is at its rate limit (429); the key may be good."
    if pinned.caused_by(failure, outbound.AddressRefused):
        return "The address is not public, and TOLLGATE_OUTBOUND_ALLOW does not name its network."
    return f"No answer: {failure.reason}."
