"""The life of a call: hold, relay, settle, answer."""

from typing import Any

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from common import money
from gateway import answers, bill, costs, holds, problems, relay, stream
from gateway.http import ApiCall
from gateway.opencall import OpenCall
from gateway.relay import Answer, Order
from gateway.routing import Candidate

# what coding agents and chat programs send to keep a session together
SESSION_HEADERS = ("session-id", "session_id", "x-session-id", "x-session-affinity", "x-claude-code-session-id")


async def run(call: ApiCall) -> HttpResponseBase:
    """Return the answer to a call that every rule has passed. Raises the refusal it meets."""
    async with OpenCall(call, await holds.reserve(call)) as opened:
        order = order_of(opened)
        if order.stream:
            return await stream.begin(opened, order)
        return await finish(opened, await relay.send(order, call.candidates))


def order_of(opened: OpenCall) -> Order:
    """Return what the relay is asked for."""
    call, asked, form = opened.call, opened.call.known_request, opened.call.known_format

    def body(candidate: Candidate, bounded: bool) -> bytes:  # noqa: FBT001 (the relay's signature)
        bound = opened.bound_for(candidate) if bounded else None
        return form.body_for(asked, candidate, bound)

    headers = {name.decode("latin1").lower(): value.decode("latin1") for name, value in call.scope["headers"]}
    session = asked.session or next((headers[name] for name in SESSION_HEADERS if name in headers), "")
    return Order(form.path, headers, asked.stream, session or asked.hint, body)


async def finish(opened: OpenCall, answer: Answer) -> HttpResponse:
    """Return an answer that came whole, once it is paid."""
    if problems.is_problem(answer):
        return await problems.relay_problem(opened, answer)
    call, candidate, body = opened.call, answer.candidate, await answer.read()
    opened.ttfb_ms, opened.bounded = call.elapsed_ms(), answer.bounded
    document: dict[str, Any] = orjson.loads(body) if answer.document is None else answer.document
    usage = document.get("usage")
    billed = bill.bill(opened, candidate, usage, lambda: call.known_format.seen(document))
    await opened.pay(billed, candidate, status=answer.status)
    content_type = answer.headers.get("content-type", answers.JSON)
    response = HttpResponse(costs.removed(body, usage), status=answer.status, content_type=content_type)
    response["x-tollgate-charge-usd"] = money.plain(billed.charge)
    if told := opened.told(candidate):
        response["x-tollgate-max-output"] = str(told)
    return response
