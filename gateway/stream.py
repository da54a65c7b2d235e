"""A metered stream: events pass as they come, and only the end waits until it is paid."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

import orjson
from django.conf import settings
from django.http.response import HttpResponseBase

from gateway import answers, bill, estimate, problems, relay, sse
from gateway.errors import InternalError, InvalidApiKey, Refusal, ServiceUnavailable, UpstreamFailed, UpstreamTimeout
from gateway.exchange import PIECE
from gateway.meter import Meter
from gateway.opencall import OpenCall
from gateway.relay import Answer, Cut, Order
from gateway.routing import Candidate

logger = logging.getLogger(__name__)

CUT = "The upstream broke off in the middle of its answer. What came so far is charged."
BROKEN = "Something went wrong here in the middle of the answer."
REVOKED = "The API key was revoked while it answered."


class StreamAnswer(HttpResponseBase):
    """An answer whose body is a metered stream; whoever sends it must close the stream."""

    streaming = True

    def __init__(self, stream: "MeteredStream", *, told: int | None) -> None:
        """Answer with the pieces of `stream`; `told` is the output bound that the upstream was told."""
        super().__init__(content_type="text/event-stream; charset=utf-8")
        self.stream = stream
        self["Cache-Control"] = "no-cache, no-transform"
        self["X-Accel-Buffering"] = "no"  # nginx would collect the events
        if told:
            self["x-tollgate-max-output"] = str(told)


async def begin(opened: OpenCall, order: Order) -> HttpResponseBase:
    """Return the stream, at the latest when the client has waited for a keep-alive.

    What an upstream refuses before that is answered, or raised, with its own status.
    """
    stream = MeteredStream(opened, asyncio.create_task(relay.send(order, opened.call.candidates)))
    try:
        await asyncio.wait({stream.sending}, timeout=settings.KEEP_ALIVE)
        answer = stream.sending.result() if stream.sending.done() else None
        if answer and problems.is_problem(answer):
            return await problems.relay_problem(opened, answer)
        opened.bounded = answer.bounded if answer else True
        told = opened.told(stream.candidate)
        opened.handed_over = True
        return StreamAnswer(stream, told=told)
    except Refusal as refusal:
        await opened.fail(refusal)
        raise
    finally:
        if not opened.handed_over:
            await stream.close()


class MeteredStream:
    """One answer under way. `pieces` settles it; `close` does where nobody reads to the end, or even begins."""

    def __init__(self, opened: OpenCall, sending: "asyncio.Task[Answer]") -> None:
        """Read what `sending` will return."""
        self.sending = sending
        self._opened = opened
        self._meter = Meter(opened.call)
        self._revoked = False
        self._streams = opened.call.runtime.streams
        self._streams[opened.hold.id] = self

    @property
    def key_id(self) -> int:
        """Return the key that pays."""
        return self._opened.call.known_caller.key_id

    @property
    def seen_tokens(self) -> int:
        """Return the output tokens that the client has been given so far, of each copy."""
        return -(-estimate.tokens(self._meter.seen) // self._opened.call.known_request.copies)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield whole events in pieces of at most PIECE bytes; a refusal becomes an event, and no [DONE] follows."""
        try:
            async for data in self._events():
                for start in range(0, len(data), PIECE):
                    yield data[start : start + PIECE]
        except Refusal as refusal:
            yield sse.event(answers.error(refusal))
        except Exception:
            logger.exception("The stream %s failed", self._opened.call.request_id)
            await self._opened.abandon(self.candidate, seen=self._meter.seen)
            yield sse.event(answers.error(InternalError(BROKEN)))

    def cut(self) -> None:
        """End the stream: its key opens nothing any more."""
        self._revoked = True
        self._stop()

    async def close(self) -> None:
        """Stop the upstream, and charge what was seen unless that is settled. Any number of times."""
        self._streams.pop(self._opened.hold.id, None)
        self._stop()
        try:
            await asyncio.wait({self.sending})
        finally:
            self._stop()  # an answer may have come in between
            await self._opened.abandon(self.candidate, seen=self._meter.seen)

    def _stop(self) -> None:
        if not self.sending.done():
            self.sending.cancel()
        elif (answer := self._came()) and (source := answer.source):
            source.close()

    @property
    def candidate(self) -> Candidate:
        """Return who answers, or who will be asked first."""
        answer = self._came()
        return answer.candidate if answer else self._opened.call.candidates[0]

    def _came(self) -> Answer | None:
        sending = self.sending
        return sending.result() if sending.done() and not sending.cancelled() and not sending.exception() else None

    async def _events(self) -> AsyncIterator[bytes]:
        """Yield the bytes of whole events. Raises the refusal that ends the stream, once it is settled."""
        if not self.sending.done():  # `begin` has waited as long as a client should in silence
            yield sse.KEEP_ALIVE
        answer = await self._answer()
        if problems.is_problem(answer):
            yield await self._problem(answer)
            return
        try:
            async for piece in answer.chunks():
                if now := self._meter.feed(piece):
                    self._note_first_byte()
                    yield now
            self._meter.end()
        except (Cut, UpstreamTimeout) as error:
            if self._revoked:
                raise await self._revocation(answer) from error
            await self._pay(answer, reason=CUT)
            raise UpstreamTimeout(CUT) if isinstance(error, UpstreamTimeout) else UpstreamFailed(CUT) from error
        charge = await self._pay(answer)
        yield self._meter.rest(charge)

    async def _revocation(self, answer: Answer) -> Refusal:
        """Return why the stream ends, once what was seen is paid."""
        with suppress(ServiceUnavailable):  # the account is gone, and the hold and its money with it
            await self._pay(answer, reason=CUT)
        return InvalidApiKey(REVOKED)

    async def _answer(self) -> Answer:
        try:
            return await self.sending
        except asyncio.CancelledError:
            if not self._revoked:  # it is this reader that was cancelled
                raise
            await self._opened.abandon(self.candidate, seen=0)
            raise InvalidApiKey(REVOKED) from None
        except Refusal as refusal:
            await self._opened.fail(refusal)
            raise

    async def _problem(self, answer: Answer) -> bytes:
        """Return an event for what came too late to be a status."""
        refusal = problems.reason(answer)
        await self._opened.fail(refusal, channel=answer.candidate.channel)
        try:
            return sse.event(orjson.loads(await answer.read()))
        except orjson.JSONDecodeError:
            raise refusal from None

    async def _pay(self, answer: Answer, *, reason: str = "") -> int:
        """Return the charge in nano-USD, once it is booked. Raises ServiceUnavailable."""
        meter, opened = self._meter, self._opened
        opened.bounded = answer.bounded
        billed = bill.bill(opened, answer.candidate, meter.usage, lambda: meter.seen)
        await opened.pay(billed, answer.candidate, status=answer.status, reason=reason)
        return billed.charge

    def _note_first_byte(self) -> None:
        if self._opened.ttfb_ms is None:
            self._opened.ttfb_ms = self._opened.call.elapsed_ms()
