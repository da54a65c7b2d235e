"""What models cost, and whether a user accepts models that have no price.

A rate is nano-USD per million units (tokens unless the name says otherwise): $2.50 per million is 2_500_000_000.
"""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from solo.models import SingletonModel

from accounts.models import UserSettings
from common.money import NANO


def rate(label: object) -> "models.BigIntegerField[int | None, int | None]":
    """Return the column of an optional unit rate."""
    return models.BigIntegerField(label, null=True, blank=True)  # type: ignore[arg-type]


def not_negative(*columns: str) -> models.Q:
    """Return the condition that none of these columns holds a negative number; NULL passes."""
    return models.Q(**{f"{column}__gte": 0 for column in columns})


OPTIONAL_RATES = (
    *("cached_input", "cache_write", "reasoning", "audio_input", "audio_output"),
    *("per_call", "per_image", "per_second"),
)


class PriceQuerySet(models.QuerySet["Price"]):
    def live(self) -> Self:
        """Return the prices that hold now, one per (model, channel)."""
        return self.filter(superseded_at=None)


class Price(models.Model):
    """The price of a model, everywhere or on one channel. Rows are never edited: a new one supersedes the old."""

    class State(models.TextChoices):
        PRICED = "priced", _("priced")
        FREE = "free", _("free")

    model = models.CharField(_("model"), max_length=200)
    channel = models.CharField(_("channel"), max_length=64, blank=True, help_text=_("Empty: on every channel."))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PRICED)
    input = models.BigIntegerField(_("input"), default=0)
    output = models.BigIntegerField(_("output"), default=0)
    cached_input = rate(_("cached input"))
    cache_write = rate(_("cache write"))
    reasoning = rate(_("reasoning"))
    audio_input = rate(_("audio input"))
    audio_output = rate(_("audio output"))
    per_call = rate(_("per call"))  # nano-USD for one call
    per_image = rate(_("per image"))  # nano-USD for one image
    per_second = rate(_("per second"))  # nano-USD for one second
    tiers = models.JSONField(
        _("tiers"),
        default=list,
        blank=True,
        help_text=_('Other rates above a size of prompt: [{"above": 200000, "input": …, "output": …}].'),
    )
    context = models.PositiveIntegerField(_("context window"), null=True, blank=True)
    max_output = models.PositiveIntegerField(_("longest output"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=64, default="operator")
    created_at = models.DateTimeField(_("valid from"), auto_now_add=True)
    superseded_at = models.DateTimeField(_("superseded at"), null=True, blank=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.UniqueConstraint(
                fields=["model", "channel"], condition=models.Q(superseded_at=None), name="one_live_price"
            ),
            models.CheckConstraint(condition=not_negative("input", "output"), name="price_not_negative"),
            models.CheckConstraint(condition=not_negative(*OPTIONAL_RATES), name="price_rates_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.model} ({self.channel})" if self.channel else self.model


class PricingSettings(UserSettings):
    """What an account accepts of models without a price: which ones, and at most how many nano-USD a month."""

    accept_unpriced = models.BooleanField(_("accept models without a price"), default=False)
    accepted_models = models.JSONField(_("models"), default=list, blank=True)  # names; empty: every one
    monthly_cap = models.BigIntegerField(_("monthly cap"), null=True, blank=True)  # None: no cap
    reviewed_at = models.DateTimeField(null=True, blank=True, editable=False)  # its owner looked at it and let it be

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(monthly_cap__gt=0), name="monthly_cap_positive")]


class PricingPolicy(SingletonModel):
    """The operator's rules for models without a price."""

    allow_unpriced = models.BooleanField(_("users may accept models without a price"), default=True)
    fallback_input = models.BigIntegerField(_("fallback price of input"), default=10 * NANO)
    fallback_output = models.BigIntegerField(_("fallback price of output"), default=30 * NANO)

    class Meta:
        verbose_name = verbose_name_plural = _("rules for models without a price")
        constraints = [
            models.CheckConstraint(
                condition=not_negative("fallback_input", "fallback_output"), name="fallback_not_negative"
            )
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> Self:
        """Return the stored rules, or an unsaved row of the defaults: reading never writes."""
        return cls.objects.filter(pk=cls.singleton_instance_id).first() or cls()
