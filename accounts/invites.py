"""Invitations: a link by mail that makes one account for one address. The token is in that mail and nowhere else."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts import names, services
from accounts.models import Group, Invite, User

LIFETIME = timedelta(days=7)
KEPT = timedelta(days=30)  # after it was used or had expired
PARAMETER = "invitation"  # of the link


class LinkInvalid(ValueError):
    """The invitation is unknown, used, withdrawn or expired."""


@transaction.atomic
def invite(
    email: str, *, group: Group | None = None, credit: int = 0, expires: datetime | None = None, by: str = ""
) -> Invite:
    """Mail a link that makes an account in `group`, with `credit` nano-USD; earlier ones to the address end.

    It works once, until `expires`, else for 7 days. `by` is the name of who invites, empty for an operator at the
    command line. Raises accounts.services.EmailTaken, and ValidationError for what is no address.
    """
    email = email.strip().lower()
    names.validate_address(email)
    if User.objects.filter(email__iexact=email).exists():
        raise services.EmailTaken(email)
    Invite.objects.filter(email=email, used_at=None).delete()
    token = secrets.token_urlsafe(32)
    made = Invite.objects.create(
        digest=_digest(token),
        email=email,
        group=group or services.default_group(),
        credit=credit,
        invited_by=by,
        expires_at=expires or timezone.now() + LIFETIME,
    )
    _mail(made, f"{settings.BASE_URL}{reverse('account_signup')}?{PARAMETER}={token}")
    return made


def offered(token: str) -> Invite | None:
    """Return the invitation that a link stands for, None if it does not work any more."""
    return _open().filter(digest=_digest(token)).select_related("group").first() if token else None


def waiting(pk: int) -> Invite | None:
    """Return an invitation that was offered in this session before, None if it does not work any more."""
    return _open().filter(pk=pk).select_related("group").first()


def redeem(invite: Invite) -> None:
    """Use an invitation up, in the transaction that makes its account. Raises LinkInvalid if that was done already."""
    if not _open().filter(pk=invite.pk).update(used_at=timezone.now()):
        raise LinkInvalid


def withdraw(invite: Invite) -> bool:
    """End an invitation that nobody has used; return False if someone has."""
    return bool(Invite.objects.filter(pk=invite.pk, used_at=None).delete()[0])


def prune() -> int:
    """Delete invitations that were used or have expired, after 30 days; return how many."""
    oldest = timezone.now() - KEPT
    return Invite.objects.filter(Q(used_at__lt=oldest) | Q(expires_at__lt=oldest)).delete()[0]


def _open() -> QuerySet[Invite]:
    return Invite.objects.filter(used_at=None, expires_at__gt=timezone.now())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _mail(invite: Invite, url: str) -> None:
    with translation.override(settings.LANGUAGE_CODE), timezone.override(UTC):
        shown = {"invite": invite, "url": url, "base_url": settings.BASE_URL}
        subject = " ".join(render_to_string("account/email/invitation_subject.txt", shown).split())
        text = render_to_string("account/email/invitation_message.txt", shown)
        message = EmailMultiAlternatives(subject, text, to=[invite.email])
        message.attach_alternative(render_to_string("account/email/invitation_message.html", shown), "text/html")
        message.send()
