"""The operator's switches for credentials."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from solo.models import SingletonModel


class SecurityPolicy(SingletonModel):
    """Who needs a second factor, and whether passkeys and self-deletion are offered."""

    class Required(models.TextChoices):
        NOBODY = "nobody", _("nobody")
        STAFF = "staff", _("administrators")
        EVERYONE = "everyone", _("everyone")

    passkeys = models.BooleanField(
        _("passkey sign-in"),
        null=True,
        blank=True,
        help_text=_("Unknown: on where the address of this site allows it."),
    )
    second_factor = models.CharField(
        _("second factor required for"), max_length=8, choices=Required.choices, default=Required.STAFF
    )
    required_at = models.DateTimeField(null=True, editable=False)  # since when more people need one
    grace_days = models.PositiveSmallIntegerField(
        _("days to set it up"), default=7, help_text=_("Never covers the administration pages.")
    )
    self_deletion = models.BooleanField(_("people may delete their own account"), default=True)

    class Meta:
        verbose_name = verbose_name_plural = _("account security")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
