"""What answers under /v1 once every rule has passed, and the two paths that say how the gate is."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse

from gateway import answers
from gateway.http import ApiCall
from gateway.keyring import Caller
from gateway.routing import Candidate
from gateway.snapshot import Snapshot
from pricing.http import prices_of


async def models(call: ApiCall) -> HttpResponse:
    """List exactly what this key can call."""
    names = callable_models(call.runtime.snapshot, call.known_caller)
    return answers.document({"object": "list", "data": [model_object(name) for name in sorted(names)]})


async def model(call: ApiCall) -> HttpResponse:
    """Describe one model, which every rule has found callable."""
    return answers.document(model_object(call.model))


def callable_models(snapshot: Snapshot, caller: Caller) -> Iterator[str]:
    """Yield the models that key and group allow, that a channel of the group serves, and whose price is settled."""
    for name in snapshot.routes:
        if caller.may_call(name):
            candidates: tuple[Candidate, ...] = snapshot.serving(name, caller.group_id)
            if candidates and prices_of(snapshot, caller, candidates):
                yield name


def model_object(name: str) -> dict[str, Any]:
    """Return a model in OpenAI's shape; when it was made is unknown."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "tollgate"}
