"""/api/settings/sidebar: what of the console's sidebar the account hides."""

from typing import Annotated, cast

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, WithJsonSchema

from accounts.models import User
from common.api import InvalidField, Strict
from sidebar import services as sidebar
from sidebar.modules import NAMES, SETTINGS

router = Router(tags=["Settings"])
Name = Annotated[
    str, Field(max_length=64), WithJsonSchema({"type": "string", "enum": sorted(NAMES - {SETTINGS})}, mode="validation")
]
OFF = "Turned off by the administrator: its pages and its calls of /api answer 404."
PLANNED = "This version has no page for it yet."
LACKING = "No channel open to the account offers what it is about."


class SidebarModule(Schema):
    """A module of the sidebar; `notes` say what keeps it from being used."""

    name: str
    area: str
    shown: bool
    locked: bool
    notes: list[str]


class Sidebar(Schema):
    """What is hidden, by the names of areas and modules, and what that leaves."""

    hidden: list[str]
    modules: list[SidebarModule]


class SidebarChange(Strict):
    """What is to be hidden from now on, all of it; an empty list shows everything again."""

    hidden: Annotated[list[Name], Field(max_length=64)] = []


@router.get("", response=Sidebar, summary="Sidebar")
def show(request: HttpRequest) -> Sidebar:
    """Return what is hidden, and how each module stands."""
    return _sidebar(cast(User, request.user))


@router.patch("", response=Sidebar, summary="Change the sidebar")
def change(request: HttpRequest, changed: SidebarChange) -> Sidebar:
    """Hide what is named and show the rest. Hiding closes nothing: pages and calls go on working."""
    user = cast(User, request.user)
    if "hidden" in changed.model_fields_set:
        try:
            sidebar.hide(user, changed.hidden)
        except sidebar.UnknownName as error:
            known = ", ".join(sorted(NAMES - {SETTINGS}))
            raise InvalidField(f"'{error}' is no area or module. There are: {known}.", param="hidden") from error
        except sidebar.NeverHidden as error:
            raise InvalidField("The settings cannot be hidden: they are the way back.", param="hidden") from error
    return _sidebar(User.objects.get(pk=user.pk))


def _sidebar(user: User) -> Sidebar:
    hides = sidebar.hidden(user)
    return Sidebar(
        hidden=sorted(hides),
        modules=[_module(user, seat) for seat in sidebar.seats(hides, sidebar.off())],
    )


def _module(user: User, seat: sidebar.Seat) -> SidebarModule:
    said = ((OFF, seat.off), (PLANNED, seat.module.planned), (LACKING, sidebar.lacks(user, seat.module)))
    return SidebarModule(
        name=seat.module.key,
        area=seat.area.key,
        shown=seat.shown,
        locked=seat.off or seat.module.key == SETTINGS,
        notes=[words for words, true in said if true],
    )
