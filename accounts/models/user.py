"""Who a person is, and the shape every per-user settings row shares."""

import secrets
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models.group import Group
from accounts.names import LONGEST, validate_name


def new_handle() -> bytes:
    """Return 64 random bytes by which authenticators know an account (WebAuthn user handle)."""
    return secrets.token_bytes(64)


class User(AbstractUser):
    """A person who signs in; everything they own hangs off this row by CASCADE."""

    username = models.CharField(
        _("username"),
        max_length=LONGEST,
        unique=True,
        validators=[validate_name],
        error_messages={"unique": _("This username is taken.")},
    )
    group = models.ForeignKey(Group, models.PROTECT, related_name="users", verbose_name=_("group"))
    webauthn_handle = models.BinaryField(max_length=64, unique=True, default=new_handle, editable=False)
    language = models.CharField(_("language"), max_length=16, blank=True)
    timezone = models.CharField(_("timezone"), max_length=64, blank=True)
    theme = models.CharField(_("theme"), max_length=8, blank=True)  # empty: as the browser's cookie says

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined,misc]  # the stubs leave it out
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="one_account_per_email"),
            models.UniqueConstraint(
                Lower("username"), name="one_account_per_name", violation_error_message=_("This username is taken.")
            ),
        ]


class UserSettings(models.Model):
    """One settings area of one user; an absent row means every default."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="%(app_label)s_settings"
    )

    class Meta:
        abstract = True

    @classmethod
    def of(cls, user: User) -> Self:
        """Return the stored row, or an unsaved one holding the defaults."""
        stored: Self | None = getattr(user, f"{cls._meta.app_label}_settings", None)
        return stored or cls(user=user)
