"""API keys, the channels that answer them, and the workers that carry calls."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Group
from common.fields import EncryptedTextField


class ApiKey(models.Model):
    """What a program presents under /v1. The secret itself is shown once and kept as a digest."""

    class Class(models.TextChoices):
        TOLLGATE = "tg", "Tollgate"
        LEGACY = "legacy", _("imported")

    class Period(models.TextChoices):
        DAY = "day", _("per day")
        WEEK = "week", _("per week")
        MONTH = "month", _("per month")
        TOTAL = "total", _("in total")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=64)
    key_class = models.CharField(_("class"), max_length=8, choices=Class.choices, default=Class.TOLLGATE)
    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256 of the whole secret
    prefix = models.CharField(max_length=10, editable=False)
    suffix = models.CharField(max_length=4, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    limit = models.BigIntegerField(_("spending limit"), null=True, blank=True)  # nano-USD
    period = models.CharField(_("resets"), max_length=8, choices=Period.choices, default=Period.MONTH)
    allowed_models = models.JSONField(_("models"), default=list, blank=True)  # empty: all
    subnets = models.JSONField(_("allowed addresses"), default=list, blank=True)  # CIDRs; empty: anywhere
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_key_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def hint(self) -> str:
        """Return what its owner knows the key by."""
        return f"{self.prefix}…{self.suffix}"

    def expired(self) -> bool:
        """Return whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


class Channel(models.Model):
    """An upstream account: where it is, what it serves, and how it is to be treated."""

    class Kind(models.TextChoices):
        OPENAI = "openai", "OpenAI"
        SANDBOX = "sandbox", _("sandbox (built in)")

    class BoundField(models.TextChoices):
        MAX_TOKENS = "max_tokens", "max_tokens"
        MAX_COMPLETION_TOKENS = "max_completion_tokens", "max_completion_tokens"
        MAX_OUTPUT_TOKENS = "max_output_tokens", "max_output_tokens"
        NONE = "none", _("none")

    name = models.CharField(_("name"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.OPENAI)
    base_url = models.CharField(_("base URL"), max_length=300, blank=True)
    headers = EncryptedTextField(_("extra headers"), default="{}", help_text=_("A JSON object; stored encrypted."))
    forward = models.JSONField(_("forwarded headers"), default=list, blank=True)  # names, beside the standard ones
    allow = models.JSONField(_("allowed stateful fields"), default=list, blank=True)  # store, service_tier, tools…
    bound_field = models.CharField(
        _("field of the output bound"), max_length=24, choices=BoundField.choices, default=BoundField.MAX_TOKENS
    )
    groups = models.ManyToManyField(Group, blank=True, related_name="channels", verbose_name=_("groups"))  # none: all
    priority = models.IntegerField(_("priority"), default=0, help_text=_("Higher first."))
    weight = models.PositiveIntegerField(_("weight"), default=1)
    connect_timeout = models.FloatField(_("connect timeout"), default=5)
    first_byte_timeout = models.FloatField(_("first byte timeout"), default=600)
    gap_timeout = models.FloatField(_("timeout between bytes"), default=300)
    total_timeout = models.FloatField(_("total timeout"), default=3600)
    enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")

    def __str__(self) -> str:
        return self.name


class ChannelKey(models.Model):
    """One upstream credential. A refused one rests until an operator or a probe brings it back."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        RESTING = "resting", _("resting")
        REFUSED = "refused", _("refused by the upstream")

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="keys", verbose_name=_("channel"))
    secret = EncryptedTextField(_("secret"))
    suffix = models.CharField(_("ends in"), max_length=4, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ACTIVE)
    rest_until = models.DateTimeField(_("rests until"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("channel key")
        verbose_name_plural = _("channel keys")

    def __str__(self) -> str:
        return f"{self.channel} …{self.suffix}"


class Route(models.Model):
    """A model on a channel: the name clients use, and the upstream's own if it differs."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="routes", verbose_name=_("channel"))
    model = models.CharField(_("model"), max_length=200)
    upstream_model = models.CharField(_("name upstream"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        constraints = [models.UniqueConstraint(fields=["channel", "model"], name="route_once")]
        indexes = [models.Index(fields=["model"], name="route_model")]

    def __str__(self) -> str:
        return self.model


class Worker(models.Model):
    """A server process: its number (0 to 1023) is part of every id it mints, and its beat says that it lives."""

    id = models.SmallIntegerField(primary_key=True)
    token = models.CharField(max_length=32)  # random, so that a successor is told apart
    started_at = models.FloatField()  # Unix seconds
    beat_at = models.FloatField(db_index=True)  # Unix seconds
