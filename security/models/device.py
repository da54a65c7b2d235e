"""A browser that a person has signed in from."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Device(models.Model):
    """A browser, known by a cookie: what tells a new device from an old one without anybody's address."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="devices")
    digest = models.CharField(max_length=64)  # SHA-256 of the cookie
    agent = models.CharField(max_length=100, blank=True)  # "Firefox on Linux"
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="device_once")]

    def __str__(self) -> str:
        return self.agent
