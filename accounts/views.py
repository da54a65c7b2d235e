"""The profile page."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import identities, services
from accounts.forms import ProfileForm
from accounts.models import User


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change how a person is called, and their language and time zone."""
    user = cast(User, request.user)
    stored = {name: getattr(user, name) for name in ProfileForm.base_fields}
    form = ProfileForm(request.POST or None, initial=stored)
    if form.is_valid():
        try:
            services.change_profile(user, **form.cleaned_data)
        except services.NameTaken:
            form.add_error("username", _("This username is taken."))
        else:
            messages.success(request, _("Saved."))
            return redirect("settings_profile")
    shown = {"form": form, "bindings": identities.table(user), "sole": identities.sole(user)}
    return render(request, "settings/profile.html", shown, status=422 if form.is_bound else 200)
