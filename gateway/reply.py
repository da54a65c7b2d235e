"""Puts an answer on the wire."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from common.headers import guards
from gateway.http import Send
from gateway.stream import StreamAnswer
from gateway.wire import Wire

NO_STORE = (b"cache-control", b"no-store")


async def reply(response: HttpResponseBase, send: Send, *, request_id: str, head: bool = False) -> None:
    """Send an answer, to HEAD without its body; a stream is closed, and so settled, in any case."""
    if isinstance(response, StreamAnswer):
        try:
            await send(_start(response, request_id))
            await Wire(send).carry(response.stream.pieces())
        finally:
            await response.stream.close()
        return
    content = response.content if isinstance(response, HttpResponse) else b""
    start = _start(response, request_id)
    start["headers"].append((b"content-length", b"%d" % len(content)))
    await send(start)
    await send({"type": "http.response.body", "body": b"" if head else content})


def _start(response: HttpResponseBase, request_id: str) -> dict[str, Any]:
    headers = [(name.lower().encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    headers += [(b"x-request-id", request_id.encode("ascii")), *guards()]
    if not response.has_header("Cache-Control"):
        headers.append(NO_STORE)
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}
