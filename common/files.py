"""Files for their owner: sent piece by piece, by either kind of server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

PIECE = 256 * 1024


def attachment(request: HttpRequest, path: Path, *, name: str, content_type: str) -> HttpResponseBase:
    """Return the file at `path` as a download called `name`; it is opened when it is read. Raises FileNotFoundError."""
    size = path.stat().st_size
    # an asynchronous server would first read all of what a plain iterator gives into memory
    pieces = _later(_pieces(path)) if isinstance(request, ASGIRequest) else _pieces(path)
    response = StreamingHttpResponse(pieces, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(size)
    return response


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


async def _later(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await sync_to_async(_next)(pieces):
        yield piece


def _next(pieces: Iterator[bytes]) -> bytes:
    return next(pieces, b"")
