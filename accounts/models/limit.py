"""Tries in a window of time."""

from django.db import models


class Limit(models.Model):
    """Tries in a window of time, by an HMAC of who tries; changed by one guarded UPSERT."""

    key = models.CharField(max_length=64)
    window_start = models.BigIntegerField()
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window_start"], name="limit_once")]
        indexes = [models.Index(fields=["window_start"], name="limit_age")]
