"""What stands before every call of /api: how bodies are read, and how refusals are answered."""

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from common import strictjson
from common.api import InvalidField, NotFound, Problem, stamped

logger = logging.getLogger(__name__)
JSON = "application/json"
LARGEST = 64 * 1024  # bytes of a body
LONGEST_MESSAGE = 1000  # characters
View = Callable[..., HttpResponseBase]


class InvalidBody(Problem):
    """A body that cannot be read."""


class BodyTooLarge(Problem):
    """A body over the limit."""

    status = 413

    def __init__(self) -> None:
        super().__init__(f"A body has at most {LARGEST // 1024} KiB.")


class UnsupportedMediaType(Problem):
    """A body that does not say it is JSON."""

    status = 415


class MethodNotAllowed(Problem):
    """The path exists, but not for this method; Allow names those it has."""

    status, code = 405, "method_not_allowed"


class Unavailable(Problem):
    """The database is out of reach."""

    status, code, type = 503, "service_unavailable", "api_error"


class Broken(Problem):
    """Something unforeseen, which the log has."""

    status, code, type = 500, "internal_error", "api_error"


class StrictParser(Parser):
    """Reads bodies as /v1 does: strictly, and not without end."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the value of the body. Raises a Problem, which ninja wraps."""
        if request.content_type != JSON:
            raise UnsupportedMediaType(f"Send the body as JSON, with the header 'Content-Type: {JSON}'.")
        if len(request.body) > LARGEST:
            raise BodyTooLarge
        try:
            return strictjson.parse(request.body)
        except strictjson.Malformed as error:
            raise InvalidBody(str(error)) from error


def refused(request: HttpRequest, problem: Problem) -> HttpResponse:  # noqa: ARG001 (ninja passes it)
    """Answer a refusal."""
    return problem.answer()


def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer to a body that the parser refused; ninja wraps what it raised."""
    cause = error.__cause__
    return refused(request, cause if isinstance(cause, Problem) else InvalidBody("The body cannot be read."))


def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer with every field that is wrong; `param` names the first."""
    found = [(_field(item["loc"]), item["msg"].removeprefix("Value error, ")) for item in error.errors]
    words = "; ".join(f"{field}: {message}" for field, message in found)
    return refused(request, InvalidField(words[:LONGEST_MESSAGE], param=found[0][0]))


def unavailable(request: HttpRequest, error: OperationalError) -> HttpResponse:  # noqa: ARG001 (ninja passes it)
    """Answer that the database is out of reach."""
    logger.warning("The database is out of reach of /api")
    return refused(request, Unavailable("The database is out of reach. Try again in a moment."))


def broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer to what nobody foresaw: nothing of the inside, which the log has."""
    logger.error("A call of /api failed", exc_info=error)
    return refused(request, Broken("Something went wrong on our side. The operator's log has it."))


HANDLERS: Mapping[type[Exception], Callable[..., HttpResponse]] = {
    Problem: refused,
    HttpError: unreadable,
    ValidationError: invalid,
    OperationalError: unavailable,
    Exception: broken,
}


def furnish(api: NinjaAPI) -> None:
    """Let the API answer refusals in our shape."""
    for kind, handler in HANDLERS.items():
        api.add_exception_handler(kind, handler)


def door(view: View) -> View:
    """Give every answer a request id, and those of Django itself the shape of the others."""

    @csrf_exempt  # nothing that a browser adds by itself opens anything here
    @login_not_required  # the token says who calls
    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code == MethodNotAllowed.status:
            allowed = ", ".join(sorted(response["Allow"].split(", ")))
            response = MethodNotAllowed(f"This path answers {allowed}.", headers={"Allow": allowed}).answer()
        return stamped(response)

    return answer


def unknown(request: HttpRequest) -> HttpResponse:
    """Answer where there is no path."""
    return refused(request, NotFound())


def _field(place: tuple[object, ...]) -> str:
    """Return the name of a field by where pydantic found it: (body, argument, field, …) or (query, field)."""
    inside = (place[2:] or ("body",)) if place[0] == "body" else place[1:]
    return ".".join(str(part) for part in inside)
