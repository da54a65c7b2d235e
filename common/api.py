"""What the parts of /api share: the shape of refusals and lists, and how values are written."""

import secrets
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import TextChoices
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

from common import money

PREFIX = "/api/"
DOCS = "/api/docs"  # the one page among them
Item = TypeVar("Item")
AnyResponse = TypeVar("AnyResponse", bound=HttpResponseBase)


class Problem(Exception):
    """A refusal with the words for the client, in the shape that /v1 has too. `param` names the field at fault."""

    status = 400
    code = "invalid_request"
    type = "invalid_request_error"

    def __init__(self, message: str, *, param: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.headers = headers or {}

    def answer(self) -> HttpResponse:
        """Return the answer that says so."""
        body = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return JsonResponse({"error": body}, status=self.status, headers=self.headers)


class InvalidField(Problem):
    """A field, or a parameter of the address, that cannot be as it was sent."""

    status = 422


class Conflict(Problem):
    """It cannot be done beside what is there already."""

    status, code = 409, "conflict"


class NotFound(Problem):
    """Unknown, or somebody else's: one same answer."""

    status, code = 404, "not_found"

    def __init__(self) -> None:
        super().__init__("There is nothing here, or it is not yours.")


class Strict(Schema):
    """A body: unknown fields are refused, and no value is taken for one of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ErrorDetail(Schema):
    """What went wrong: words for people, a code for programs, and the field at fault."""

    message: str
    type: str
    param: str | None
    code: str


class Error(Schema):
    """Every refusal, in OpenAI's shape."""

    error: ErrorDetail


class Items(Schema, Generic[Item]):
    """A page of a list, newest first; `next` is the cursor of the page after it, null on the last."""

    items: list[Item]
    next: str | None


def _text(value: Any) -> Any:
    """Let only text be read as a moment: a bare number has no unit."""
    if not isinstance(value, str | datetime):
        raise ValueError("Send a moment like 2027-01-31T12:00:00Z.")  # noqa: TRY004 (pydantic turns it into a refusal)
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_text), Field(strict=False)]
Usd = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2,9}$", examples=["12.50"], description="US dollars, exact")]
PositiveUsd = Annotated[
    str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$", examples=["25.00"], description="US dollars, above 0")
]
Cursor = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,18}$", description="`next` of the page before")]
Chosen = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]  # a filter; no database takes a NUL


def stamped(response: AnyResponse) -> AnyResponse:
    """Return an answer with a request id."""
    response["x-request-id"] = f"api_{secrets.token_hex(8)}"
    return response


def enum(choices: type[TextChoices]) -> dict[str, Any]:
    """Return the JSON schema of choices, in place: by the names of their classes they would take one for another."""
    return {"type": "string", "enum": list(choices.values)}


def usd(nano: int) -> str:
    """Return nano-USD as /api writes it."""
    return money.plain(nano)


def before(cursor: str | None) -> int | None:
    """Return the id that a cursor stands for."""
    return int(cursor) if cursor else None


def after(older: int | None) -> str | None:
    """Return the cursor of the rows below an id."""
    return None if older is None else str(older)
