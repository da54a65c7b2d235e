"""What the upstream of the tests does instead of answering; its table says when."""

from typing import Any

import orjson
from aiohttp import web

BOUND_FIELDS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


async def cut_before(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    assert request.transport
    request.transport.close()
    return web.Response()


async def cut_headers(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    kind = "text/event-stream" if payload.get("stream") else "application/json"
    response = web.StreamResponse(headers={"Content-Type": kind, "Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"")
    assert request.transport
    request.transport.close()
    return response


async def html(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    return web.Response(text="<html><body>Bad gateway, but 200</body></html>", content_type="text/html")


async def broken(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    return web.Response(text='{"id": "chatcmpl-1", "choices": [{"ind', content_type="application/json")


async def array(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    return web.json_response([1, 2, 3])


async def empty(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    return web.Response(content_type="application/json")


async def error_event(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    event = {"error": {"message": "The engine is overloaded.", "type": "server_error", "code": None}}
    return web.Response(body=b"data: " + orjson.dumps(event) + b"\n\n", content_type="text/event-stream")


async def redirect(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "/v1/elsewhere"})


async def bound_400(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    named = [field for field in BOUND_FIELDS if field in payload]
    if not named:
        answer: web.StreamResponse = await server.reply(request, payload)
        return answer
    return error(400, f"Unsupported parameter: '{named[0]}' is not supported with this model.", param=named[0])


async def status(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    status, _, retry_after = argument.partition(":")
    response = error(int(status), f"The upstream says {status}. secret-upstream-detail")
    if retry_after:
        response.headers["Retry-After"] = retry_after
    return response


async def endless(server: Any, request: web.Request, payload: Any, argument: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    event = b"data: " + orjson.dumps({"choices": [{"index": 0, "delta": {"content": "x" * 4000}}]}) + b"\n\n"
    while True:
        await response.write(event)
        server.sent += len(event)


def error(status: int, message: str, *, param: str | None = None) -> web.Response:
    """Return an error in OpenAI's shape."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": None}}
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


ODDITIES = {
    "cut-before": cut_before,
    "cut-headers": cut_headers,
    "html": html,
    "broken": broken,
    "array": array,
    "empty": empty,
    "error-event": error_event,
    "redirect": redirect,
    "bound-400": bound_400,
    "status": status,
    "endless": endless,
}
