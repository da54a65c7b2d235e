"""The gate as an ASGI application: /v1 without Django's page machinery, which costs ten times the call itself.

No signals, no thread hops, no resolver; the rules of settings.API_MIDDLEWARE are classes of async code only.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from gateway import answers, cors, probes, urls
from gateway.commit.orders import Settle
from gateway.errors import InternalError, ModelPriceNotSet, Refusal, ServiceUnavailable
from gateway.http import ApiCall, ClientGone, Receive, Scope, Send
from gateway.opencall import refused
from gateway.reply import reply
from gateway.runtime import Runtime
from gateway.watch import Watch
from pricing.services import PriceNotSet

logger = logging.getLogger(__name__)
Chain = Callable[[ApiCall], Awaitable[HttpResponseBase]]
DOWN = "The database is out of reach. Try again in a moment."


class GateHandler(ASGIHandler):
    """Runs the rules around what the map of /v1 names."""

    def __init__(self) -> None:
        """Load the rules; `start` brings up the rest."""
        self.runtime: Runtime | None = None
        self._starting = asyncio.Lock()
        self._stopped = False
        super().__init__()

    def load_middleware(self, is_async: bool = True) -> None:  # noqa: FBT001, FBT002 (Django's signature)
        """Fold the rules around the view, the first one outermost."""
        chain: Chain = answer
        for name in reversed(settings.API_MIDDLEWARE):
            chain = import_string(name)(chain)
        self._chain = chain

    async def start(self) -> Runtime:
        """Return what all calls share, brought up by whoever asks first. Raises ServiceUnavailable."""
        async with self._starting:
            if self._stopped:
                raise ServiceUnavailable("The server is shutting down. Try again in a moment.")
            if self.runtime is None:
                try:
                    self.runtime = await Runtime.start()
                except Exception as error:
                    logger.warning("The gate could not start: %s", type(error).__name__)
                    raise ServiceUnavailable(DOWN) from error
            return self.runtime

    async def stop(self) -> None:
        """Let open calls end, settle them, and give everything back."""
        self._stopped = True
        runtime, self.runtime = self.runtime, None
        if runtime is not None:
            await runtime.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        extra = cors.headers(_header(scope, b"origin"))
        try:
            if scope["path"] in probes.PATHS:
                response = await probes.answer(scope["method"], scope["path"], self.start)
            elif scope["method"] == "OPTIONS":
                response = preflight(scope)
            else:
                endpoint = urls.find(scope["method"], scope["path"])
                call = ApiCall(scope, receive, endpoint=endpoint, runtime=self.runtime or await self.start())
                if endpoint.names_model:
                    call.model = urls.model_of(scope["path"])
                await self._serve(call, send, extra)
                return
        except Refusal as refusal:
            response = answers.refused(refusal)
        answers.add(response, extra)
        # no call, no id of one; but whoever asks about the answer still has something to name
        await reply(response, send, request_id=f"req_{secrets.token_hex(8)}", head=scope["method"] == "HEAD")

    async def _serve(self, call: ApiCall, send: Send, extra: Mapping[str, str]) -> None:
        """Answer a call, as long as its client is there."""
        watch = Watch(call)
        call.runtime.calls.add(watch.task)
        try:
            response = await self._respond(call)
            answers.add(response, extra)
            await reply(response, send, request_id=call.request_id, head=call.method == "HEAD")
        except asyncio.CancelledError:
            if not watch.left:
                raise
            watch.task.uncancel()
        except (ClientGone, TimeoutError):  # it left before its body was here, or it no longer reads
            return
        finally:
            watch.end()
            call.runtime.calls.discard(watch.task)

    async def _respond(self, call: ApiCall) -> HttpResponseBase:
        """Return the answer of rules and view, or what they refuse with; a refusal of a known caller has its row."""
        try:
            return await self._chain(call)
        except ClientGone:
            raise
        except Refusal as error:
            refusal = error
        except PriceNotSet as error:
            refusal = ModelPriceNotSet(str(error), "model")
        except Exception:
            logger.exception("The call %s failed", call.request_id)
            refusal = InternalError(f"Something went wrong here. Tell the operator the request id {call.request_id}.")
        if call.caller and not call.noted:
            record = refused(call, refusal)
            call.runtime.batcher.note(Settle(call.id, call.caller.user_id, 0, record, held=False))
        return answers.refused(refusal)


async def answer(call: ApiCall) -> HttpResponseBase:
    """Let the view answer: every rule has passed."""
    return await call.endpoint.view(call)


def preflight(scope: Scope) -> HttpResponse:
    """Return the answer to OPTIONS: what the path allows, and what a browser may send there."""
    headers = {name.decode("latin1").lower(): value.decode("latin1") for name, value in scope["headers"]}
    response = HttpResponse(status=204)
    answers.add(response, cors.preflight(headers))
    return response


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin1") for name, value in scope["headers"] if name == wanted), None)
