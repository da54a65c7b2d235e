"""The page behind the first-run link."""

from typing import Any

from django import forms
from django.contrib.auth import login, password_validation
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import http, limits
from accounts.models import User
from accounts.names import LONGEST, LONGEST_ADDRESS, validate_name
from console import setup
from security import entrance, sudo


class FirstAdministratorForm(forms.Form):
    """Who runs this installation."""

    username = forms.CharField(
        label=_("Username"),
        max_length=LONGEST,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    email = forms.EmailField(
        label=_("E-mail"), max_length=LONGEST_ADDRESS, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 15 characters. Several words that only you would put together are easy to keep in mind."),
    )
    password_again = forms.CharField(
        label=_("Password, again"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        password = data.get("password")
        if password and data.get("password_again") not in {None, password}:
            self.add_error("password_again", _("The two passwords differ."))
        elif password:
            try:
                password_validation.validate_password(
                    password, User(username=data.get("username", ""), email=data.get("email", ""))
                )
            except ValidationError as error:
                self.add_error("password", error)
        return data


@login_not_required  # nobody can sign in yet
@sensitive_post_parameters("password", "password_again")
@require_http_methods(["GET", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    """Ask who the administrator is; on a right answer make the account and sign it in."""
    token = request.GET.get("token", "")
    try:
        tried = limits.take(limits.SETUP, http.network(request))
    except limits.TooManyTries as reached:
        return http.limited(request, reached)
    if not setup.valid(token):
        return _invalid(request)
    limits.give_back(tried)
    form = FirstAdministratorForm(request.POST or None)
    if not form.is_valid():
        return render(request, "setup/first_run.html", {"form": form}, status=422 if form.is_bound else 200)
    chosen = form.cleaned_data
    try:
        user = setup.claim(token, username=chosen["username"], email=chosen["email"], password=chosen["password"])
    except setup.LinkInvalid:  # someone else was faster
        return _invalid(request)
    login(request, user)
    sudo.note(request, "password")
    entrance.signed_in(request, user, first=True)
    return redirect("overview")


def _invalid(request: HttpRequest) -> HttpResponse:
    return render(request, "setup/invalid.html", {"taken": User.objects.exists()}, status=404)
