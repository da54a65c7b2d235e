"""What a user lets be recorded, and what the operator allows and keeps."""

from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from solo.models import SingletonModel

from accounts.models import UserSettings

LONGEST = 3650  # days
IN_REACH = (MinValueValidator(1), MaxValueValidator(LONGEST))


class PrivacySettings(UserSettings):
    record_ip = models.BooleanField(_("record request and error log IP"), default=False)
    keep_prompts = models.BooleanField(_("keep the prompts of drawings"), default=False)


class PrivacyPolicy(SingletonModel):
    """The operator's word: whether anybody may record addresses, and how long rows are kept. It turns nothing on."""

    allow_recording = models.BooleanField(
        _("people may record addresses"),
        default=True,
        help_text=_("Off: nobody's calls are logged with an address, whatever they chose. On: each decides alone."),
    )
    call_days = models.PositiveSmallIntegerField(_("days that calls are kept"), default=365, validators=IN_REACH)
    error_days = models.PositiveSmallIntegerField(
        _("days that errors and deliveries are kept"), default=30, validators=IN_REACH
    )
    # since when no row of the call log has been pruned, as an id of it: days that are raised bring nothing back
    whole_from = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("privacy and retention")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    call_days__gte=1, error_days__gte=1, call_days__lte=LONGEST, error_days__lte=LONGEST
                ),
                name="retention_in_reach",
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> Self:
        """Return the stored policy, or an unsaved row of the defaults: reading never writes."""
        return cls.objects.filter(pk=cls.singleton_instance_id).first() or cls()
