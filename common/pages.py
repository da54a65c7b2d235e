"""What pages have in common: fragments for htmx, and a settings form that saves itself."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django_htmx.middleware import HtmxDetails

UNPROCESSABLE = 422


class HtmxRequest(HttpRequest):
    """A request as HtmxMiddleware leaves it."""

    htmx: HtmxDetails


def wants_fragment(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part of the page only."""
    htmx = cast(HtmxRequest, request).htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form was sent with, None where it is only shown: a switch that is off sends nothing at all."""
    return request.POST if request.method == "POST" else None


def toast(response: HttpResponse, text: str, *, kind: str = "ok") -> HttpResponse:
    """Let the page that receives this fragment show a short message."""
    response["HX-Trigger"] = json.dumps({"toast": {"text": text, "kind": kind}})
    return response


@dataclass(frozen=True, slots=True)
class Settings:
    """One area of the settings: its page, the fragment of its form, and the verb that saves what was chosen."""

    template: str
    save: Callable[..., object]
    saved: str
    context: Mapping[str, object] = field(default_factory=dict)


def settings_page(request: HttpRequest, form: forms.BaseForm, area: Settings) -> HttpResponse:
    """Show the form, or save it and say so: 422 and the same form if refused, a redirect or the fragment if saved."""
    fragment = wants_fragment(request)
    template = f"{area.template}#form" if fragment else area.template
    if request.method != "POST":
        return render(request, template, {**area.context, "form": form})
    if not form.is_valid():
        return render(request, template, {**area.context, "form": form}, status=UNPROCESSABLE)
    area.save(request.user, **form.cleaned_data)
    if fragment:
        return toast(render(request, template, {**area.context, "form": form}), area.saved)
    messages.success(request, area.saved)
    return redirect(request.path)
