"""The map of /v1. These paths never meet Django's resolver: a dictionary finds them."""

from gateway import calls, views
from gateway.errors import MethodNotAllowed, NotFound
from gateway.formats import chat
from gateway.http import Endpoint

PREFIX = "/v1/"
MODELS = "/v1/models/"

ROUTES: dict[str, dict[str, Endpoint]] = {
    "/v1/chat/completions": {"POST": Endpoint(calls.run, chat)},
    "/v1/models": {"GET": Endpoint(views.models)},
}
MODEL = {"GET": Endpoint(views.model, names_model=True)}


def find(method: str, path: str) -> Endpoint:
    """Return what answers. Raises NotFound, MethodNotAllowed."""
    methods = ROUTES.get(path) or _below(path)
    endpoint = methods.get("GET" if method == "HEAD" else method)
    if endpoint is None:
        allowed = ", ".join(sorted({*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"}))
        raise MethodNotAllowed(f"{path[:200]} answers {allowed}.", headers={"Allow": allowed})
    return endpoint


def model_of(path: str) -> str:
    """Return the model that a path names; names may hold slashes."""
    return path.removeprefix(MODELS)


def _below(path: str) -> dict[str, Endpoint]:
    if path.startswith(MODELS) and model_of(path):
        return MODEL
    if path != PREFIX and path.endswith("/"):
        return ROUTES.get(path[:-1]) or _unknown(path)
    return _unknown(path)


def _unknown(path: str) -> dict[str, Endpoint]:
    raise NotFound(f"Nothing answers at {path[:200]}. The paths are {', '.join(ROUTES)} and {MODELS}<model>.")
