"""/api/settings/privacy: what is recorded of the account's calls."""

from typing import Annotated, cast

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from accounts import ports
from accounts.models import User
from common.api import InvalidField, Strict
from privacy import services as privacy

router = Router(tags=["Settings"])
LOCKED = "The administrator does not allow recording addresses."
Locked = Annotated[dict[str, str], Field(description="Settings that the administrator decides, with the reason.")]


class Privacy(Schema):
    """What counts: `record_ip` is false while the administrator forbids it, whatever was chosen before."""

    record_ip: bool
    keep_prompts: bool
    locked: Locked
    call_days: int
    error_days: int


class PrivacyChange(Strict):
    """What is to change; what is left out stays."""

    record_ip: bool = False
    keep_prompts: bool = False


@router.get("", response=Privacy, summary="Privacy")
def show(request: HttpRequest) -> Privacy:
    """Return what is recorded, and for how many days calls and errors are kept."""
    return _privacy(cast(User, request.user))


@router.patch("", response=Privacy, summary="Change privacy")
def change(request: HttpRequest, changed: PrivacyChange) -> Privacy:
    """Change what is sent and leave the rest; calls obey it within a second."""
    user = cast(User, request.user)
    try:
        privacy.save(user, **changed.model_dump(exclude_unset=True))
    except privacy.RecordingForbidden as error:
        raise InvalidField(LOCKED, param="record_ip") from error
    return _privacy(User.objects.get(pk=user.pk))


def _privacy(user: User) -> Privacy:
    found, kept = privacy.choices(user), ports.kept()
    return Privacy(
        record_ip=found.records,
        keep_prompts=found.keep_prompts,
        locked={} if found.allowed else {"record_ip": LOCKED},
        call_days=kept.calls.days,
        error_days=kept.errors.days,
    )
