"""What an account may take along of this room."""

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.utils.translation import gettext_lazy as _

from accounts.models import Dismissal, Job, User
from common.tables import Table, columns


def tables(user: User) -> list[Table]:
    """Return who the account is, how it signs in from elsewhere, and what it asked to be done."""
    return [
        Table(
            "profile",
            User.objects.filter(pk=user.pk),
            columns(
                *("username", "email", "first_name", "last_name", "language", "timezone", "theme"),
                *("is_staff", "is_active", "date_joined", "last_login"),
                group=("group__name", str),
            ),
        ),
        Table("email_addresses", EmailAddress.objects.filter(user=user), columns("email", "verified", "primary")),
        Table(
            "bound_accounts",
            SocialAccount.objects.filter(user=user),
            columns("provider", "uid", "date_joined", "last_login", "extra_data"),
            _("Bound accounts"),
        ),
        Table(
            "jobs",
            Job.objects.filter(user=user),
            columns("kind", "state", "progress", "attempts", "created_at", "finished_at"),
        ),
        Table("dismissed_advice", Dismissal.objects.filter(user=user), columns("check_name", "at")),
    ]
