"""/healthz says that the process answers, /readyz that it can do its work; neither tells a stranger more."""

import asyncio
from collections.abc import Awaitable, Callable

from django.http import HttpResponse

from gateway import answers
from gateway.errors import MethodNotAllowed
from gateway.runtime import Runtime

PATIENCE_S = 1.5

Start = Callable[[], Awaitable[Runtime]]


async def alive(start: Start) -> HttpResponse:  # noqa: ARG001 (a probe's signature)
    """Return 200 as long as anything is returned at all."""
    return answers.document({"status": "ok"})


async def ready(start: Start) -> HttpResponse:
    """Return 200 where the database answers and some channel is usable, else 503."""
    if await _works(start):
        return answers.document({"status": "ok"})
    return answers.document({"status": "unavailable"}, status=503)


async def _works(start: Start) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            runtime = await start()
            await runtime.refresh()
    except Exception:  # noqa: BLE001 (whatever the database's driver raises)
        return False
    return runtime.snapshot.usable()


async def answer(method: str, path: str, start: Start) -> HttpResponse:
    """Return what a probe says. Raises MethodNotAllowed."""
    if method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(f"{path} answers GET, HEAD.", headers={"Allow": "GET, HEAD"})
    return await PATHS[path](start)


PATHS: dict[str, Callable[[Start], Awaitable[HttpResponse]]] = {"/healthz": alive, "/readyz": ready}
