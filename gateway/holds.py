"""What a call asks of the wallet, and the words for a refusal."""

import time

from django.conf import settings

from common import money, windows
from gateway import estimate
from gateway.commit.orders import Hold, Limit, Refused, Reserve, StoreDown
from gateway.commit.rules import OPEN
from gateway.errors import CapReached, InsufficientQuota, KeyLimitReached, RateLimited, Refusal, ServiceUnavailable
from gateway.http import ApiCall
from gateway.keyring import Caller
from pricing import services as pricing

PATIENCE_S = 1.5  # a caller is told within two seconds that the database is gone
MINUTE = 60
LARGEST = money.LARGEST
CAP, FALLBACK = "cap", "fallback"


async def reserve(call: ApiCall) -> Hold:
    """Return the hold. Raises InsufficientQuota, KeyLimitReached, CapReached, RateLimited, ServiceUnavailable."""
    result = await _ask(call)
    if isinstance(result, Refused) and result.limit and result.limit.kind == CAP and leave_unpriced(call):
        result = await _ask(call)
    if isinstance(result, Refused):
        raise refusal(result, time.time())
    return result


async def _ask(call: ApiCall) -> Hold | Refused:
    try:
        return await call.runtime.batcher.reserve(order(call, time.time()), within=PATIENCE_S)
    except StoreDown as error:
        raise ServiceUnavailable("The database is out of reach; nothing was sent. Try again in a moment.") from error


def unpriced(call: ApiCall) -> bool:
    """Return whether a channel without a price may answer the call."""
    return any(rates.source == FALLBACK for rates in call.prices.values())


def leave_unpriced(call: ApiCall) -> bool:
    """Keep the channels that have a price, the month's cap being reached; return whether there are any."""
    priced = {channel: rates for channel, rates in call.prices.items() if rates.source != FALLBACK}
    if priced:
        call.prices = priced
        call.candidates = tuple(candidate for candidate in call.candidates if candidate.channel in priced)
    return bool(priced)


def order(call: ApiCall, now: float) -> Reserve:
    """Return the order of a hold that covers whichever candidate answers: the dearest price, the longest output."""
    asked, caller = call.known_request, call.known_caller
    prompt, first = asked.prompt_tokens, call.candidates[0]
    rates = list(call.prices.values())
    ppm = caller.multiplier_ppm
    longest = max([estimate.output_limit(one, prompt) or estimate.UNKNOWN_LIMIT for one in rates])
    if asked.client_max is None and caller.tpm is not None:
        # else a long-winded model would never fit in the minute, and its calls be refused in vain
        longest = min(longest, max(caller.tpm - prompt, 1))
    return Reserve(
        id=call.id,
        wallet=caller.user_id,
        prompt_tokens=prompt,
        prompt_cost=min(max([pricing.prompt_cost(one, prompt, ppm) for one in rates]), LARGEST),
        output_rate=min(max([pricing.output_rate(one, prompt, ppm, copies=asked.copies) for one in rates]), LARGEST),
        model_limit=min(longest, estimate.LARGEST),
        client_max=None if asked.client_max is None else min(asked.client_max, estimate.LARGEST),
        limits=limits_of(caller, now, stream=asked.stream, unpriced=unpriced(call)),
        model=call.model,
        api_key=caller.key_name,
        channel=first.channel,
        worker=call.runtime.worker,
        stream=asked.stream,
        price_id=call.prices[first.channel].id,
        price_source=call.prices[first.channel].source,
    )


def limits_of(caller: Caller, now: float, *, stream: bool, unpriced: bool = False) -> tuple[Limit, ...]:
    """Return what a call of this key counts against: budgets of key and account, the group's limits over all keys.

    Calls that may be `unpriced` are counted without a cap too, so that one set in mid-month knows the whole month.
    """
    limits = []
    if caller.limit is not None:
        limits.append(Limit("key", caller.key_id, windows.opens(caller.period, now), caller.limit))
    if unpriced:
        cap = caller.safeguard.monthly_cap
        limits.append(Limit(CAP, caller.user_id, windows.opens("month", now), LARGEST if cap is None else cap))
    minute = windows.opens("minute", now)
    if caller.rpm is not None:
        limits.append(Limit("rpm", caller.user_id, minute, caller.rpm))
    if caller.tpm is not None:
        limits.append(Limit("tpm", caller.user_id, minute, caller.tpm))
    if caller.parallel is not None:
        limits.append(Limit("parallel", caller.user_id, 0, caller.parallel))
    if stream and caller.streams is not None:
        limits.append(Limit("streams", caller.user_id, 0, caller.streams))
    return tuple(limits)


def refusal(refused: Refused, now: float) -> Refusal:
    """Return the words for a hold that did not fit."""
    limit = refused.limit
    needs = (
        f"The call needs a hold of {_usd(refused.needed)}. Of your balance {_usd(refused.free)} is free, "
        f"and {_usd(refused.held)} is held by calls in flight."
    )
    if limit is None:
        return InsufficientQuota(f"{needs} Top up, or ask for less with max_tokens.")
    if limit.kind == "key":
        return KeyLimitReached(f"{needs} But less than that is left of this API key's limit of {_usd(limit.amount)}.")
    if limit.kind == CAP:
        return CapReached(
            f"{needs} But less than that is left of your cap of {_usd(limit.amount)} a month "
            "for models without a price. A new month begins on the first, UTC; "
            f"the cap is at {settings.BASE_URL}/settings/pricing/."
        )
    if limit.kind in OPEN:
        what = "calls of your account are in flight" if limit.kind == "parallel" else "streams of your account are open"
        return RateLimited(f"{limit.amount} {what}, as many as your group may have.", headers={"Retry-After": "1"})
    what = "requests" if limit.kind == "rpm" else "tokens"
    return RateLimited(
        f"Your group's {limit.amount} {what} a minute are used up.",
        headers={"Retry-After": str(MINUTE - int(now) % MINUTE)},
    )


def _usd(nano: int) -> str:
    return f"${money.plain(nano)}"
