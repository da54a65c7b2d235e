"""The page on which an account ends: what goes, all of it to take along, and the button."""

from typing import Any, cast

from django import forms
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import http, jobs, limits
from accounts import services as accounts
from accounts.models import User
from accounts.ports import sudo_required
from common import files
from common.pages import UNPROCESSABLE, posted, wants_fragment
from console import delete_account, export
from security import sudo

PAGE = "settings_delete"
FORBIDDEN = 403


class DeletionForm(forms.Form):
    """The name of the account, exactly."""

    username = forms.CharField(
        label=_("Your username, to confirm"),
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, user: User, *args: Any) -> None:
        super().__init__(*args)
        self.user = user

    def clean_username(self) -> str:
        typed: str = self.cleaned_data["username"]
        if typed != self.user.username:
            raise forms.ValidationError(
                _("This is not your username. Type %(name)s, capitals and all.") % {"name": self.user.username}
            )
        return typed


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponseBase:
    """Show what goes with the account; delete it."""
    if request.method == "POST":
        return _delete(request)
    return _page(request, DeletionForm(_user(request)))


@sudo_required
def _delete(request: HttpRequest) -> HttpResponseBase:
    user = _user(request)
    if not delete_account.allowed():
        return _page(request, DeletionForm(user), status=FORBIDDEN)
    form = DeletionForm(user, posted(request))
    if form.is_valid():
        try:
            accounts.delete(user)
        except accounts.LastAdministrator:
            form.add_error(None, _("You are the last administrator. Make somebody else one first."))
        else:
            logout(request)
            response = redirect("account_deleted")
            response["Clear-Site-Data"] = '"cache", "storage"'  # as signing out does
            return response
    return _page(request, form, status=UNPROCESSABLE)


@require_safe
@sudo_required
def proceed(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (the step-up reads it)
    """Return to the page once it is proven who is there."""
    return redirect(PAGE)


@login_not_required  # the account is gone
@require_safe
def deleted(request: HttpRequest) -> HttpResponse:
    """Say that it is done."""
    return render(request, "account/deleted.html")


@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """Show how far the export is, for the card that asks every two seconds."""
    if not wants_fragment(request):
        return redirect(PAGE)
    return render(request, "settings/delete.html#export", _export(request))


@require_POST
@sudo_required
def begin(request: HttpRequest) -> HttpResponse:
    """Ask for an export."""
    try:
        export.begin(_user(request))
    except limits.TooManyTries as reached:
        return http.limited(request, reached, reset=False)
    if wants_fragment(request):
        return render(request, "settings/delete.html#export", _export(request))
    return redirect(PAGE)


@require_GET
@sudo_required
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send an export to its owner. Raises Http404 for any other, and for one that is gone."""
    job = get_object_or_404(_user(request).jobs, pk=pk, kind=export.KIND)
    path = export.file_of(job)
    if path is None:
        raise Http404
    name = f"tollgate-{timezone.localdate(job.created_at):%Y-%m-%d}.zip"
    return files.attachment(request, path, name=name, content_type="application/zip")


def _page(request: HttpRequest, form: DeletionForm, *, status: int = 200) -> HttpResponse:
    user = _user(request)
    context = {
        "form": form,
        "loss": delete_account.loss(user),
        "allowed": delete_account.allowed(),
        "proven": sudo.recent(request),
        **_export(request),
    }
    return render(request, "settings/delete.html", context, status=status)


def _export(request: HttpRequest) -> dict[str, object]:
    """Return what the card of the export shows."""
    job = export.latest(_user(request))
    path = export.file_of(job) if job else None
    return {
        "job": job,
        "running": job is not None and job.state in jobs.UNFINISHED,
        "failed": job is not None and job.state not in jobs.UNFINISHED and path is None,
        "size": path.stat().st_size if path else None,
        "until": job.finished_at + jobs.KEPT if job and job.finished_at else None,
    }


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
