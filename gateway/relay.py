"""Send a call to the channel that should answer it, and to the next one while nothing of an answer has left."""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from django.db import DatabaseError, connection

from gateway import channels, sandbox, upstream
from gateway.errors import NoChannel, RateLimited, Refusal, UpstreamFailed
from gateway.exchange import Answer, Cut, Order
from gateway.health import health
from gateway.models import Channel
from gateway.routing import Candidate, Credential

__all__ = ["Answer", "Cut", "Order", "send"]

DEFAULT_PAUSE = 5.0  # seconds, where an upstream answers 429 without saying for how long

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Failures:
    """What went wrong with one call so far."""

    channels: set[int] = field(default_factory=set)  # not to be asked again, whatever the key
    pauses: list[float] = field(default_factory=list)  # seconds that 429s asked for
    others: int = 0

    def refusal(self) -> Refusal:
        """Return what the client is told: nothing of the upstreams' own words."""
        if self.pauses and not self.others:
            seconds = max(1, math.ceil(min(self.pauses)))
            return RateLimited(
                f"Every channel of the model is at its rate limit. Try again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )
        if self.pauses or self.others:
            return UpstreamFailed("No channel of the model could answer. Try again; if it persists, tell the operator.")
        return NoChannel("Every channel of the model rests. Tell the operator.")


async def send(order: Order, candidates: Sequence[Candidate]) -> Answer:
    """Return the answer of the first candidate that gives one.

    Answers of status 400, 404, 413 and 422 are answers too, with the upstream's own body. Raises UpstreamFailed,
    UpstreamTimeout, RateLimited or NoChannel where nobody answers.
    """
    failures = Failures()
    for candidate, credential in health.rank(candidates, order.hint):
        if candidate.channel_id in failures.channels:
            continue
        try:
            answer = await ask(order, candidate, credential)
        except upstream.Failed as failure:
            _note(failures, failure, candidate, credential)
        else:
            _works(candidate, credential)
            return answer
    raise failures.refusal()


async def ask(order: Order, candidate: Candidate, credential: Credential) -> Answer:
    """Return the answer of this candidate, asked again without the bound field if it refuses that one.

    Raises upstream.Failed, UpstreamTimeout.
    """
    if candidate.kind == Channel.Kind.SANDBOX:
        return await sandbox.ask(order, candidate)
    body = order.body(candidate, True)  # noqa: FBT003 - the signature is a Callable's
    answer = await upstream.ask(order, candidate, credential, body)
    if answer.status == HTTPStatus.BAD_REQUEST and candidate.bound_field.encode() in answer.body:
        plain = order.body(candidate, False)  # noqa: FBT003
        if plain != body:
            answer = await upstream.ask(order, candidate, credential, plain)
            answer.bounded = False
    return answer


def _note(failures: Failures, failure: upstream.Failed, candidate: Candidate, credential: Credential) -> None:
    """Draw the consequences of a failure for this call and the next ones."""
    logger.warning("Channel %s did not answer: %s", candidate.channel, failure.reason)
    if failure.status == HTTPStatus.TOO_MANY_REQUESTS:
        pause = DEFAULT_PAUSE if failure.retry_after is None else failure.retry_after
        failures.pauses.append(pause)
        health.limited(candidate.channel_id, credential.id, pause)
        return
    failures.others += 1
    if failure.status in upstream.KEY_PROBLEMS and credential.id:
        health.refused.add(credential.id)
        _later(lambda: channels.refuse(credential.id, status=int(failure.status or 0)))
        return
    failures.channels.add(candidate.channel_id)
    health.failed(candidate.channel_id)


def _works(candidate: Candidate, credential: Credential) -> None:
    health.answered(candidate.channel_id, credential.id)
    if credential.rests_until:
        _later(lambda: channels.recover(credential.id))


_tasks: set[asyncio.Task[None]] = set()


def _later(verb: Callable[[], None]) -> None:
    """Write what was learned about a key for the other processes; the call does not wait for it."""
    task = asyncio.get_running_loop().create_task(asyncio.to_thread(_write, verb))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def _write(verb: Callable[[], None]) -> None:
    try:
        verb()
    except DatabaseError:
        logger.exception("The state of a channel key could not be stored")
    finally:
        connection.close()  # the thread is anyone's


async def settled() -> None:
    """Wait until everything learned is stored, at the end of a process."""
    await asyncio.gather(*_tasks)


async def close() -> None:
    """Store what was learned and close the connections of the running loop, at the end of a process."""
    await settled()
    await upstream.close()
