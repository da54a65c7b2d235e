"""Coming and going: what every way in and out does to devices, sessions and events."""

from django.http import HttpRequest

from accounts import limits
from accounts.models import User
from security import agents, devices, events
from security.events import Kind
from security.sessions import SessionStore


def signed_in(request: HttpRequest, user: User, *, first: bool) -> None:
    """Note a sign-in; its owner is told of one from a new device, unless it is the `first` of the account."""
    device, new = devices.greet(request, user)
    if isinstance(request.session, SessionStore):
        request.session.describe(agent=device.agent, device_id=device.pk)
    events.record(user, Kind.SIGN_IN, detail=device.agent)
    if new and not first:
        events.record(user, Kind.NEW_DEVICE, detail=device.agent)


def sign_in_failed(request: HttpRequest, user: User | None) -> None:
    """Note a failed sign-in to an account; for a name without one, take the time that noting it would take."""
    if user is None:
        limits.take(limits.NOBODY, "anyone")
    else:
        events.record(user, Kind.SIGN_IN_FAILED, detail=agents.describe(request.headers.get("user-agent", "")))


def signed_out(request: HttpRequest) -> None:
    """Note that who is signed in signs out."""
    if isinstance(request.user, User):
        events.record(request.user, Kind.SIGN_OUT, detail=agents.describe(request.headers.get("user-agent", "")))
