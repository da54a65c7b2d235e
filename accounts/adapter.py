"""How allauth is to behave here: our limits, our links, our mails, one answer for every failed sign-in."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import (
    holds,
    http,
    identities,
    invites,
    limits,
    names,
    policy,
    ports,
    provider_rules,
    services,
    start_credit,
)
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up by the operator's policy; tries counted in the database."""

    _tries: tuple[limits.Try, ...] = ()

    def is_ajax(self, request: HttpRequest) -> bool:
        """Answer with pages only; programs have an API of their own."""
        return False

    def clean_email(self, email: str) -> str:
        """Refuse addresses that a column cannot hold, in every form that takes one."""
        names.validate_address(email)
        return email

    def clean_username(self, username: str, shallow: bool = False) -> str:  # noqa: FBT001, FBT002
        """Refuse names that are held back like names that are taken."""
        name: str = super().clean_username(username, shallow=shallow)
        if holds.held(name):
            raise self.validation_error("username_taken")
        return name

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Keep the address in use: it is how its owner is reached."""
        return bool(email_address.email.lower() != email_address.user.email.lower())

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        mode, link = policy.mode(), request.GET.get(invites.PARAMETER, "")
        return mode in {policy.Mode.OPEN, policy.Mode.DOMAIN} or (
            mode == policy.Mode.INVITE and invites.offered(link) is not None
        )

    def new_user(self, request: HttpRequest) -> User:
        return User(group=services.default_group())

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:  # noqa: FBT001, FBT002
        """Store a new account with its wallet; its credit waits for the address where that must be verified.

        An invitation is used up. Raises invites.LinkInvalid if it was already.
        """
        invite = getattr(form, "invite", None)
        if invite:
            invites.redeem(invite)
            user.group = invite.group
        super().save_user(request, user, form, commit=commit)
        ports.opened(user, 0)
        identity = getattr(form, "identity", None)
        if identity:
            identities.keep(user, identity, made=True)
            provider_rules.apply(user, identity)
        if invite:
            ports.opened(user, invite.credit, reference=f"invite:{invite.pk}")
        if invite or getattr(form, "vouched", False) or not self._verifies():
            start_credit.give(user)
        return user

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Accept a verified address, unless an account that never verified it has it already."""
        if User.objects.filter(email__iexact=email_address.email).exclude(pk=email_address.user_id).exists():
            return False
        first = not EmailAddress.objects.filter(user=email_address.user_id, verified=True).exists()
        with transaction.atomic():
            owner = email_address.user
            if email_address.email.lower() != owner.email.lower():
                ports.record(owner, "email-changed")  # now: it is mailed to the address in use until now
            confirmed = bool(super().confirm_email(request, email_address))
            transaction.set_rollback(not confirmed)
        if confirmed and first and self._verifies():
            start_credit.give(email_address.user)
        return confirmed

    @staticmethod
    def _verifies() -> bool:
        return settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory"

    # --- tries

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try before the password is looked at; answer 429 at once where there were too many."""
        try:
            by_address = limits.take(limits.SIGN_IN_ADDRESS, http.network(request))
            by_account = limits.take(limits.SIGN_IN_ACCOUNT, _counted(request, credentials["username"]))
        except limits.TooManyTries as reached:
            raise ImmediateHttpResponse(http.limited(request, reached)) from reached
        self._tries = (by_address, by_account)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return whose password it is.

        Accounts that are disabled, or signed in to by a provider alone, fail like a wrong password and are counted so.
        """
        user: User | None = super().authenticate(request, **credentials)
        if user is None or not user.is_active or identities.sole(user):
            if not request.user.is_authenticated:
                ports.sign_in_failed(request, _named(credentials["username"]))
            return None
        for tried in self._tries:
            limits.give_back(tried)
        return user

    def reauthenticate(self, user: User, password: str) -> bool:
        """Return whether it is the user's password; counted like a sign-in."""
        return self.authenticate(self.request, username=user.username, password=password) == user

    def get_login_stages(self) -> list[str]:
        return [*super().get_login_stages(), "security.stages.SecondFactor"]  # last: see there

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Let our step-up ask: allauth's lets accounts without a password through, and keeps what was posted."""
        answer = ports.step_up(context.request)
        if answer:
            raise ImmediateHttpResponse(answer)
        return False

    # --- coming and going, by whichever way

    def login(self, request: HttpRequest, user: User) -> None:
        first = user.last_login is None
        super().login(request, user)
        ports.signed_in(request, user, first=first)

    def logout(self, request: HttpRequest) -> None:
        ports.signed_out(request)
        super().logout(request)

    def set_password(self, user: User, password: str) -> None:
        own = self.request.user.is_authenticated and self.request.user.pk == user.pk
        services.set_password(user, password, keep_session=self.request.session.session_key if own else None)

    # --- links and redirects: from BASE_URL, never from the request

    def is_safe_url(self, url: str) -> bool:
        return http.safe_path(url) is not None

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return settings.BASE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _, token = key.partition("-")
        return settings.BASE_URL + reverse("account_reset_password_from_key", args=[uid, token])

    def send_account_already_exists_mail(self, email: str) -> None:
        reset = settings.BASE_URL + reverse("account_reset_password")
        self.send_mail("account/email/account_already_exists", email, {"password_reset_url": reset})

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("security")

    def send_mail(self, template_prefix: str, email: str, context: Mapping[str, Any]) -> None:
        """Put a mail into the outbox: a subject line, plain text and HTML from templates/account/email.

        An address gets so many of these: whoever asks for them need not be who reads them.
        """
        try:
            limits.take(limits.MAIL, f"mail {email.lower()}")
        except limits.TooManyTries as reached:
            raise ImmediateHttpResponse(http.limited(self.request, reached)) from reached
        shown = {"email": email, "base_url": settings.BASE_URL, **context}
        subject = " ".join(render_to_string(f"{template_prefix}_subject.txt", shown).split())
        message = EmailMultiAlternatives(subject, render_to_string(f"{template_prefix}_message.txt", shown), to=[email])
        message.attach_alternative(render_to_string(f"{template_prefix}_message.html", shown), "text/html")
        message.send()


def _counted(request: HttpRequest, name: str) -> str:
    """Return whose tries these are: the account's, by whichever of its names; unknown names count just the same.

    A browser that the account has signed in with before has a count of its own.
    """
    found = _named(name)
    if found is None:
        return f"name {name.casefold()}"
    device = ports.known_device(request, found.pk)
    return limits.browser(device.pk, found.password) if device else limits.account(found.pk)


def _named(name: str) -> User | None:
    """Return whose username or e-mail address this is."""
    return User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name)).first()
