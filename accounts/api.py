"""/api/account: who the token belongs to."""

from datetime import datetime
from typing import cast

from django.http import HttpRequest
from ninja import Router, Schema

from accounts.models import User

router = Router(tags=["Account"])


class Account(Schema):
    """The owner of the token; empty language and timezone follow the browser."""

    id: int
    username: str
    email: str
    group: str
    language: str
    timezone: str
    created_at: datetime


@router.get("", response=Account, summary="Who am I")
def account(request: HttpRequest) -> Account:
    """Return the account that the token belongs to."""
    user = cast(User, request.user)
    return Account(
        id=user.pk,
        username=user.username,
        email=user.email,
        group=user.group.name,
        language=user.language,
        timezone=user.timezone,
        created_at=user.date_joined,
    )
