"""What a group of accounts pays and may call."""

from django.db import models
from django.utils.translation import gettext_lazy as _

PARTS_PER_MILLION = 1_000_000


class Group(models.Model):
    """What its accounts pay and may call. Limits count over all keys of an account; empty means none."""

    name = models.CharField(_("name"), max_length=64, unique=True)
    is_default = models.BooleanField(_("given to new accounts"), default=False)
    multiplier_ppm = models.PositiveBigIntegerField(
        _("price multiplier"), default=PARTS_PER_MILLION, help_text=_("Parts per million: 1000000 is list price.")
    )
    allowed_models = models.JSONField(
        _("models"), default=list, blank=True, help_text=_("A list of names; empty allows all.")
    )
    max_keys = models.PositiveIntegerField(_("number of API keys"), default=100)
    rpm = models.PositiveIntegerField(_("requests per minute"), null=True, blank=True)
    tpm = models.PositiveIntegerField(_("tokens per minute"), null=True, blank=True)
    parallel = models.PositiveIntegerField(_("parallel calls"), null=True, blank=True)
    streams = models.PositiveIntegerField(_("open streams"), null=True, blank=True, default=20)

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_group"
            )
        ]

    def __str__(self) -> str:
        return self.name
