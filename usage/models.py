"""What was called, by whom, at what cost. Rows keep names, not keys of other tables: they outlive what they name."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class CallLog(models.Model):
    """One call or refusal. `id` is time-ordered (see gateway/commit/mint.py); the request id is its text form."""

    class Kind(models.TextChoices):
        OK = "ok", _("paid")
        ERROR = "error", _("error")

    class Source(models.TextChoices):
        API = "api", _("API")
        PLAYGROUND = "playground", _("playground")

    class PriceSource(models.TextChoices):
        PRICE = "price", _("price")
        FREE = "free", _("free")
        UPSTREAM = "upstream", _("reported by the upstream")
        FALLBACK = "fallback", _("fallback price")

    id = models.BigIntegerField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="calls", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    source = models.CharField(max_length=12, choices=Source.choices)
    model = models.CharField(max_length=200)
    api_key = models.CharField(max_length=64)
    channel = models.CharField(max_length=64)
    stream = models.BooleanField()
    status = models.SmallIntegerField(help_text="HTTP status")
    code = models.CharField(max_length=40, help_text="error code, empty if paid")
    reason = models.CharField(max_length=300, help_text="our own words on an error, never an upstream's")
    input_tokens = models.IntegerField(help_text="cached ones included")
    output_tokens = models.IntegerField(help_text="reasoning ones included")
    cached_tokens = models.IntegerField()
    cache_write_tokens = models.IntegerField()
    reasoning_tokens = models.IntegerField()
    audio_input_tokens = models.IntegerField()
    audio_output_tokens = models.IntegerField()
    charge = models.BigIntegerField(help_text="nano-USD, exact; paid = charge - shortfall")
    shortfall = models.BigIntegerField()
    price_id = models.BigIntegerField(null=True)
    price_source = models.CharField(max_length=8, choices=PriceSource.choices)
    estimated = models.BooleanField()
    latency_ms = models.IntegerField()
    ttfb_ms = models.IntegerField(null=True)
    address = models.GenericIPAddressField(null=True, help_text="only where the owner records addresses")

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="calllog_user"),
            # what is pruned early, and what an account can erase: few rows, found without reading all the others
            models.Index(fields=["id"], condition=models.Q(kind="error"), name="calllog_error"),
            models.Index(fields=["user", "id"], condition=models.Q(address__isnull=False), name="calllog_address"),
        ]


class HourlyUsage(models.Model):
    """The roll-up of CallLog, written in the same commit; kept for good."""

    pk = models.CompositePrimaryKey("user_id", "hour", "model", "api_key")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="hours", db_constraint=False, db_index=False
    )
    hour = models.IntegerField(help_text="Unix hours of the call's id")
    model = models.CharField(max_length=200)
    api_key = models.CharField(max_length=64)
    calls = models.IntegerField(help_text="errors excluded")
    errors = models.IntegerField()
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    paid = models.BigIntegerField()
