"""The page of API keys: list, create, disable, enable, delete."""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import retarget

from accounts.models import User
from common.pages import UNPROCESSABLE, toast, wants_fragment
from gateway import key_list, keys, offers
from gateway.key_forms import DeleteForm, FilterForm, KeyForm
from gateway.key_rules import KeyRefused
from gateway.models import ApiKey

DIALOG = "#key-dialog-body"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the user's keys."""
    template = "keys/list.html#table" if wants_fragment(request) else "keys/list.html"
    return render(request, template, _table(_user(request), FilterForm(request.GET)))


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Ask for a new key, make it, and show its secret this one time."""
    user = _user(request)
    form = KeyForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            key, secret = keys.mint(user, form.cleaned_data["name"], **form.rules())
        except KeyRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            return _created(request, key, secret)
    template = "keys/new.html#form" if wants_fragment(request) else "keys/new.html"
    return render(request, template, {"form": form}, status=UNPROCESSABLE if form.is_bound else 200)


def _created(request: HttpRequest, key: ApiKey, secret: str) -> HttpResponse:
    user = _user(request)
    context = {
        **_table(user, FilterForm({})),
        "key": key,
        "secret": secret,
        "base_url": f"{settings.BASE_URL}/v1",
        "model": next(iter(key.allowed_models or offers.models(user)), "MODEL"),
    }
    if wants_fragment(request):
        return toast(render(request, "keys/created.html#secret", context), _("Key created"))
    return render(request, "keys/created.html", context)


@require_POST
def disable(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a key off; it can be switched on again, so nothing is asked."""
    return _switch(request, pk, keys.disable, _("Key disabled"))


@require_POST
def enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a key on again."""
    return _switch(request, pk, keys.enable, _("Key enabled"))


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether the key is to go, and remove it."""
    row = _row(_user(request), pk)
    form = DeleteForm(row, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        keys.delete(row.key)
        return _changed(request, _("Key deleted"))
    template = "keys/delete.html#form" if wants_fragment(request) else "keys/delete.html"
    context = {"form": form, "row": row, **FilterForm(request.POST or request.GET).asked()}
    response = render(request, template, context, status=UNPROCESSABLE if form.is_bound else 200)
    return retarget(response, DIALOG)


def _switch(request: HttpRequest, pk: int, verb: Callable[[ApiKey], None], said: str) -> HttpResponse:
    verb(get_object_or_404(_user(request).api_keys, pk=pk))
    return _changed(request, said)


def _changed(request: HttpRequest, said: str) -> HttpResponse:
    """Return to the list as it was filtered, and say what happened."""
    if wants_fragment(request):
        return toast(render(request, "keys/list.html#table", _table(_user(request), FilterForm(request.POST))), said)
    messages.success(request, said)
    return redirect("keys")


def _table(user: User, form: FilterForm) -> dict[str, object]:
    asked = form.asked()
    listed = key_list.rows(user)
    found = key_list.chosen(listed, search=asked["q"], status=asked["status"])
    names = {"": _("All"), **dict(key_list.Status.choices)}
    return {
        **asked,
        "rows": found,
        "any": bool(listed),
        "tabs": [
            {"status": status, "name": names[status], "count": count, "current": status == asked["status"]}
            for status, count in key_list.counts(listed).items()
        ],
    }


def _row(user: User, pk: int) -> key_list.Row:
    """Return the user's own key. Raises Http404 for any other."""
    for row in key_list.rows(user):
        if row.key.pk == pk:
            return row
    raise Http404


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
