"""The pages under /accounts/: allauth's flows with our limits, our step-up, and 4xx for what is not right."""

from typing import Any, cast

from allauth.account import views as allauth
from allauth.account.forms import default_token_generator
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from accounts import http, invites, limits, policy, providers
from accounts.forms import (
    ChangeEmailForm,
    ChangePasswordForm,
    LoginForm,
    NewPasswordForm,
    ResetPasswordForm,
    SignupForm,
)
from accounts.models import User
from common.pages import wants_fragment
from security import relying_party, sudo
from security.sudo import sudo_required


class Refusing:
    """A form that is not right is answered with 422 and the form again."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = 422
        return response


class Entering(Refusing):
    """A form that signs in: the password just given opens the sudo window too, if it was all that was asked for."""

    request: HttpRequest
    proves = True  # who is there

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        if self.proves and self.request.user.is_authenticated:
            sudo.note(self.request, "password")
        return response


class SignIn(Entering, allauth.LoginView):
    """Sign in."""

    form_class = LoginForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "signup_mode": policy.mode(),
            "providers": providers.enabled(),
            "passkeys": relying_party.offered(self.request),
        }


class SignUp(Entering, allauth.SignupView):
    """Make an account, where and for whom the operator's policy allows it."""

    form_class = SignupForm

    def closed(self) -> HttpResponse:
        shown = {"mode": policy.mode(), "invited": invites.PARAMETER in self.request.GET}
        response: HttpResponse = self.render_to_response(shown)
        response.status_code = 403
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "providers": providers.enabled(),
            "invitation": self.request.GET.get(invites.PARAMETER, ""),
        }

    def get_template_names(self) -> list[str]:
        return ["account/signup.html" if self.is_open() else "account/signup_closed.html"]

    def get_form_kwargs(self) -> dict[str, Any]:
        link = self.request.GET.get(invites.PARAMETER, "")
        return {**super().get_form_kwargs(), "invite": invites.offered(link)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            limits.take(limits.SIGN_UP_TRY, http.network(request))
            return cast(HttpResponse, super().post(request, *args, **kwargs))
        except limits.TooManyTries as reached:
            return http.limited(request, reached)

    def form_valid(self, form: Any) -> HttpResponse:
        limits.take(limits.SIGN_UP, http.network(self.request))
        try:
            with transaction.atomic():
                return super().form_valid(form)
        except invites.LinkInvalid:  # used or withdrawn a moment ago
            return redirect(self.request.get_full_path())
        except IntegrityError:  # someone else took the name or the address a moment ago
            form.add_error(None, _("This username or e-mail address is taken."))
            return self.form_invalid(form)


class SignOut(allauth.LogoutView):
    """End the session, and what the browser kept of it."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(*args, **kwargs)
        response["Clear-Site-Data"] = '"cache", "storage"'  # not "cookies": language and theme stay
        return response


class ChangePassword(Refusing, allauth.PasswordChangeView):
    """Old, new and again, in a dialog of the security page or on a page of its own."""

    form_class = ChangePasswordForm

    def get_template_names(self) -> list[str]:
        return ["account/password_change.html" + ("#form" if wants_fragment(self.request) else "")]

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        # the page behind the dialog is out of date: sessions have ended
        return HttpResponseClientRedirect(response["Location"]) if wants_fragment(self.request) else response


class ResetPassword(Refusing, allauth.PasswordResetView):
    """Ask for a link by mail; the answer is the same whether or not an account has the address."""

    form_class = ResetPasswordForm


class ResetPasswordFromLink(Refusing, allauth.PasswordResetFromKeyView):
    """Choose a new password by a mailed link; it does not sign in."""

    form_class = NewPasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            owner = User.objects.select_for_update().get(
                pk=self.reset_user.pk
            )  # of many at once, the first ends the link
            if default_token_generator.check_token(owner, self.key):
                return cast(HttpResponse, super().form_valid(form))
        return cast(HttpResponse, self.render_to_response(self.get_context_data(token_fail=True)))


@method_decorator(sudo_required, name="dispatch")
class ChangeEmail(Refusing, allauth.EmailView):
    """Change the address: the new one counts once a mail to it was answered."""

    form_class = ChangeEmailForm


@method_decorator(login_not_required, name="dispatch")
class ConfirmEmail(allauth.ConfirmEmailView):
    """Answer to the mail that verifies an address."""

    def respond(self, success: bool) -> HttpResponseBase:  # noqa: FBT001
        if not success:
            messages.error(self.request, _("This address could not be confirmed: another account has it."))
        return super().respond(success)  # type: ignore[no-any-return]
