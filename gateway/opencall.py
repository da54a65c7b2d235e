"""A call that holds money: whoever opens one must close it, and `async with` does where nobody else has."""

import logging
from types import TracebackType
from typing import Self

from gateway import bill
from gateway.bill import Bill
from gateway.commit.orders import Hold, Record, Settle, Settled, StoreDown
from gateway.errors import InternalError, Refusal, ServiceUnavailable
from gateway.held import Held
from gateway.http import ApiCall
from gateway.routing import Candidate
from privacy.http import recordable

logger = logging.getLogger(__name__)
CLIENT_LEFT = 499  # nginx's number for it; there is no standard one


class OpenCall(Held):
    """A call and its hold. The first of `pay`, `fail` and `abandon` settles; the others then do nothing."""

    def __init__(self, call: ApiCall, hold: Hold) -> None:
        """Take charge of the hold."""
        super().__init__(call, hold)
        self.closed = False
        self.handed_over = False  # to a stream, which settles when it ends
        self.ttfb_ms: int | None = None
        if call.address is not None:
            call.runtime.addressed.add(call)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.closed or self.handed_over:
            return
        if isinstance(error, Refusal):
            await self.fail(error)
        elif isinstance(error, Exception):
            await self.fail(InternalError("Something went wrong."))
        else:  # cancelled: the client has left
            await self.abandon(self.call.candidates[0], seen=0)

    async def pay(self, bill: Bill, candidate: Candidate, *, status: int = 200, reason: str = "") -> None:
        """Settle durably. Raises ServiceUnavailable where the database did not take it, or had swept the hold."""
        settled = await self._settle(self._record(bill, candidate, status=status, reason=reason), bill.charge)
        if not settled.first:
            raise ServiceUnavailable("The call outlived its hold; it was charged by what had been seen of it.")

    async def fail(self, refusal: Refusal, *, channel: str = "") -> None:
        """Give the hold back and write why."""
        try:
            record = refused(self.call, refusal, channel=channel)
            record.address = self.call.address  # its owner may have stopped recording since
            await self._settle(record, charge=0)
        except ServiceUnavailable:
            logger.warning("A hold could not be released; it stays queued")

    async def abandon(self, candidate: Candidate, *, seen: int) -> None:
        """Charge the prompt and what was seen: the client has left."""
        if self.closed:
            return
        guessed = bill.guess(self, candidate, seen)
        record = self._record(guessed, candidate, status=CLIENT_LEFT, reason="The client left before the end.")
        try:
            await self._settle(record, guessed.charge)
        except ServiceUnavailable:
            logger.warning("A settlement was not stored; it stays queued")

    async def _settle(self, record: Record, charge: int) -> Settled:
        if self.closed:
            raise RuntimeError("a call is settled once")
        self.closed = self.call.noted = True
        try:
            return await self.call.runtime.batcher.settle(Settle(self.hold.id, self.hold.wallet, charge, record))
        except StoreDown as error:
            raise ServiceUnavailable("The database is out of reach; the answer's end is withheld.") from error

    def _record(self, bill: Bill, candidate: Candidate, *, status: int, reason: str) -> Record:
        call, units = self.call, bill.units
        return Record(
            model=call.model,
            api_key=call.known_caller.key_name,
            channel=candidate.channel,
            stream=call.known_request.stream,
            status=status,
            reason=reason,
            input_tokens=units.input,
            output_tokens=units.output,
            cached_tokens=units.cached,
            cache_write_tokens=units.cache_write,
            reasoning_tokens=units.reasoning,
            audio_input_tokens=units.audio_input,
            audio_output_tokens=units.audio_output,
            price_id=bill.price_id,
            price_source=bill.price_source,
            estimated=bill.estimated,
            latency_ms=call.elapsed_ms(),
            ttfb_ms=self.ttfb_ms,
            address=call.address,
        )


def refused(call: ApiCall, refusal: Refusal, *, channel: str = "") -> Record:
    """Return the log row of a call that was refused, with an address only where its owner records it."""
    return Record(
        kind="error",
        model=call.model,
        api_key=call.known_caller.key_name,
        channel=channel,
        stream=call.asked.stream if call.asked else False,
        status=refusal.status,
        code=refusal.code,
        reason=refusal.message,
        latency_ms=call.elapsed_ms(),
        address=recordable(call),
    )
